"""Find what the sweep deletes: uploads that no item named in time, and stored bytes that no row refers to."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, select, tuple_

from vault.protocol.limits import UPLOAD_SECONDS
from vault.server.sequencer.attachments import discard_attachment
from vault.server.storage.tables import attachments, discarded_parts

Found = Row[*tuple[Any, ...]]

AT_ONCE = 100

_ENDED = (
    select(attachments.c.engagement, attachments.c.attachment)
    .where(attachments.c.item.is_(None), attachments.c.touched <= bindparam("before"))
    .limit(AT_ONCE)
)
_STILL_ENDED = (
    select(attachments.c.touched)
    .where(
        attachments.c.engagement == bindparam("engagement"),
        attachments.c.attachment == bindparam("attachment"),
        attachments.c.item.is_(None),
        attachments.c.touched <= bindparam("before"),
    )
    .with_for_update()
)
_DISCARDED = (
    select(discarded_parts.c.engagement, discarded_parts.c.place)
    .where(
        tuple_(discarded_parts.c.engagement, discarded_parts.c.place)
        > tuple_(bindparam("engagement"), bindparam("place"))
    )
    .order_by(discarded_parts.c.engagement, discarded_parts.c.place)
    .limit(AT_ONCE)
)


def list_ended(connection: Connection, now: int) -> Sequence[Found]:
    """Some uploads that no item has named for 24 hours after their last part."""
    return connection.execute(_ENDED, {"before": now - UPLOAD_SECONDS}).all()


def discard_ended(connection: Connection, ended: Found, now: int) -> bool:
    """Whether the upload is gone; a statement that names it, or another part, may have been faster."""
    place = {"engagement": ended.engagement, "attachment": ended.attachment}
    if connection.execute(_STILL_ENDED, {**place, "before": now - UPLOAD_SECONDS}).one_or_none() is None:
        return False
    discard_attachment(connection, ended.engagement, ended.attachment)
    return True


def list_discarded(connection: Connection, after: tuple[bytes, bytes]) -> Sequence[Found]:
    """Some places to empty, those after `after`."""
    return connection.execute(_DISCARDED, {"engagement": after[0], "place": after[1]}).all()


def forget_discarded(connection: Connection, places: Sequence[Found]) -> None:
    """These places are empty."""
    for each in places:
        connection.execute(
            delete(discarded_parts).where(
                discarded_parts.c.engagement == each.engagement, discarded_parts.c.place == each.place
            )
        )
