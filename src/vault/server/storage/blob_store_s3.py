"""Parts of attachments as objects of a bucket, over the S3 protocol. Needs the extra `s3`.

A part is put with one conditional request (`If-None-Match: *`), so it is there whole or not at all and never replaced.
Such a request is signed with the hash of its body, so the part is collected first: in a temporary file, because people
send slowly, and from there in memory, a few at a time, so that what a worker holds stays bounded.
"""

import asyncio
from collections.abc import AsyncIterator
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import S3Store

from vault.server.storage.blob_store import PIECE_BYTES, storage_away
from vault.server.storage.checked_stream import checked_stream

if TYPE_CHECKING:
    from obstore.store import S3Config

_AT_ONCE = 2
"""How many parts of a worker are in memory at a time."""


class S3Blobs:
    """A bucket, or what lies below a prefix in it."""

    def __init__(
        self,
        bucket: str,
        prefix: str,
        *,
        region: str,
        endpoint: str | None,
        access_key_id: str | None,
        secret_access_key: str | None,
    ) -> None:
        """Nothing is asked of the bucket yet. An endpoint of http is for this machine and for trials."""
        config: S3Config = {"region": region}
        if endpoint is not None:
            config["endpoint"] = endpoint
        if access_key_id is not None and secret_access_key is not None:
            config |= {"access_key_id": access_key_id, "secret_access_key": secret_access_key}
        self._store = S3Store(
            bucket,
            prefix=prefix or None,
            config=config,
            client_options={"allow_http": endpoint is not None and endpoint.startswith("http://")},
            retry_config={"max_retries": 3},
        )
        self._sending = asyncio.Semaphore(_AT_ONCE)

    async def put(self, key: str, content: AsyncIterator[bytes], size_bytes: int, sha256: bytes) -> None:
        """See `BlobStore.put`."""
        with TemporaryFile() as collected:
            async for piece in checked_stream(content, size_bytes, sha256):
                collected.write(piece)
            collected.seek(0)
            async with self._sending:
                try:
                    await obstore.put_async(self._store, key, collected.read(), mode="create", use_multipart=False)
                except (AlreadyExistsError, PreconditionError):
                    pass  # the same part was sent twice, and the other one was faster
                except (BaseError, OSError) as error:
                    raise storage_away() from error
                else:
                    return
        if await self.find_size(key) != size_bytes:
            raise storage_away()

    async def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """See `BlobStore.read`."""
        try:
            found = await obstore.get_async(self._store, key, options={"range": (start, end)})
            async for piece in found.stream(min_chunk_size=PIECE_BYTES):
                yield bytes(piece)
        except (BaseError, OSError) as error:
            raise storage_away() from error

    async def find_size(self, key: str) -> int | None:
        """See `BlobStore.find_size`."""
        try:
            return (await obstore.head_async(self._store, key))["size"]
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as error:
            raise storage_away() from error

    async def delete(self, key: str) -> None:
        """See `BlobStore.delete`."""
        try:
            await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise storage_away() from error

    async def tidy(self, now: int) -> None:
        """Nothing is ever left half done here."""
