"""Sign a statement from members that somebody wrote: for those who build a client in another language and compare.

Source: docs/protocol.md section 3.
"""

from typing import Any

from pydantic import ValidationError

from vault.client.device.session import Session
from vault.client.errors import UsageError
from vault.client.outbox.writing import common_members
from vault.encoding import read_hex
from vault.errors import EncodingError
from vault.protocol.envelope import Statement, sign
from vault.protocol.journal import JournalId
from vault.protocol.kinds import KINDS
from vault.protocol.statements import MODELS
from vault.protocol.vocabulary import StatementType

NEVER_FROM_MEMBERS = frozenset({StatementType.KEYS, StatementType.KEYRING, StatementType.FETCH})
"""Keys and keyrings change with the device that holds them, and a fetch is signed by a key of a slot."""


def sign_members(session: Session, word: StatementType, members: dict[str, Any]) -> Statement:
    """The statement of these members, on the newest place that this device knows; nothing is sent or kept.

    What `members` leave out of the nine common ones is filled in. Raises: UsageError, which names the member.
    """
    if word in NEVER_FROM_MEMBERS:
        raise UsageError(f"{word} statements are made by this program alone; see `coach-vault identity`")
    common = common_members(session, word, _journal_of(word, members), session.current)
    model = MODELS[word]
    unknown = sorted(members.keys() - model.model_fields.keys())
    if unknown:
        raise UsageError(f"a {word} statement has no member {unknown[0][:40]!r}")
    try:
        body = model.model_validate(common | members)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"expected a valid {word} statement; look at {place or 'the whole'}") from None
    if body.by != session.account or body.type is not word or session.identity.find_by_sign_key(body.key) is None:
        raise UsageError("a statement is signed by its own account, with a key of it, under its own type")
    return sign(body, [session.find_signer(body.key)])


def _journal_of(word: StatementType, members: dict[str, Any]) -> JournalId | None:
    kind = KINDS[word].journal
    if kind is None:
        return None
    try:
        engagement = read_hex(members.get("engagement", ""), 16)
    except EncodingError:
        raise UsageError("expected the member engagement, 32 hex digits") from None
    return JournalId(kind, engagement)
