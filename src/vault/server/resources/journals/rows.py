"""What of the escalations journal the coachee is shown: each entry whole, once its delay has ended."""

from sqlalchemy import Connection, and_, bindparam, func, select

from vault.protocol.vocabulary import JOURNAL_KIND_CODES, JournalKind
from vault.server.storage.entries import ENTRY_COLUMNS, OWN_SEAL, Found
from vault.server.storage.tables import escalations, openings, seals, statements

_SHOWN = (
    select(*ENTRY_COLUMNS, seals.c.seal)
    .outerjoin(
        openings,
        and_(openings.c.engagement == statements.c.subject, openings.c.statement == statements.c.statement),
    )
    .join(
        escalations,
        and_(
            escalations.c.engagement == statements.c.subject,
            escalations.c.statement == func.coalesce(openings.c.of, statements.c.statement),
        ),
    )
    .outerjoin(seals, OWN_SEAL)
    .where(
        statements.c.kind == JOURNAL_KIND_CODES[JournalKind.ESCALATIONS],
        statements.c.subject == bindparam("engagement"),
        statements.c.seq > bindparam("after"),
        escalations.c.shown <= bindparam("now"),
    )
    .order_by(statements.c.seq)
    .limit(bindparam("limit"))
)


def list_shown(
    connection: Connection, engagement: bytes, reader: bytes, now: int, after: int, limit: int
) -> list[Found]:
    """Up to `limit` entries whose delay has ended at `now`, those after seq `after`."""
    values = {"engagement": engagement, "reader": reader, "now": now, "after": after, "limit": limit}
    return list(connection.execute(_SHOWN, values))
