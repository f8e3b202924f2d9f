"""Which attachment is served to whom: those that a version names of which the reader holds a seal."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, select

from vault.server.storage.tables import attachment_namings, attachment_parts, attachments, memberships, seals

_ATTACHMENT = (
    select(attachments.c.size, attachments.c.sha256)
    .join(
        attachment_namings,
        and_(
            attachment_namings.c.engagement == attachments.c.engagement,
            attachment_namings.c.attachment == attachments.c.attachment,
        ),
    )
    .join(
        seals,
        and_(seals.c.engagement == attachment_namings.c.engagement, seals.c.of == attachment_namings.c.statement),
    )
    .join(
        memberships,
        and_(memberships.c.engagement == seals.c.engagement, memberships.c.account == seals.c.account),
    )
    .where(
        attachments.c.engagement == bindparam("engagement"),
        attachments.c.attachment == bindparam("attachment"),
        seals.c.account == bindparam("account"),
    )
    .limit(1)
)
_PARTS = (
    select(attachment_parts.c.place, attachment_parts.c.size)
    .where(
        attachment_parts.c.engagement == bindparam("engagement"),
        attachment_parts.c.attachment == bindparam("attachment"),
    )
    .order_by(attachment_parts.c.number)
)


@dataclass(frozen=True, slots=True)
class Served:
    """An attachment that a reader may have: size and SHA-256 of the whole, places and sizes of its parts in order."""

    size: int
    sha256: bytes
    parts: tuple[tuple[bytes, int], ...]

    def list_pieces(self, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
        """The place of each part that has bytes of `start` to `end` (exclusive), with the bounds inside that part."""
        begins = 0
        for place, size in self.parts:
            first, last = max(start - begins, 0), min(end - begins, size)
            if first < last:
                yield place, first, last
            begins += size


def find_attachment(connection: Connection, engagement: bytes, attachment: bytes, account: bytes) -> Served | None:
    """The attachment, for a member who holds a seal of a version that names it."""
    place = {"engagement": engagement, "attachment": attachment}
    row = connection.execute(_ATTACHMENT, {**place, "account": account}).one_or_none()
    if row is None:
        return None
    return Served(row.size, row.sha256, tuple((part.place, part.size) for part in connection.execute(_PARTS, place)))
