"""Parts of attachments as files of a local folder.

A file is written under a temporary name, flushed to disk and linked to its own name, which the system refuses where
that name is taken; then the folder is flushed too, and the one above it: whoever made the folder may have died before
that. So after a power cut a file is there whole, or not at all.
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import NamedTemporaryFile

from anyio import to_thread

from vault.server.private_files import OWNERS_FOLDER
from vault.server.storage.blob_store import PIECE_BYTES, storage_away
from vault.server.storage.checked_stream import checked_stream

_INCOMING = "incoming"
_LEFT_SECONDS = 3_600
"""After how long a temporary file is a dead writer's: longer than any request lasts."""


class FolderBlobs:
    """A folder, which is made when the first part comes."""

    def __init__(self, folder: Path) -> None:
        """Nothing is made or looked at yet."""
        self._folder = folder

    async def put(self, key: str, content: AsyncIterator[bytes], size_bytes: int, sha256: bytes) -> None:
        """See `BlobStore.put`."""
        target = self._folder / key
        try:
            incoming = self._make_folders(target)
            with NamedTemporaryFile(dir=incoming) as file:
                async for piece in checked_stream(content, size_bytes, sha256):
                    file.write(piece)
                file.flush()
                await to_thread.run_sync(_keep, file.fileno(), Path(file.name), target)
        except OSError as error:
            raise storage_away() from error

    def _make_folders(self, target: Path) -> Path:
        """The folder of temporary files."""
        incoming = self._folder / _INCOMING
        if not self._folder.is_dir():
            self._folder.mkdir(mode=OWNERS_FOLDER, parents=True, exist_ok=True)
            _flush_folder(self._folder.parent)
        for folder in (incoming, target.parent):
            folder.mkdir(mode=OWNERS_FOLDER, exist_ok=True)
        return incoming

    async def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """See `BlobStore.read`."""
        try:
            with (self._folder / key).open("rb", buffering=0) as file:
                file.seek(start)
                left = end - start
                while left:
                    piece = await to_thread.run_sync(file.read, min(left, PIECE_BYTES))
                    if not piece:
                        raise storage_away()
                    left -= len(piece)
                    yield piece
        except OSError as error:
            raise storage_away() from error

    async def find_size(self, key: str) -> int | None:
        """See `BlobStore.find_size`."""
        try:
            return (self._folder / key).stat().st_size
        except FileNotFoundError:
            return None
        except OSError as error:
            raise storage_away() from error

    async def delete(self, key: str) -> None:
        """See `BlobStore.delete`."""
        target = self._folder / key
        try:
            target.unlink(missing_ok=True)
            if target.parent.is_dir():
                await to_thread.run_sync(_flush_folder, target.parent)
        except OSError as error:
            raise storage_away() from error

    async def tidy(self, now: int) -> None:
        """See `BlobStore.tidy`."""
        incoming = self._folder / _INCOMING
        for path in incoming.iterdir() if incoming.is_dir() else ():
            try:
                if path.stat().st_mtime < now - _LEFT_SECONDS:
                    path.unlink()
            except FileNotFoundError:
                continue  # its writer is done with it


def _keep(descriptor: int, written: Path, target: Path) -> None:
    os.fsync(descriptor)
    try:
        os.link(written, target)
    except FileExistsError:  # the same part was sent twice, and the other one was faster
        if target.stat().st_size != os.fstat(descriptor).st_size:
            raise
    _flush_folder(target.parent)
    _flush_folder(target.parent.parent)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
