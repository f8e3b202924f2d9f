"""What is done with attachments beside statements: parts are stored, and what nobody named is taken away again."""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from anyio import to_thread
from sqlalchemy.exc import IntegrityError

from vault.protocol.limits import ID_BYTES
from vault.protocol.problems import Code, Refused
from vault.server.context import AppContext
from vault.server.resources.attachments.rows.ended import (
    Found,
    discard_ended,
    forget_discarded,
    list_discarded,
    list_ended,
)
from vault.server.resources.attachments.rows.uploads import Part, Told, give_up_part, keep_part, tell_of_part
from vault.server.sequencer.members import require_journal_reader
from vault.server.storage.blob_store import key_of
from vault.server.storage.checked_stream import checked_stream
from vault.server.storage.engine import RETRY_AFTER_SECONDS


@dataclass(frozen=True, slots=True)
class Swept:
    """How many uploads that nobody named went, and how many parts of content."""

    uploads: int
    parts: int


async def put_part(context: AppContext, part: Part, content: AsyncIterator[bytes]) -> None:
    """Store a part of an upload, durably; the same part again changes nothing.

    Raises: Refused(not-found | part-taken | part-mismatch | quota-spent | busy | storage-away).
    """
    with context.incoming.turn(part.uploader, part):
        await _put_part(context, part, content)


async def _put_part(context: AppContext, part: Part, content: AsyncIterator[bytes]) -> None:
    told = await to_thread.run_sync(_tell, context, part)
    if told.is_stored:
        async for _ in checked_stream(content, part.size, part.sha256):
            pass
        return
    try:
        await context.blobs.put(key_of(part.engagement, told.place), content, part.size, part.sha256)
    except Refused as refused:
        if refused.code == Code.PART_MISMATCH and told.is_new:
            await to_thread.run_sync(_give_up, context, part, told.place)
        raise
    if not await to_thread.run_sync(_keep, context, part, told.place):
        # A sweep may have emptied the place before these bytes came, and forget it only now.
        await context.blobs.delete(key_of(part.engagement, told.place))
        raise Refused(Code.BUSY, retry_after_seconds=RETRY_AFTER_SECONDS)


def _tell(context: AppContext, part: Part) -> Told:
    place, now = context.random(ID_BYTES), context.clock()
    for _ in range(2):  # where another worker has just told of the same, a second look finds it
        with suppress(IntegrityError), context.storage.writing() as connection:
            require_journal_reader(connection, part.engagement, part.uploader)
            return tell_of_part(connection, part, place, now, context.settings.upload_bytes)
    raise Refused(Code.BUSY, retry_after_seconds=RETRY_AFTER_SECONDS)


def _keep(context: AppContext, part: Part, place: bytes) -> bool:
    with context.storage.writing() as connection:
        return keep_part(connection, part, place, context.clock())


def _give_up(context: AppContext, part: Part, place: bytes) -> None:
    with context.storage.writing() as connection:
        give_up_part(connection, part, place, context.clock())


async def sweep(context: AppContext) -> Swept:
    """Take away uploads that no item has named in time, and all content that nothing names any more.

    Each upload goes in a transaction of its own, under the lock that a statement which names it takes too.

    Raises: Refused(storage-away), and then the next sweep goes on.
    """
    uploads = 0
    while ended := await context.storage.read(partial(list_ended, now=context.clock())):
        for each in ended:
            uploads += await to_thread.run_sync(_discard_ended, context, each)
    emptied = 0
    after = (b"", b"")
    while discarded := await context.storage.read(partial(list_discarded, after=after)):
        for each in discarded:
            await context.blobs.delete(key_of(each.engagement, each.place))
        await to_thread.run_sync(_forget, context, discarded)
        emptied += len(discarded)
        after = (discarded[-1].engagement, discarded[-1].place)
    await context.blobs.tidy(context.clock())
    return Swept(uploads, emptied)


def _discard_ended(context: AppContext, ended: Found) -> bool:
    with context.storage.writing() as connection:
        return discard_ended(connection, ended, context.clock())


def _forget(context: AppContext, discarded: Sequence[Found]) -> None:
    with context.storage.writing() as connection:
        forget_discarded(connection, discarded)
