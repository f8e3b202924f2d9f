"""The attachments that items name, with their parts: what has to lie in the blob store."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, select, tuple_

from vault.server.storage.tables import attachment_parts, attachments

Found = Row[*tuple[Any, ...]]

AT_ONCE = 100

_OF_ATTACHMENT = and_(
    attachments.c.engagement == attachment_parts.c.engagement,
    attachments.c.attachment == attachment_parts.c.attachment,
)
_NAMED = (
    select(
        attachment_parts.c.engagement,
        attachment_parts.c.attachment,
        attachment_parts.c.number,
        attachment_parts.c.place,
        attachment_parts.c.size,
        attachment_parts.c.sha256,
        attachments.c.sha256.label("whole_sha256"),
    )
    .join(attachments, _OF_ATTACHMENT)
    .where(
        tuple_(attachment_parts.c.engagement, attachment_parts.c.attachment, attachment_parts.c.number)
        > tuple_(bindparam("engagement"), bindparam("attachment"), bindparam("number")),
        attachments.c.item.is_not(None),
    )
    .order_by(attachment_parts.c.engagement, attachment_parts.c.attachment, attachment_parts.c.number)
    .limit(AT_ONCE)
)
_STILL_THERE = select(attachment_parts.c.number).where(
    attachment_parts.c.engagement == bindparam("engagement"), attachment_parts.c.place == bindparam("place")
)


def list_named_parts(connection: Connection, after: tuple[bytes, bytes, int]) -> Sequence[Found]:
    """Some parts of attachments that items name, by attachment and number, those after `after`."""
    engagement, attachment, number = after
    values = {"engagement": engagement, "attachment": attachment, "number": number}
    return connection.execute(_NAMED, values).all()


def is_named_still(connection: Connection, part: Found) -> bool:
    """Whether the part is in its place still; an erasure may have come while its bytes were read."""
    values = {"engagement": part.engagement, "place": part.place}
    return connection.execute(_STILL_THERE, values).first() is not None
