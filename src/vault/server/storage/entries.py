"""Stored statements as readers get them: envelopes written anew around the signed bytes, and pages of journals.

Dictionaries, not models: these bytes were checked when they came.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, null, select

from vault.encoding import write_base64
from vault.protocol.envelope import payload_type
from vault.protocol.journal import JournalId
from vault.protocol.vocabulary import JOURNAL_KIND_CODES, StatementType
from vault.server.storage.tables import seals, statements

Found = Row[*tuple[Any, ...]]
ENVELOPE_COLUMNS = (
    statements.c.type,
    statements.c.payload,
    statements.c.signature,
    statements.c.second_signature,
)
ENTRY_COLUMNS = (
    statements.c.seq,
    statements.c.head,
    statements.c.time,
    statements.c.statement,
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
_ENTRIES = (
    select(*ENTRY_COLUMNS, null().label("seal")).where(_OF_JOURNAL).order_by(statements.c.seq).limit(bindparam("limit"))
)
_SEALED_ENTRIES = (
    select(*ENTRY_COLUMNS, seals.c.seal)
    .outerjoin(seals, OWN_SEAL)
    .where(_OF_JOURNAL)
    .order_by(statements.c.seq)
    .limit(bindparam("limit"))
)


def list_entries(connection: Connection, journal: JournalId, after: int, limit: int) -> list[Found]:
    """Up to `limit` entries of a journal without seals, those after seq `after`."""
    return list(connection.execute(_ENTRIES, _page_of(journal, after, limit)))


def list_sealed_entries(
    connection: Connection, journal: JournalId, reader: bytes, after: int, limit: int
) -> list[Found]:
    """Up to `limit` entries of an engagement's journal with the reader's own seals, those after seq `after`."""
    return list(connection.execute(_SEALED_ENTRIES, {**_page_of(journal, after, limit), "reader": reader}))


def _page_of(journal: JournalId, after: int, limit: int) -> dict[str, object]:
    return {"kind": JOURNAL_KIND_CODES[journal.kind], "subject": journal.subject, "after": after, "limit": limit}


def write_entry(row: Found) -> dict[str, Any]:
    """An entry as `api.Entry` has it, of a row with `ENTRY_COLUMNS` and `seal`."""
    return {
        "seq": row.seq,
        "head": row.head.hex(),
        "time": row.time,
        "statement": row.statement.hex(),
        "envelope": write_envelope(row.type, row.payload, row.signature, row.second_signature),
        "seal": None if row.seal is None else write_base64(row.seal),
        "receipt": None,
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


def write_page(
    rows: Sequence[Found], limit: int, write: Callable[[Found], dict[str, Any]], cursor: Callable[[Found], str]
) -> dict[str, Any]:
    """One page of at most `limit` of the rows; one row more was asked for to know whether others follow."""
    shown = rows[:limit]
    return {"data": [write(row) for row in shown], "next": cursor(shown[-1]) if len(rows) > limit else None}


def seq_cursor(row: Found) -> str:
    """A journal's cursor is its seq."""
    return str(row.seq)
