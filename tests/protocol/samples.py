"""One valid payload of every type, as plain JSON values: what the tests change, drop and repeat members of."""

import json
from typing import Any

from tests.support.people import account, digest, seal_key, short, sign_key
from vault.encoding import write_base64
from vault.protocol.kinds import JOURNALED
from vault.protocol.vocabulary import StatementType

DAY = 86_400
AT = 20_833 * DAY
BLOB = {"sha256": digest("blob").hex(), "size": 4_176}


def _common(word: StatementType) -> dict[str, Any]:
    journaled = word in JOURNALED
    return {
        "suite": 1,
        "type": word.value,
        "audience": "vault.example/log",
        "id": short("id").hex(),
        "by": account("coach").hex(),
        "key": sign_key("coach").key.hex(),
        "at": AT,
        "after": bytes(32).hex() if journaled else None,
        "seen": digest("seen").hex() if journaled else None,
    }


def _seals(*names: str) -> list[dict[str, Any]]:
    accounts = sorted((account(name).hex(), seal_key(name).key.hex()) for name in names)
    return [{"account": holder, "key": key, "sha256": digest("seal", holder).hex()} for holder, key in accounts]


def _challenge() -> dict[str, Any]:
    return {"url": "https://vault.example", "challenge": digest("challenge").hex(), "expires": AT + 60}


ENGAGEMENT = {"engagement": short("engagement").hex()}
UNDER_CONTRACT = {**ENGAGEMENT, "contract": digest("contract").hex()}

_OWN: dict[StatementType, dict[str, Any]] = {
    StatementType.KEYS: {
        "account": account("coach").hex(),
        "generation": 1,
        "sign": {"key": sign_key("coach").key.hex(), "public": write_base64(sign_key("coach").public)},
        "seal": {"key": seal_key("coach").key.hex(), "public": write_base64(seal_key("coach").public)},
        "reason": "create",
        "minimum_suite": 1,
    },
    StatementType.KEYRING: {
        "sequence": 1,
        "blob": BLOB,
        "slots": [
            {"kind": kind, "sha256": digest("slot", kind).hex(), "fetch": write_base64(sign_key("coach", 9).public)}
            for kind in (1, 2, 3)
        ],
        "salt_sha256": digest("salt").hex(),
    },
    StatementType.INTRODUCTION: {"to": account("coachee").hex(), "mac": digest("mac").hex()},
    StatementType.LOGIN: _challenge(),
    StatementType.FETCH: {**_challenge(), "slot": 2},
    StatementType.CONTRACT: {
        **ENGAGEMENT,
        "supersedes": None,
        "parties": sorted(
            (
                {"account": account(name).hex(), "role": name, "keys": digest("keys", name).hex()}
                for name in ("coach", "coachee", "sponsor")
            ),
            key=lambda party: party["account"],
        ),
        "contacts": sorted(
            (
                {
                    "contact": short("contact", name).hex(),
                    "kind": "ombuds",
                    "affiliation": "independent",
                    "account": account(name).hex() if name else None,
                    "keys": digest("keys", name).hex() if name else None,
                }
                for name in ("contact", None)
            ),
            key=lambda contact: str(contact["contact"]),
        ),
        "origin": "invited",
        "share_kinds": ["attendance", "themes"],
        "request_budget": {"count": 2, "days": 30},
        "retention_days": 365,
        "clauses": ["no_evaluation_use", "non_retaliation"],
        "starts": AT,
        "ends": AT + 90 * DAY,
        "salt_sha256": digest("salt").hex(),
        "text": BLOB,
        "seals": _seals("coach", "coachee", "sponsor"),
    },
    StatementType.ASSENT: {**UNDER_CONTRACT, "keys": digest("keys").hex()},
    StatementType.ITEM: {
        **UNDER_CONTRACT,
        "item": short("item").hex(),
        "version": 1,
        "previous": None,
        "kind": "note",
        "blob": BLOB,
        "attachments": [{"id": short("attachment").hex(), "sha256": digest("attachment").hex(), "size": 1}],
        "seals": _seals("coach", "coachee"),
    },
    StatementType.RESEAL: {
        **UNDER_CONTRACT,
        "item": short("item").hex(),
        "version": 1,
        "statement": digest("item statement").hex(),
        "seals": _seals("supervisor"),
    },
    StatementType.DISCLOSURE: {
        **UNDER_CONTRACT,
        "share_kind": "attendance",
        "purpose": "own_words",
        "recipient": account("sponsor").hex(),
        "blob": BLOB,
        "seals": _seals("coachee", "sponsor"),
        "consent_sha256": digest("consent").hex(),
        "locale": "en",
        "expires": None,
    },
    StatementType.WITHDRAWAL: {**ENGAGEMENT, "disclosure": digest("disclosure").hex()},
    StatementType.REQUEST: {**UNDER_CONTRACT, "share_kind": "attendance", "expires": AT + DAY},
    StatementType.OPENING: {**ENGAGEMENT, "of": digest("disclosure").hex()},
    StatementType.ESCALATION: {
        **UNDER_CONTRACT,
        "contact": short("contact").hex(),
        "reason": "harm_to_self",
        "delay": {"hours": 72, "reason": "safety"},
        "blob": BLOB,
        "seals": _seals("coach", "contact"),
    },
    StatementType.CLOSURE: {**ENGAGEMENT, "reason": "completed"},
    StatementType.ERASURE: {**ENGAGEMENT, "items": [short("item").hex()], "reason": "asked"},
}

SAMPLES: dict[StatementType, dict[str, Any]] = {word: {**_common(word), **own} for word, own in _OWN.items()}


def write(members: object) -> bytes:
    """JSON as a statement's payload spells it."""
    return json.dumps(members, separators=(",", ":")).encode("ascii")
