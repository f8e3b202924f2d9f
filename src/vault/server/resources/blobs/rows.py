"""Which blob the holder of a seal may read. What was disclosed is never read this way."""

from sqlalchemy import Connection, and_, bindparam, or_, select

from vault.protocol.vocabulary import SEAL_PURPOSE_CODES, Role, SealPurpose
from vault.server.storage.prepared import Prepared
from vault.server.storage.tables import blobs, escalations, memberships, seals

_BLOB = Prepared(
    select(blobs.c.blob)
    .join(seals, and_(seals.c.engagement == blobs.c.engagement, seals.c.of == blobs.c.statement))
    .join(
        memberships,
        and_(memberships.c.engagement == blobs.c.engagement, memberships.c.account == seals.c.account),
    )
    .outerjoin(
        escalations,
        and_(escalations.c.engagement == blobs.c.engagement, escalations.c.statement == blobs.c.statement),
    )
    .where(
        blobs.c.engagement == bindparam("engagement"),
        blobs.c.sha256 == bindparam("sha256"),
        seals.c.account == bindparam("account"),
        seals.c.purpose != SEAL_PURPOSE_CODES[SealPurpose.DISCLOSURE],
        or_(
            escalations.c.shown.is_(None),
            memberships.c.role != Role.COACHEE.value,
            escalations.c.shown <= bindparam("now"),
        ),
    )
    .limit(1)
)


def find_blob(connection: Connection, engagement: bytes, sha256: bytes, account: bytes, now: int) -> bytes | None:
    """The blob of which the account holds a seal of purpose 1, 3 or 4; a delayed escalation waits for its time."""
    values = {"engagement": engagement, "sha256": sha256, "account": account, "now": now}
    row = _BLOB.find(connection, values)
    return None if row is None else bytes(row.blob)
