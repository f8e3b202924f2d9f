"""Whether the blob store has what items name: its length, or every byte of it."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from functools import partial

from vault.errors import VaultError
from vault.protocol.limits import ZERO32
from vault.reconcile.attachments import Measured, reconcile_content
from vault.reconcile.everything import Progress
from vault.reconcile.findings import Finding
from vault.server.resources.attachments.rows.named import Found, is_named_still, list_named_parts
from vault.server.storage.blob_store import BlobStore, key_of
from vault.server.storage.engine import Storage


class LostContentError(VaultError):
    """Content that items name and the blob store does not have."""


async def require_content(storage: Storage, blobs: BlobStore) -> None:
    """Return if the blob store has every part of every attachment that an item names, in its length.

    Raises: LostContentError, which tells how many it has not; Refused(storage-away).
    """
    lost = 0
    async for each in _list_parts(storage):
        lost += await blobs.find_size(key_of(each.engagement, each.place)) != each.size
    if lost:
        raise LostContentError(f"{lost} parts of attachments are not in the blob store: restore them from a backup")


async def find_wrong_content(storage: Storage, blobs: BlobStore, progress: Progress) -> list[Finding]:
    """What is wrong with the bytes of attachments, all of which are read once; an erasure meanwhile is none.

    Raises: Refused(storage-away).
    """
    found: list[Finding] = []
    parts: list[Found] = []
    done = 0
    async for each in _list_parts(storage):
        if parts and (each.engagement, each.attachment) != (parts[0].engagement, parts[0].attachment):
            found += await _find_wrong(storage, blobs, parts)
            parts = []
        parts.append(each)
        done += 1
        progress("attachments", done, done)
    return found + (await _find_wrong(storage, blobs, parts) if parts else [])


async def _find_wrong(storage: Storage, blobs: BlobStore, parts: Sequence[Found]) -> list[Finding]:
    """What is wrong with one attachment, all of whose parts these are."""
    whole = hashlib.sha256()
    measured = [(part._asdict(), await _measure(blobs, part, whole)) for part in parts]
    attachment = {**measured[0][0], "sha256": parts[0].whole_sha256}
    wrong = list(reconcile_content(attachment, measured, whole.digest()))
    if not wrong:
        return []
    there = [await storage.read(partial(is_named_still, part=part)) for part in parts]
    return wrong if all(there) else []


async def _measure(blobs: BlobStore, part: Found, whole: "hashlib._Hash") -> Measured | None:
    """What lies in the place of a part, which is added to `whole`; None where nothing does."""
    key = key_of(part.engagement, part.place)
    size = await blobs.find_size(key)
    if size is None:
        return None
    if size != part.size:
        return Measured(size, ZERO32)
    hashed = hashlib.sha256()
    async for piece in blobs.read(key, 0, size):
        hashed.update(piece)
        whole.update(piece)
    return Measured(size, hashed.digest())


async def _list_parts(storage: Storage) -> AsyncIterator[Found]:
    after = (b"", b"", 0)
    while named := await storage.read(partial(list_named_parts, after=after)):
        for each in named:
            yield each
        after = (named[-1].engagement, named[-1].attachment, named[-1].number)
