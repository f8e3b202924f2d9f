"""The journals as rows: where one stands, what it holds already, and the one way to append to it.

Source: docs/protocol.md section 4.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, update

from vault.protocol.envelope import Statement
from vault.protocol.journal import START, JournalId, Position, next_position, seen_mark
from vault.protocol.problems import Code, Refused
from vault.protocol.vocabulary import JOURNAL_KIND_CODES
from vault.server.storage.prepared import Prepared
from vault.server.storage.tables import journals, leaves, statements

_PLACE = Prepared(
    select(journals.c.seq, journals.c.time, journals.c.head, journals.c.salt)
    .where(journals.c.kind == bindparam("kind"), journals.c.subject == bindparam("subject"))
    .with_for_update()
)
_WITH_ID = Prepared(
    select(statements.c.statement, statements.c.seq, statements.c.time, statements.c.head).where(
        statements.c.kind == bindparam("kind"),
        statements.c.subject == bindparam("subject"),
        statements.c.signer == bindparam("signer"),
        statements.c.uid == bindparam("uid"),
    )
)
_RECEIPT = Prepared(
    select(leaves.c.receipt).where(
        leaves.c.kind == bindparam("kind"), leaves.c.subject == bindparam("subject"), leaves.c.seq == bindparam("seq")
    )
)
_OPEN = Prepared(insert(journals))
_MOVE = Prepared(
    update(journals)
    .where(journals.c.kind == bindparam("journal_kind"), journals.c.subject == bindparam("journal_subject"))
    .values(seq=bindparam("seq"), time=bindparam("time"), head=bindparam("head"))
)
_APPEND = Prepared(insert(statements))


@dataclass(frozen=True, slots=True)
class JournalTip:
    """Where a journal stands, and its 32-byte salt; `START` for one that the next entry opens."""

    journal: JournalId
    position: Position
    salt: bytes

    @property
    def is_open(self) -> bool:
        """Whether the journal has an entry."""
        return self.position.seq > START.seq


@dataclass(frozen=True, slots=True)
class Written:
    """A statement's place in its journal, whose salt has 32 bytes, new or from before."""

    statement: Statement
    journal: JournalId
    position: Position
    salt: bytes


def find_tip(connection: Connection, journal: JournalId) -> JournalTip | None:
    """Where the journal stands; its row stays locked until the transaction ends. None before its first entry."""
    row = _PLACE.find(connection, _key(journal))
    return None if row is None else JournalTip(journal, Position(row.seq, row.time, row.head), row.salt)


def find_written(connection: Connection, tip: JournalTip, statement: Statement) -> Written | None:
    """Where exactly this statement stands already in the journal that has come to `tip`.

    Raises: Refused(id-taken) where its signer has used its `id` there for other bytes.
    """
    named = {**_key(tip.journal), "signer": statement.body.by, "uid": statement.body.id}
    row = _WITH_ID.find(connection, named)
    if row is None:
        return None
    if row.statement != statement.id:
        raise Refused(Code.ID_TAKEN)
    return Written(statement, tip.journal, Position(row.seq, row.time, row.head), tip.salt)


def append(connection: Connection, tip: JournalTip, statement: Statement, time: int, seen: int | None) -> Written:
    """The entry that was added after `tip` at `time`; `seen` is the seq that the statement's `seen` names."""
    position = next_position(tip.journal, tip.position, time, statement.id)
    key = _key(tip.journal)
    where = {"seq": position.seq, "time": position.time, "head": position.head}
    if tip.is_open:
        _MOVE.run(connection, {f"journal_{name}": value for name, value in key.items()} | where)
    else:
        _OPEN.run(connection, {**key, **where, "salt": tip.salt})
    signature, *second = statement.envelope.signatures
    entry = {
        **key,
        **where,
        "statement": statement.id,
        "type": statement.body.TYPE.value,
        "signer": statement.body.by,
        "uid": statement.body.id,
        "seen_mark": seen_mark(tip.salt, position.seq, position.head),
        "seen_seq": seen,
        "payload": statement.envelope.payload,
        "signature": signature,
        "second_signature": second[0] if second else None,
    }
    _APPEND.run(connection, entry)
    return Written(statement, tip.journal, position, tip.salt)


def find_receipt(connection: Connection, written: Written) -> bytes | None:
    """The receipt of a statement that was written before; None where it was written in this very transaction."""
    key = {**_key(written.journal), "seq": written.position.seq}
    row = _RECEIPT.find(connection, key)
    return None if row is None else bytes(row.receipt)


def _key(journal: JournalId) -> dict[str, object]:
    return {"kind": JOURNAL_KIND_CODES[journal.kind], "subject": journal.subject}
