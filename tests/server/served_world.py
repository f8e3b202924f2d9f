"""A world whose statements can be sent: their blobs, seals and slots exist and have the right shape.

Nothing in them can be opened, and nothing needs to: the server opens nothing. All bytes are the same in every run.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

from tests.policy.worlds import SALT, World
from tests.support.authoring import sign
from tests.support.noise import blob_ref, make_blob, make_keyring, make_seal, make_slot
from tests.support.people import account, digest
from vault import ed25519
from vault.encoding import write_base64
from vault.policy.facts import Effect
from vault.protocol.envelope import Statement
from vault.protocol.statements import Body, Contract, Escalation, Item, Keyring, SlotRef
from vault.protocol.vocabulary import BlobKind


class ServedWorld(World):
    """A world that keeps the parts of every statement it writes."""

    def __init__(self, names: Iterable[str]) -> None:
        self.parts: dict[bytes, dict[str, Any]] = {}
        self.statements: dict[bytes, Statement] = {}
        super().__init__((*names, "deployment"))

    def add(self, statement: Statement, name: str | None = None) -> tuple[Effect, ...]:
        """As a world does; the statement is kept."""
        self.statements[statement.id] = statement
        return super().add(statement, name)

    def first_keys(self, name: str) -> dict[str, Any]:
        """The submission with which `name` begins."""
        return self.submission(self.statements[self.keys[name].generations[0].statement])

    def submission(self, statement: Statement, **changes: Any) -> dict[str, Any]:
        """What is sent: the statement and its parts, with members changed; one that is changed to None is left out."""
        members = {"statement": statement.envelope.to_json(), **self.parts.get(statement.id, {}), **changes}
        return {name: value for name, value in members.items() if value is not None}

    def write_keyring(self, name: str, generation: int | None = None, **changes: Any) -> Statement:
        """With a slot of passphrase and kit and one of a recovery code."""
        current = self.keyrings[name].find_current()
        sequence = 1 if current is None else current.body.sequence + 1
        keyring = make_keyring(sequence, name)
        slots = [make_slot(kind, account(name), name) for kind in (2, 3)]
        refs = tuple(
            SlotRef(kind=kind, sha256=hashlib.sha256(slot).digest(), fetch=ed25519.public_key(fetch_seed(name, kind)))
            for kind, slot in zip((2, 3), slots, strict=True)
        )
        statement = super().write_keyring(name, generation, **{"blob": blob_ref(keyring), "slots": refs, **changes})
        parts: dict[str, Any] = {"blob": write_base64(keyring), "slots": [write_base64(slot) for slot in slots]}
        if sequence == 1:
            parts["salt"] = write_base64(self.keyrings[name].salt)
        self.parts[statement.id] = parts
        return statement

    def _sign(self, by: str, body: Body, changes: dict[str, Any]) -> Statement:
        body = body.model_copy(update=changes)
        parts: dict[str, Any] = {}
        added: dict[str, Any] = {}
        blob = _make_blob_of(body, self.count)
        if blob is not None:
            parts["blob"] = write_base64(blob)
            added["text" if isinstance(body, Contract) else "blob"] = blob_ref(blob)
        if hasattr(body, "seals"):
            seals = [make_seal(self.count, ref.account.hex()) for ref in body.seals]
            parts["seals"] = [write_base64(seal) for seal in seals]
            added["seals"] = tuple(
                ref.model_copy(update={"sha256": hashlib.sha256(seal).digest()})
                for ref, seal in zip(body.seals, seals, strict=True)
            )
        if isinstance(body, Contract) and not self.engagement.contracts:
            parts["salt"] = write_base64(SALT)
        # What a test changes is what is signed, also where no part fits it.
        kept = {name: value for name, value in added.items() if name not in changes or name == "seals"}
        statement = sign(body, self.seed_of(by), **kept)
        self.parts[statement.id] = parts
        return statement


def fetch_seed(name: str, kind: int) -> bytes:
    return digest("fetch", name, kind)


def _make_blob_of(body: Body, count: int) -> bytes | None:
    match body:
        case Contract():
            return make_blob(BlobKind.CONTRACT_TEXT, count)
        case Item():
            return make_blob(BlobKind(body.kind), count)
        case Escalation():
            return make_blob(BlobKind.ESCALATION, count)
        case Keyring():
            return None
        case _:
            return make_blob(BlobKind.DISCLOSURE, count) if hasattr(body, "blob") else None
