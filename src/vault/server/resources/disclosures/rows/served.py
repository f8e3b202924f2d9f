"""What of disclosures is served to whom: live ones to their recipient, all to the coachee.

A cursor is the id of a disclosure, because a seq would tell a sponsor how long the journal is.
"""

from typing import Any

from sqlalchemy import Connection, and_, bindparam, or_, select

from vault.encoding import MAXIMUM_INTEGER, write_base64
from vault.protocol.problems import Code, Refused
from vault.protocol.vocabulary import JOURNAL_KIND_CODES, JournalKind
from vault.server.storage.entries import (
    ENTRY_COLUMNS,
    ENVELOPE_COLUMNS,
    Found,
    HiddenJournal,
    write_envelope,
    write_page,
)
from vault.server.storage.tables import blobs, disclosures, openings, seals, statements

_OF_ENGAGEMENT = and_(
    statements.c.kind == JOURNAL_KIND_CODES[JournalKind.ENGAGEMENT], statements.c.subject == bindparam("engagement")
)
_SEQ = select(disclosures.c.seq).where(
    disclosures.c.engagement == bindparam("engagement"), disclosures.c.statement == bindparam("disclosure")
)
_LISTED = (
    select(*ENTRY_COLUMNS, disclosures.c.expires, disclosures.c.withdrawn, disclosures.c.erased)
    .join(
        disclosures,
        and_(disclosures.c.engagement == statements.c.subject, disclosures.c.seq == statements.c.seq),
    )
    .where(_OF_ENGAGEMENT, disclosures.c.seq > bindparam("after"))
    .order_by(disclosures.c.seq)
    .limit(bindparam("limit"))
)
_LIVE = and_(
    disclosures.c.withdrawn == 0,
    disclosures.c.erased == 0,
    or_(disclosures.c.expires.is_(None), disclosures.c.expires > bindparam("now")),
)
_RECEIVED = _LISTED.where(disclosures.c.recipient == bindparam("reader"), _LIVE)
_OPENINGS = (
    select(*ENVELOPE_COLUMNS)
    .join(openings, and_(openings.c.engagement == statements.c.subject, openings.c.seq == statements.c.seq))
    .where(_OF_ENGAGEMENT, openings.c.of == bindparam("disclosure"))
    .order_by(statements.c.seq)
)
_DISCLOSURE = select(
    disclosures.c.recipient, disclosures.c.expires, disclosures.c.withdrawn, disclosures.c.erased
).where(disclosures.c.engagement == bindparam("engagement"), disclosures.c.statement == bindparam("disclosure"))
_OPENED = (
    select(openings.c.seq)
    .where(
        openings.c.engagement == bindparam("engagement"),
        openings.c.of == bindparam("disclosure"),
        openings.c.signer == bindparam("reader"),
    )
    .limit(1)
)
_CONTENT = (
    select(blobs.c.blob, seals.c.seal)
    .join(seals, and_(seals.c.engagement == blobs.c.engagement, seals.c.statement == blobs.c.statement))
    .where(
        blobs.c.engagement == bindparam("engagement"),
        blobs.c.statement == bindparam("disclosure"),
        seals.c.account == bindparam("reader"),
    )
)


def list_received(
    connection: Connection, engagement: bytes, reader: bytes, now: int, after: bytes | None, limit: int
) -> dict[str, Any]:
    """A page of the live disclosures to the reader, oldest first, those after the disclosure `after`."""
    start = _seq_of(connection, engagement, after)
    values = {"engagement": engagement, "reader": reader, "now": now, "after": start, "limit": limit + 1}
    hidden = HiddenJournal.of(connection, engagement)

    def write(row: Found) -> dict[str, Any]:
        return {**_write(row), "leaf": hidden.leaf(row), "state": None, "openings": None}

    return write_page(connection.execute(_RECEIVED, values).all(), limit, write, _cursor)


def list_made(connection: Connection, engagement: bytes, now: int, after: bytes | None, limit: int) -> dict[str, Any]:
    """A page of all disclosures of the engagement with their states and openings, for the coachee."""
    values = {"engagement": engagement, "after": _seq_of(connection, engagement, after), "limit": limit + 1}

    def write(row: Found) -> dict[str, Any]:
        of = {"engagement": engagement, "disclosure": row.statement}
        opened = [_envelope(each) for each in connection.execute(_OPENINGS, of).all()]
        return {**_write(row), "leaf": None, "state": _state(row, now), "openings": opened}

    return write_page(connection.execute(_LISTED, values).all(), limit, write, _cursor)


def _seq_of(connection: Connection, engagement: bytes, after: bytes | None) -> int:
    """Where a page begins; after a disclosure that is not there, nothing follows."""
    if after is None:
        return 0
    values = {"engagement": engagement, "disclosure": after}
    seq: int | None = connection.execute(_SEQ, values).scalar_one_or_none()
    return MAXIMUM_INTEGER if seq is None else seq


def read_content(
    connection: Connection, engagement: bytes, disclosure: bytes, reader: bytes, is_coachee: bool, now: int
) -> dict[str, Any]:
    """Blob and the reader's own seal: for the coachee while they exist, for the recipient of a live one it has opened.

    Raises: Refused(not-found | disclosure-ended | opening-required).
    """
    values = {"engagement": engagement, "disclosure": disclosure}
    row = connection.execute(_DISCLOSURE, values).one_or_none()
    if row is None or not (is_coachee or row.recipient == reader):
        raise Refused(Code.NOT_FOUND)
    state = _state(row, now)
    if state == "erased" or (state != "live" and not is_coachee):
        raise Refused(Code.DISCLOSURE_ENDED)
    if not is_coachee and connection.execute(_OPENED, {**values, "reader": reader}).one_or_none() is None:
        raise Refused(Code.OPENING_REQUIRED)
    content = connection.execute(_CONTENT, {**values, "reader": reader}).one()
    return {"blob": write_base64(content.blob), "seal": write_base64(content.seal)}


def _state(row: Found, now: int) -> str:
    if row.erased:
        return "erased"
    if row.withdrawn:
        return "withdrawn"
    return "live" if row.expires is None or now < row.expires else "expired"


def _envelope(row: Found) -> dict[str, Any]:
    return write_envelope(row.type, row.payload, row.signature, row.second_signature)


def _write(row: Found) -> dict[str, Any]:
    return {
        "statement": row.statement.hex(),
        "envelope": _envelope(row),
        "time": row.time,
        "receipt": row.receipt.decode(),
    }


def _cursor(row: Found) -> str:
    return str(row.statement.hex())
