"""Ranges of bytes, as far as they are served: one at a time (RFC 9110, section 14).

What is no such range is ignored, as that RFC lets a server do: several ranges in one request would make a small
question cost many answers.
"""

import re

_RANGE = re.compile(r"bytes=(?:([0-9]{1,15})-([0-9]{0,15})|-([0-9]{1,15}))", re.ASCII)


def read_range(header: str | None, size: int) -> tuple[int, int] | None:
    """First byte and end (exclusive) of what was asked for within `size` bytes; None where the whole is to be served.

    Nothing lies between them where no such bytes exist.
    """
    found = None if header is None else _RANGE.fullmatch(header.strip())
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        return max(size - int(suffix), 0) if int(suffix) else size, size
    if last and int(last) < int(first):
        return None
    return min(int(first), size), min(int(last) + 1, size) if last else size
