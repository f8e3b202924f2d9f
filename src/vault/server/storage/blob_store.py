"""Where the parts of attachments lie: the one protocol that a folder and S3 both speak.

A key is `<engagement>/<place>`, 32 hex digits each. A place is random and used once, so what lies under a key never
changes: it is put whole or not at all, never replaced, and deleted once nothing names it any more. What is put is on
disk when `put` returns.
"""

from collections.abc import AsyncIterator
from typing import Protocol

from vault.protocol.problems import Code, Refused
from vault.server.storage.engine import RETRY_AFTER_SECONDS

PIECE_BYTES = 262_144
"""In what pieces content is handed on; what a request holds in memory is a few of them."""


class BlobStore(Protocol):
    """Bytes under keys, in a folder or elsewhere."""

    async def put(self, key: str, content: AsyncIterator[bytes], size_bytes: int, sha256: bytes) -> None:
        """Keep the content, durably. Where the key is there already, what lies there stays.

        Raises: Refused(part-mismatch) for content of another length or hash, with nothing kept; Refused(storage-away),
        also where something of another length lies under the key.
        """

    def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes `start` to `end` (exclusive) in pieces. Raises: Refused(storage-away) where they are not there."""

    async def find_size(self, key: str) -> int | None:
        """How long the content under the key is; None where there is none. Raises: Refused(storage-away)."""

    async def delete(self, key: str) -> None:
        """Nothing lies under the key from now on, whether or not something did. Raises: Refused(storage-away)."""

    async def tidy(self, now: int) -> None:
        """Take away what writers that died have left half done; `now` is Unix seconds."""


def key_of(engagement: bytes, place: bytes) -> str:
    """The key of one part."""
    return f"{engagement.hex()}/{place.hex()}"


def storage_away() -> Refused:
    """The refusal of a store that does not answer, or has lost something."""
    return Refused(Code.STORAGE_AWAY, retry_after_seconds=RETRY_AFTER_SECONDS)
