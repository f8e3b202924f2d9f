"""The rows of keyrings and slots: the newest of each."""

from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from vault.encoding import write_base64
from vault.policy.facts import Effect, KeyringAdded
from vault.protocol.ids import key_id
from vault.protocol.journal import JournalId
from vault.protocol.problems import Code, Refused
from vault.protocol.submission import Submission
from vault.protocol.vocabulary import JOURNAL_KIND_CODES, KEY_ALGORITHM_ED25519, JournalKind
from vault.server.sequencer.journal import Written
from vault.server.storage.entries import list_entries, write_entry
from vault.server.storage.tables import journals, keyrings, slots

_KEYRING = (
    select(keyrings.c.blob, journals.c.salt)
    .join(journals, journals.c.subject == keyrings.c.account)
    .where(keyrings.c.account == bindparam("account"), journals.c.kind == JOURNAL_KIND_CODES[JournalKind.KEYRING])
)
_SLOTS = select(slots.c.kind, slots.c.slot).where(slots.c.account == bindparam("account")).order_by(slots.c.kind)


def replace_keyring(
    connection: Connection, written: Written, submission: Submission, effects: tuple[Effect, ...]
) -> None:
    """The new keyring and its slots; the ones before are gone."""
    (added,) = effects
    assert isinstance(added, KeyringAdded)
    keyring, account = added.keyring, written.statement.body.by
    connection.execute(delete(keyrings).where(keyrings.c.account == account))
    connection.execute(delete(slots).where(slots.c.account == account))
    connection.execute(
        insert(keyrings).values(
            account=account,
            sequence=keyring.body.sequence,
            statement=keyring.statement,
            generation=keyring.generation,
            blob=submission.parts.blob,
        )
    )
    rows = [
        {
            "account": account,
            "kind": ref.kind,
            "slot": slot,
            "fetch_key": key_id(KEY_ALGORITHM_ED25519, ref.fetch),
            "fetch_public": ref.fetch,
        }
        for ref, slot in zip(keyring.body.slots, submission.parts.slots or (), strict=True)
    ]
    connection.execute(insert(slots), rows)


def read_keyring(connection: Connection, account: bytes, kind: int | None, after: int, limit: int) -> dict[str, Any]:
    """The newest keyring, its slots (only that of `kind` where one is named), salt and a part of its journal.

    Raises: Refused(not-found) where there is none yet.
    """
    row = connection.execute(_KEYRING, {"account": account}).one_or_none()
    if row is None:
        raise Refused(Code.NOT_FOUND)
    journal = JournalId(JournalKind.KEYRING, account)
    found = connection.execute(_SLOTS, {"account": account})
    return {
        "entries": [write_entry(entry) for entry in list_entries(connection, journal, after, limit)],
        "blob": write_base64(row.blob),
        "slots": [write_base64(each.slot) for each in found if kind in (None, each.kind)],
        "salt": write_base64(row.salt),
    }
