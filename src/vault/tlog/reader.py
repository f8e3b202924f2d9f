"""Reading proofs out of tiles: which tiles have to be fetched, and the hashes that they then make.

A `Reading` says both and fetches nothing, so the same one serves a server that asks its database and a client that
waits for many answers of a network at once. What it makes out of tiles from a stranger is worth nothing before it was
verified against a root.

Source: C2SP tlog-tiles; RFC 9162 section 2.1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from vault.tlog.consistency import consistency_ranges
from vault.tlog.errors import TileError
from vault.tlog.frontier import Frontier
from vault.tlog.inclusion import inclusion_ranges
from vault.tlog.subtrees import Range, Subtree, complete_subtrees, range_hash
from vault.tlog.tiles import Tile, subtree_hash, tile_of


class TileReader(Protocol):
    """Whatever holds the tiles of a log."""

    def read_tiles(self, tiles: Sequence[Tile]) -> Sequence[bytes]:
        """The bytes of each tile, in the order of `tiles`."""
        ...


@dataclass(frozen=True, slots=True)
class Reading:
    """The hashes of some ranges of the tree of `size` leaves, and the tiles that they are made of."""

    size: int
    ranges: tuple[Range, ...]

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """Each tile that is needed, once."""
        return tuple(dict.fromkeys(tile_of(subtree, self.size) for subtree in self._subtrees()))

    def hashes(self, raw_tiles: Sequence[bytes]) -> tuple[bytes, ...]:
        """The hash of each range, from the bytes of `tiles` in their order.

        Raises: TileError for fewer or more tiles, or one of another length.
        """
        tiles = self.tiles
        if len(raw_tiles) != len(tiles):
            raise TileError("expected the bytes of each tile that is needed")
        held = {tile: tile.hashes(raw) for tile, raw in zip(tiles, raw_tiles, strict=True)}
        known = {subtree: subtree_hash(subtree, held[tile_of(subtree, self.size)]) for subtree in self._subtrees()}
        return tuple(range_hash(part, known.__getitem__) for part in self.ranges)

    def read(self, reader: TileReader) -> tuple[bytes, ...]:
        """The hash of each range, out of `reader` in one go. Raises: TileError for tiles of another length."""
        return self.hashes(reader.read_tiles(self.tiles))

    def _subtrees(self) -> list[Subtree]:
        return [subtree for part in self.ranges for subtree in complete_subtrees(part)]


def inclusion_reading(index: int, size: int) -> Reading:
    """The proof that leaf `index` is in the tree of `size` leaves. Raises: TreeError for a leaf that is not."""
    return Reading(size, inclusion_ranges(index, size))


def consistency_reading(old_size: int, new_size: int) -> Reading:
    """The proof that one tree is the beginning of the other. Raises: TreeError for a new size that is smaller."""
    return Reading(new_size, consistency_ranges(old_size, new_size))


def root_reading(size: int) -> Reading:
    """The root of the tree of `size` leaves, as the only hash."""
    return Reading(size, (Range(0, size),))


def frontier_reading(size: int) -> Reading:
    """The hashes of the tree's frontier: `Frontier(size, hashes)`.

    A client whose frontier has a verified root appends the leaf hashes of the bundles that follow; when its root is
    then that of the next checkpoint, all of them are authentic, and the log was only added to.
    """
    subtrees = complete_subtrees(Range(0, size))
    return Reading(size, tuple(Range(number << level, (number + 1) << level) for level, number in subtrees))


def read_frontier(reader: TileReader, size: int) -> Frontier:
    """The frontier of the tree of `size` leaves, out of tiles. Raises: as `Reading.read`."""
    return Frontier(size, frontier_reading(size).read(reader))
