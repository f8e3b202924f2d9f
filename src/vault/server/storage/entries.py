"""Stored statements as readers get them: envelopes written anew around the signed bytes, and pages of journals.

Dictionaries, not models: these bytes were checked when they came.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import Connection, and_, bindparam, null, select

from vault.encoding import write_base64
from vault.protocol.envelope import payload_type
from vault.protocol.journal import JournalId, Position
from vault.protocol.leaf import served_leaf
from vault.protocol.vocabulary import JOURNAL_KIND_CODES, JournalKind, StatementType
from vault.server.storage.prepared import Prepared
from vault.server.storage.tables import journals, leaves, seals, statements

Found = Any
"""A row with its columns as attributes."""
ENVELOPE_COLUMNS = (
    statements.c.type,
    statements.c.payload,
    statements.c.signature,
    statements.c.second_signature,
)
RECEIPT = (
    select(leaves.c.receipt)
    .where(
        leaves.c.kind == statements.c.kind,
        leaves.c.subject == statements.c.subject,
        leaves.c.seq == statements.c.seq,
    )
    .scalar_subquery()
    .label("receipt")
)
ENTRY_COLUMNS = (
    statements.c.seq,
    statements.c.head,
    statements.c.time,
    statements.c.statement,
    RECEIPT,
    *ENVELOPE_COLUMNS,
)
OWN_SEAL = and_(
    seals.c.engagement == statements.c.subject,
    seals.c.statement == statements.c.statement,
    seals.c.account == bindparam("reader"),
)
"""Joins the reader's own seal in that very statement, where there is one."""

_OF_JOURNAL = and_(
    statements.c.kind == bindparam("kind"),
    statements.c.subject == bindparam("subject"),
    statements.c.seq > bindparam("after"),
)
_ENTRIES = Prepared(
    select(*ENTRY_COLUMNS, null().label("seal")).where(_OF_JOURNAL).order_by(statements.c.seq).limit(bindparam("limit"))
)
_SEALED_ENTRIES = Prepared(
    select(*ENTRY_COLUMNS, seals.c.seal)
    .outerjoin(seals, OWN_SEAL)
    .where(_OF_JOURNAL)
    .order_by(statements.c.seq)
    .limit(bindparam("limit"))
)


_SALT = Prepared(
    select(journals.c.salt).where(journals.c.kind == bindparam("kind"), journals.c.subject == bindparam("subject"))
)


def list_entries(connection: Connection, journal: JournalId, after: int, limit: int) -> list[Found]:
    """Up to `limit` entries of a journal without seals, those after seq `after`."""
    return _ENTRIES.list(connection, _page_of(journal, after, limit))


def list_sealed_entries(
    connection: Connection, journal: JournalId, reader: bytes, after: int, limit: int
) -> list[Found]:
    """Up to `limit` entries of an engagement's journal with the reader's own seals, those after seq `after`."""
    return _SEALED_ENTRIES.list(connection, {**_page_of(journal, after, limit), "reader": reader})


def _page_of(journal: JournalId, after: int, limit: int) -> dict[str, object]:
    return {"kind": JOURNAL_KIND_CODES[journal.kind], "subject": journal.subject, "after": after, "limit": limit}


@dataclass(frozen=True, slots=True)
class HiddenJournal:
    """A journal that a reader may not read, though it is served entries of it: their leaves are computed for it."""

    journal: JournalId
    salt: bytes

    @classmethod
    def of(cls, connection: Connection, engagement: bytes) -> Self:
        """The journal of an engagement, to a sponsor, supervisor or contact."""
        journal = JournalId(JournalKind.ENGAGEMENT, engagement)
        values = {"kind": JOURNAL_KIND_CODES[journal.kind], "subject": engagement}
        return cls(journal, _SALT.find(connection, values).salt)

    def leaf(self, row: Found) -> dict[str, str]:
        """The leaf of a row with `ENTRY_COLUMNS`."""
        return write_leaf(self.journal, self.salt, Position(row.seq, row.time, row.head))


def write_entry(row: Found, hidden: HiddenJournal | None = None) -> dict[str, Any]:
    """An entry as `api.Entry` has it, of a row with `ENTRY_COLUMNS` and `seal`; `hidden` for who may not read there."""
    return {
        "seq": row.seq,
        "head": row.head.hex(),
        "time": row.time,
        "statement": row.statement.hex(),
        "envelope": write_envelope(row.type, row.payload, row.signature, row.second_signature),
        "seal": None if row.seal is None else write_base64(row.seal),
        "receipt": row.receipt.decode(),
        "leaf": None if hidden is None else hidden.leaf(row),
    }


def write_envelope(type_: str, payload: bytes, *signatures: bytes | None) -> dict[str, Any]:
    """An envelope; `keyid` is empty, since no reader looks at it."""
    return {
        "payload": write_base64(payload),
        "payloadType": payload_type(StatementType(type_)),
        "signatures": [
            {"keyid": "", "sig": write_base64(signature)} for signature in signatures if signature is not None
        ],
    }


def write_leaf(journal: JournalId, salt: bytes, position: Position) -> dict[str, str]:
    """The leaf of an entry for a reader who may not read its journal, as `api.Leaf` has it."""
    leaf = served_leaf(journal, salt, position)
    return {"tag": leaf.tag.hex(), "blind": leaf.statement_blind.hex(), "half": leaf.head_half.hex()}


def write_page(
    rows: Sequence[Found], limit: int, write: Callable[[Found], dict[str, Any]], cursor: Callable[[Found], str]
) -> dict[str, Any]:
    """One page of at most `limit` of the rows; one row more was asked for to know whether others follow."""
    shown = rows[:limit]
    return {"data": [write(row) for row in shown], "next": cursor(shown[-1]) if len(rows) > limit else None}


def seq_cursor(row: Found) -> str:
    """A journal's cursor is its seq."""
    return str(row.seq)
