"""A tree that somebody else holds, of which one signed root is known: what is read of it is verified up to that root.

The tiles of the right edge make the root together. A full tile makes one hash of the tile above it, so tiles are taken
from the top down, and no hash is used that does not lead to the root.

Source: RFC 9162 section 2.1; C2SP tlog-tiles.
"""

from collections.abc import Iterable, Mapping

from vault.tlog.errors import TileError
from vault.tlog.hashing import node_hash
from vault.tlog.subtrees import Range, Subtree, complete_subtrees, range_hash
from vault.tlog.tiles import TILE_HEIGHT, TILE_WIDTH, Tile, find_tile, partial_tiles

_Place = tuple[int, int]
"""Level and index of a tile."""
_Rows = dict[_Place, list[list[bytes]]]
"""The hashes of tiles, and above them those of all complete subtrees under each, row by row."""


class VerifiedTree:
    """The tree of a verified checkpoint; it grows by the tiles that are given to it."""

    def __init__(self, size: int, root: bytes) -> None:
        """A tree of `size` leaves with this 32-byte root, of which no tile is here yet."""
        self.size = size
        self.root = root
        self._edge = frozenset((tile.level, tile.index) for tile in partial_tiles(size))
        self._rows: _Rows = {}

    def missing_tiles(self, ranges: Iterable[Range]) -> tuple[Tile, ...]:
        """The tiles that are still needed to know the hashes of these ranges, those of higher levels first.

        Raises: TileError for a range that is not in the tree.
        """
        needed = set(self._edge)
        for part in ranges:
            self._require(part)
            for subtree in complete_subtrees(part):
                level, index, _, _ = _locate(subtree)
                while (level, index) not in needed:
                    needed.add((level, index))
                    level, index = level + 1, index // TILE_WIDTH
        tiles = [find_tile(level, index, self.size) for level, index in needed - self._rows.keys()]
        return tuple(sorted((tile for tile in tiles if tile), key=lambda tile: (-tile.level, tile.index)))

    def add(self, raw_tiles: Mapping[Tile, bytes]) -> None:
        """Take the bytes of tiles that `missing_tiles` named, all of them.

        Raises: TileError for bytes that are not those of the tree; nothing is taken then.
        """
        rows = self._rows | {(tile.level, tile.index): _stack(tile.hashes(raw)) for tile, raw in raw_tiles.items()}
        if range_hash(Range(0, self.size), lambda subtree: _find(rows, subtree)) != self.root:
            raise TileError("expected tiles of the right edge that make the root")
        for level, index in rows.keys() - self._rows.keys() - self._edge:
            above = Subtree((level + 1) * TILE_HEIGHT, index)
            if rows[level, index][TILE_HEIGHT][0] != _find(rows, above):
                raise TileError("expected a tile whose hash stands in the tile above it")
        self._rows = rows

    def hash_of(self, part: Range) -> bytes:
        """The hash of a range; its tiles are here. Raises: TileError where one is missing."""
        self._require(part)
        return range_hash(part, lambda subtree: _find(self._rows, subtree))

    def _require(self, part: Range) -> None:
        if part.end > self.size:
            raise TileError("expected a range of the tree")


def _locate(subtree: Subtree) -> tuple[int, int, int, int]:
    """Level and index of the tile of a complete subtree, its row there, and its place in the row."""
    level, height = divmod(subtree.level, TILE_HEIGHT)
    width = TILE_WIDTH >> height
    index, place = divmod(subtree.number, width)
    return level, index, height, place


def _stack(hashes: tuple[bytes, ...]) -> list[list[bytes]]:
    rows = [list(hashes)]
    while len(rows[-1]) > 1:
        row = rows[-1]
        rows.append([node_hash(row[place], row[place + 1]) for place in range(0, len(row) - 1, 2)])
    return rows


def _find(rows: _Rows, subtree: Subtree) -> bytes:
    level, index, height, place = _locate(subtree)
    if (level, index) not in rows:
        raise TileError("expected the tile of this subtree")
    return rows[level, index][height][place]
