"""A tree that somebody else holds, of which one signed root is known: what is read of it is verified up to that root.

The tiles of the right edge make the root together. A full tile makes one hash of the tile above it, so tiles are taken
from the top down, and no hash is used that does not lead to the root.

Source: RFC 9162 section 2.1; C2SP tlog-tiles.
"""

from collections.abc import Iterable, Mapping

from vault.tlog.errors import TileError
from vault.tlog.hashing import node_hash
from vault.tlog.subtrees import Range, Subtree, complete_subtrees, range_hash
from vault.tlog.tiles import TILE_HEIGHT, TILE_WIDTH, Tile, find_tile, partial_tiles, tile_of


class VerifiedTree:
    """The tree of a verified checkpoint; it grows by the tiles that are given to it."""

    def __init__(self, size: int, root: bytes) -> None:
        """A tree of `size` leaves with this 32-byte root, of which no tile is here yet."""
        self.size = size
        self.root = root
        self._edge = partial_tiles(size)
        self._rows: dict[Tile, list[list[bytes]]] = {}

    def missing_tiles(self, ranges: Iterable[Range]) -> tuple[Tile, ...]:
        """The tiles that are still needed to know the hashes of these ranges, those of higher levels first.

        Raises: TileError for a range that is not in the tree.
        """
        needed = set(self._edge)
        for part in ranges:
            for subtree in complete_subtrees(part):
                tile = tile_of(subtree, self.size)
                while tile not in needed:
                    needed.add(tile)
                    tile = self._above(tile)
        return tuple(sorted(needed - self._rows.keys(), key=lambda tile: (-tile.level, tile.index)))

    def add(self, raw_tiles: Mapping[Tile, bytes]) -> None:
        """Take the bytes of tiles that `missing_tiles` named, all of them.

        Raises: TileError for bytes that are not those of the tree; nothing is taken then.
        """
        rows = self._rows | {tile: _rows(tile.hashes(raw)) for tile, raw in raw_tiles.items()}
        if range_hash(Range(0, self.size), lambda subtree: _find(rows, subtree, self.size)) != self.root:
            raise TileError("expected tiles of the right edge that make the root")
        for tile in raw_tiles:
            if tile not in self._edge and rows[tile][TILE_HEIGHT][0] != _find(rows, _whole(tile), self.size):
                raise TileError("expected a tile whose hash stands in the tile above it")
        self._rows = rows

    def hash_of(self, part: Range) -> bytes:
        """The hash of a range; its tiles are here. Raises: TileError where one is missing."""
        return range_hash(part, lambda subtree: _find(self._rows, subtree, self.size))

    def _above(self, tile: Tile) -> Tile:
        above = find_tile(tile.level + 1, tile.index // TILE_WIDTH, self.size)
        if above is None:
            raise TileError("expected a full tile below another one")
        return above


def _whole(tile: Tile) -> Subtree:
    """The complete subtree whose hash a full tile makes."""
    return Subtree((tile.level + 1) * TILE_HEIGHT, tile.index)


def _rows(hashes: tuple[bytes, ...]) -> list[list[bytes]]:
    """The hashes of a tile, and above them those of all complete subtrees under it, row by row."""
    rows = [list(hashes)]
    while len(rows[-1]) > 1:
        row = rows[-1]
        rows.append([node_hash(row[place], row[place + 1]) for place in range(0, len(row) - 1, 2)])
    return rows


def _find(rows: Mapping[Tile, list[list[bytes]]], subtree: Subtree, size: int) -> bytes:
    tile = tile_of(subtree, size)
    height = subtree.level % TILE_HEIGHT
    if tile not in rows:
        raise TileError("expected the tile of this subtree")
    return rows[tile][height][subtree.number - (tile.index << (TILE_HEIGHT - height))]
