"""Attachments in the write path: what an item names lies here whole, with the size and hash that it signs.

Large content is hashed before the statement waits in line, once for every upload: that closes it, so that what was
hashed is what the transaction finds. Many copies of a statement at once wait for one hashing. Whatever a signer cannot
name is missing to them, whether it is somebody else's, another item's or nobody's. Source: docs/protocol.md section 7.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from anyio import to_thread
from sqlalchemy import Connection, Row, Select, bindparam, delete, insert, select, update

from vault.protocol.problems import Code, Refused
from vault.protocol.statements import AttachmentRef, Body, Item
from vault.server.context import AppContext
from vault.server.storage.blob_store import key_of
from vault.server.storage.tables import attachment_namings, attachment_parts, attachments, discarded_parts

Query = Select[*tuple[Any, ...]]
Found = Row[*tuple[Any, ...]]

_ATTACHMENT = select(attachments.c.uploader, attachments.c.item, attachments.c.size, attachments.c.sha256).where(
    attachments.c.engagement == bindparam("engagement"), attachments.c.attachment == bindparam("attachment")
)
_LOCKED = _ATTACHMENT.with_for_update()
_PARTS = (
    select(attachment_parts.c.number, attachment_parts.c.place, attachment_parts.c.size, attachment_parts.c.stored)
    .where(
        attachment_parts.c.engagement == bindparam("engagement"),
        attachment_parts.c.attachment == bindparam("attachment"),
    )
    .order_by(attachment_parts.c.number)
)
_OF_ITEM = select(attachments.c.attachment).where(
    attachments.c.engagement == bindparam("engagement"), attachments.c.item == bindparam("item")
)


async def close_uploads(context: AppContext, body: Body) -> None:
    """Hash and close the signer's own uploads that `body` names, where they are as long as it says.

    What is not is left for the transaction to refuse. Raises: Refused(storage-away).
    """
    if isinstance(body, Item):
        for ref in body.attachments:
            await _close_upload(context, body, ref)


async def _close_upload(context: AppContext, body: Item, ref: AttachmentRef) -> None:
    if not await _list_fitting(context, body, ref):
        return
    async with context.hashing.turn((body.engagement, ref.id)):
        found = await _list_fitting(context, body, ref)
        if not found:
            return  # somebody else has closed it meanwhile
        try:
            sha256 = await _hash(context, body.engagement, found)
        except Refused:
            if await _list_fitting(context, body, ref) != found:
                return  # the sweep took it away while it was read
            raise
        await to_thread.run_sync(_close, context, body.engagement, ref, body.by, found, sha256)


async def _list_fitting(context: AppContext, body: Item, ref: AttachmentRef) -> Sequence[Found]:
    """The parts of the signer's upload while it is open, if they are as long together as `body` says; none if not."""
    found = await context.storage.read(
        lambda connection: _list_open(connection, _ATTACHMENT, body.engagement, ref.id, body.by)
    )
    return found if sum(part.size for part in found) == ref.size else ()


async def _hash(context: AppContext, engagement: bytes, found: Sequence[Found]) -> bytes:
    hashed = hashlib.sha256()
    for part in found:
        async for piece in context.blobs.read(key_of(engagement, part.place), 0, part.size):
            await to_thread.run_sync(hashed.update, piece)  # others are served meanwhile
    return hashed.digest()


def _list_open(
    connection: Connection, query: Query, engagement: bytes, attachment: bytes, uploader: bytes
) -> Sequence[Found]:
    """The parts of an upload that is not closed yet, in order; none where one is missing, or it is somebody else's."""
    place = {"engagement": engagement, "attachment": attachment}
    row = connection.execute(query, place).one_or_none()
    if row is None or row.uploader != uploader or row.sha256 is not None:
        return ()
    found = connection.execute(_PARTS, place).all()
    is_whole = all(part.stored and part.number == number for number, part in enumerate(found, 1))
    return found if is_whole else ()


def _close(
    context: AppContext, engagement: bytes, ref: AttachmentRef, uploader: bytes, found: Sequence[Found], sha256: bytes
) -> None:
    """Note what was hashed, unless a part has come since."""
    with context.storage.writing() as connection:
        if _list_open(connection, _LOCKED, engagement, ref.id, uploader) == found:
            connection.execute(
                update(attachments)
                .where(attachments.c.engagement == engagement, attachments.c.attachment == ref.id)
                .values(size=ref.size, sha256=sha256)
            )


def require_attachments(connection: Connection, body: Body) -> None:
    """Return if all that `body` names is the signer's closed upload, or was named by this item before.

    Their rows stay locked until the transaction ends, so that none is taken away meanwhile.

    Raises: Refused(part-missing), (part-mismatch) for another size or hash.
    """
    if not isinstance(body, Item):
        return
    for ref in body.attachments:
        place = {"engagement": body.engagement, "attachment": ref.id}
        row = connection.execute(_LOCKED, place).one_or_none()
        if row is None or (row.uploader != body.by if row.item is None else row.item != body.item):
            raise Refused(Code.PART_MISSING)
        if row.sha256 is None:  # it is as long as it says nowhere but in the statement
            sent = sum(part.size for part in connection.execute(_PARTS, place))
            raise Refused(Code.PART_MISMATCH if sent > ref.size else Code.PART_MISSING)
        if (row.size, row.sha256) != (ref.size, ref.sha256):
            raise Refused(Code.PART_MISMATCH)


def name_attachments(connection: Connection, body: Body, statement: bytes) -> None:
    """Attach what `body` names to its item: it is served to everybody who holds a seal of that version."""
    if not isinstance(body, Item) or not body.attachments:
        return
    ids = [ref.id for ref in body.attachments]
    connection.execute(
        update(attachments)
        .where(attachments.c.engagement == body.engagement, attachments.c.attachment.in_(ids))
        .values(item=body.item)
    )
    connection.execute(
        insert(attachment_namings),
        [{"engagement": body.engagement, "attachment": each, "statement": statement} for each in ids],
    )


def discard_attachments(connection: Connection, engagement: bytes, item: bytes) -> None:
    """All attachments of an item are gone; their bytes follow with the next sweep."""
    for attachment in connection.execute(_OF_ITEM, {"engagement": engagement, "item": item}).scalars().all():
        discard_attachment(connection, engagement, attachment)


def discard_attachment(connection: Connection, engagement: bytes, attachment: bytes) -> None:
    """Nothing tells of the attachment any more but the places in which its bytes lie."""
    parts_here = (attachment_parts.c.engagement == engagement, attachment_parts.c.attachment == attachment)
    places = select(attachment_parts.c.engagement, attachment_parts.c.place).where(*parts_here)
    connection.execute(insert(discarded_parts).from_select(["engagement", "place"], places))
    connection.execute(delete(attachment_parts).where(*parts_here))
    for table in (attachment_namings, attachments):
        connection.execute(delete(table).where(table.c.engagement == engagement, table.c.attachment == attachment))
