"""Subtrees: which complete ones a stretch of leaves consists of, and the hash that they make.

A *range* is a stretch of leaves that RFC 9162 gives one hash: it begins where a complete subtree of its size would, and
ends anywhere. A complete subtree never changes once the log has grown over it, so all hashes are made of those.

Source: RFC 9162 section 2.1.1.
"""

from collections.abc import Callable
from typing import NamedTuple

from vault.tlog.hashing import EMPTY_ROOT, node_hash


class Range(NamedTuple):
    """The leaves `start` .. `end` - 1."""

    start: int
    end: int


class Subtree(NamedTuple):
    """The complete subtree of 2^`level` leaves that begins with leaf `number` * 2^`level`."""

    level: int
    number: int


def split(size: int) -> int:
    """How many of `size` >= 2 leaves are on the left: the largest power of two that is smaller."""
    return 1 << ((size - 1).bit_length() - 1)


def complete_subtrees(part: Range) -> tuple[Subtree, ...]:
    """The fewest complete subtrees that make up a range, from left to right and from large to small."""
    found = []
    start, end = part
    while start < end:
        level = (end - start).bit_length() - 1
        found.append(Subtree(level, start >> level))
        start += 1 << level
    return tuple(found)


def range_hash(part: Range, hash_of: Callable[[Subtree], bytes]) -> bytes:
    """The 32-byte hash of a range; `hash_of` gives those of complete subtrees. The empty range has `EMPTY_ROOT`."""
    hashes = [hash_of(subtree) for subtree in complete_subtrees(part)]
    if not hashes:
        return EMPTY_ROOT
    root = hashes.pop()
    while hashes:
        root = node_hash(hashes.pop(), root)
    return root
