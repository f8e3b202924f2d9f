"""Content on its way through: its length and hash are those that were promised, or it is not kept."""

import hashlib
from collections.abc import AsyncIterator

from vault.protocol.problems import Code, Refused


async def measured(content: AsyncIterator[bytes], size_bytes: int, sha256: bytes) -> AsyncIterator[bytes]:
    """The same pieces. Raises: Refused(part-mismatch), at the end or as soon as there is too much."""
    hashed, left = hashlib.sha256(), size_bytes
    async for piece in content:
        left -= len(piece)
        if left < 0:
            break
        hashed.update(piece)
        yield piece
    if left != 0 or hashed.digest() != sha256:
        raise Refused(Code.PART_MISMATCH)
