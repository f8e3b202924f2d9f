"""A page of contents: one JSON object that says what follows, and behind it the sealed bytes as they are.

Base64 inside the JSON would cost more to write, and twice as much to read. Source: docs/protocol.md section 13.4.
"""

from itertools import accumulate, pairwise

from vault.errors import FormatError

_LENGTH_BYTES = 4


class ContentsError(FormatError):
    """Bytes that are no page of contents."""


def join_contents(head: bytes, blobs: list[bytes]) -> bytes:
    """The length of the head in four bytes, the head, and the blobs one after the other."""
    return b"".join([len(head).to_bytes(_LENGTH_BYTES, "big"), head, *blobs])


def split_head(raw: bytes) -> tuple[bytes, memoryview]:
    """The head, and what stands behind it. Raises: ContentsError."""
    end = _LENGTH_BYTES + int.from_bytes(raw[:_LENGTH_BYTES], "big")
    if len(raw) < end:
        raise ContentsError("expected a head of the length that is told")
    return raw[_LENGTH_BYTES:end], memoryview(raw)[end:]


def split_blobs(behind: memoryview, sizes: list[int]) -> list[bytes]:
    """The blobs, which take up all that stands behind the head. Raises: ContentsError."""
    ends = list(accumulate(sizes, initial=0))
    if ends[-1] != len(behind):
        raise ContentsError("expected the sealed bytes that the head tells, and no others")
    return [bytes(behind[start:end]) for start, end in pairwise(ends)]
