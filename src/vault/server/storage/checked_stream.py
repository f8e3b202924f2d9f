"""A stream of content whose length and SHA-256 are checked against what its sender announced."""

import hashlib
from collections.abc import AsyncIterator

from vault.protocol.problems import Code, Refused


async def checked_stream(content: AsyncIterator[bytes], size_bytes: int, sha256: bytes) -> AsyncIterator[bytes]:
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
