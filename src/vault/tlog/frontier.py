"""The right edge of a tree: all that is needed to append leaves, to know the new root, and to prove what was appended.

It is small (at most 53 hashes), so a log keeps it in one row and never reads its tree to write: the left neighbours of
a new leaf are in it, the right ones come in the same batch.

Source: RFC 9162 section 2.1; C2SP tlog-tiles.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from vault.encoding import MAXIMUM_INTEGER
from vault.tlog.errors import TreeError
from vault.tlog.hashing import HASH_BYTES, node_hash
from vault.tlog.inclusion import inclusion_ranges
from vault.tlog.subtrees import Range, Subtree, complete_subtrees, range_hash
from vault.tlog.tiles import TILE_HEIGHT, TileHash

_SIZE_BYTES = 8


@dataclass(frozen=True, slots=True)
class Frontier:
    """A tree of `size` leaves as the hashes of the complete subtrees that it consists of, from left to right."""

    size: int
    hashes: tuple[bytes, ...]

    def __post_init__(self) -> None:
        """Raises: TreeError unless there is one hash of 32 bytes for each bit that is set in the size."""
        if not 0 <= self.size <= MAXIMUM_INTEGER or len(self.hashes) != self.size.bit_count():
            raise TreeError("expected as many hashes as a tree of that size has complete subtrees")
        if any(len(one) != HASH_BYTES for one in self.hashes):
            raise TreeError("expected hashes of 32 bytes")

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """The frontier that `to_bytes` spelled. Raises: TreeError for any other bytes."""
        size, rest = int.from_bytes(raw[:_SIZE_BYTES], "big"), raw[_SIZE_BYTES:]
        if len(raw) < _SIZE_BYTES or len(rest) % HASH_BYTES:
            raise TreeError("expected a size of 8 bytes and hashes of 32")
        return cls(size, tuple(rest[start : start + HASH_BYTES] for start in range(0, len(rest), HASH_BYTES)))

    def to_bytes(self) -> bytes:
        """u64 size, then the hashes: at most 1,704 bytes."""
        return self.size.to_bytes(_SIZE_BYTES, "big") + b"".join(self.hashes)

    @property
    def root(self) -> bytes:
        """The 32-byte root of the tree."""
        return range_hash(Range(0, self.size), self.subtrees().__getitem__)

    def subtrees(self) -> dict[Subtree, bytes]:
        """Its hashes by the subtrees that they belong to."""
        return dict(zip(complete_subtrees(Range(0, self.size)), self.hashes, strict=True))

    def append(self, leaves: Iterable[bytes]) -> "Appended":
        """What comes of appending leaf hashes in order; this frontier stays as it is. Raises: TreeError past 2^53-1."""
        known = self.subtrees()
        tile_hashes = []
        size = self.size
        for leaf in leaves:
            subtree, value = Subtree(0, size), leaf
            while True:
                known[subtree] = value
                if subtree.level % TILE_HEIGHT == 0:
                    tile_hashes.append(TileHash(subtree.level // TILE_HEIGHT, subtree.number, value))
                if not subtree.number & 1:
                    break
                value = node_hash(known[Subtree(subtree.level, subtree.number - 1)], value)
                subtree = Subtree(subtree.level + 1, subtree.number >> 1)
            size += 1
        edge = Frontier(size, tuple(known[subtree] for subtree in complete_subtrees(Range(0, size))))
        return Appended(self.size, edge, tuple(tile_hashes), known)


@dataclass(frozen=True, slots=True)
class Appended:
    """What appending a batch made: the new frontier, and the hashes that tiles gained, level 0 in the leaves' order.

    The new leaves are `start` .. `frontier.size` - 1.
    """

    start: int
    frontier: Frontier
    tile_hashes: tuple[TileHash, ...]
    known: dict[Subtree, bytes] = field(repr=False)

    def inclusion_proof(self, index: int) -> tuple[bytes, ...]:
        """The proof of the new leaf `index` in the new tree. Raises: TreeError for a leaf that is not new."""
        if index < self.start:
            raise TreeError("expected a leaf of this batch")
        return tuple(range_hash(part, self.known.__getitem__) for part in inclusion_ranges(index, self.frontier.size))


EMPTY = Frontier(0, ())
"""The tree without leaves."""
