"""Tiles and entry bundles: how a tree is stored and served as static files.

A tile of level l holds up to 256 hashes of complete subtrees of 256^l leaves; a bundle holds the entries under a tile
of level 0. What is full never changes; what is partial is named with its width, so that it does not change either.

Source: C2SP tlog-tiles.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from vault.encoding import MAXIMUM_INTEGER, read_decimal
from vault.errors import EncodingError
from vault.tlog.errors import TileError
from vault.tlog.hashing import HASH_BYTES, leaf_hash, node_hash
from vault.tlog.subtrees import Subtree

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
LEVEL_MAXIMUM = 63
ENTRY_MAXIMUM_BYTES = 65_535

_NUMBER = r"(?P<number>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[0-9]{1,3}))?"
_TILE = re.compile(r"tile/(?P<level>[0-9]{1,2})/" + _NUMBER, re.ASCII)
_BUNDLE = re.compile(r"tile/entries/" + _NUMBER, re.ASCII)


class TileHash(NamedTuple):
    """One hash of a tile level, `number` (from 0) counted over all tiles of that level.

    It stands in tile `number` // 256 at position `number` % 256.
    """

    level: int
    number: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile: its level 0 .. 63, its index within the level from 0, and its width 1 .. 256 in hashes."""

    level: int
    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        """Raises: TileError for a tile that cannot be."""
        if not 0 <= self.level <= LEVEL_MAXIMUM:
            raise TileError("expected a level 0 .. 63")
        _require_place(self.index, self.width)

    @property
    def path(self) -> str:
        """Where it is served below the log's prefix: `tile/<L>/<N>[.p/<W>]`."""
        return f"tile/{self.level}/{_spell(self.index, self.width)}"

    @classmethod
    def parse(cls, path: str) -> Self:
        """The tile that `path` names. Raises: TileError for every other spelling."""
        match = _TILE.fullmatch(path)
        if match is None:
            raise TileError("expected tile/<level>/<index>, with .p/<width> where it is partial")
        tile = cls(int(match["level"]), *_read(match))
        if tile.path != path:
            raise TileError("expected the one spelling of a tile's path")
        return tile

    def hashes(self, raw: bytes) -> tuple[bytes, ...]:
        """The `width` hashes of 32 bytes that the tile's bytes are. Raises: TileError for another length."""
        if len(raw) != self.width * HASH_BYTES:
            raise TileError("expected as many hashes of 32 bytes as the tile is wide")
        return tuple(raw[start : start + HASH_BYTES] for start in range(0, len(raw), HASH_BYTES))


@dataclass(frozen=True, slots=True)
class Bundle:
    """An entry bundle: its index from 0 and its width 1 .. 256 in entries."""

    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        """Raises: TileError for a bundle that cannot be."""
        _require_place(self.index, self.width)

    @property
    def path(self) -> str:
        """Where it is served below the log's prefix: `tile/entries/<N>[.p/<W>]`."""
        return f"tile/entries/{_spell(self.index, self.width)}"

    @classmethod
    def parse(cls, path: str) -> Self:
        """The bundle that `path` names. Raises: TileError for every other spelling."""
        match = _BUNDLE.fullmatch(path)
        if match is None:
            raise TileError("expected tile/entries/<index>, with .p/<width> where it is partial")
        bundle = cls(*_read(match))
        if bundle.path != path:
            raise TileError("expected the one spelling of a bundle's path")
        return bundle

    def entries(self, raw: bytes) -> tuple[bytes, ...]:
        """The `width` entries that the bundle's bytes hold, each behind its u16 length.

        Raises: TileError for fewer, for more, and for cut-off bytes.
        """
        found: list[bytes] = []
        place = 0
        for _ in range(self.width):
            start = place + 2
            place = start + int.from_bytes(raw[place:start], "big")
            found.append(raw[start:place])
        if place != len(raw):  # cut-off bytes leave the place behind their end
            raise TileError("expected as many whole entries as the bundle is wide")
        return tuple(found)


def bundle_bytes(entries: Sequence[bytes]) -> bytes:
    """The bytes of a bundle of up to 256 entries. Raises: TileError for an entry of more than 65,535 bytes."""
    if any(len(entry) > ENTRY_MAXIMUM_BYTES for entry in entries):
        raise TileError("expected entries of at most 65,535 bytes")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def require_entries_of_tile(entries: Sequence[bytes], hashes: Sequence[bytes]) -> None:
    """Return if the entries of a bundle are those of the verified tile of level 0 beside it. Raises: TileError."""
    if [leaf_hash(entry) for entry in entries] != list(hashes):
        raise TileError("expected the entries whose hashes the tile holds")


def level_width(level: int, size: int) -> int:
    """How many hashes all tiles of `level` hold together in a tree of `size` leaves."""
    return size >> (TILE_HEIGHT * level)


def find_tile(level: int, index: int, size: int) -> Tile | None:
    """Tile `index` of `level` as wide as a tree of `size` leaves has it; None where the tree has no such tile."""
    width = min(TILE_WIDTH, level_width(level, size) - index * TILE_WIDTH)
    return Tile(level, index, width) if width > 0 else None


def partial_tiles(size: int) -> tuple[Tile, ...]:
    """The partial tiles of a tree of `size` leaves, lowest level first: none is empty, at most one a level."""
    levels = range((size.bit_length() + TILE_HEIGHT - 1) // TILE_HEIGHT)
    ends = [(level, *divmod(level_width(level, size), TILE_WIDTH)) for level in levels]
    return tuple(Tile(level, index, width) for level, index, width in ends if width)


def all_tiles(size: int) -> Iterator[Tile]:
    """Every tile of a tree of `size` leaves, lowest level first, each level from left to right."""
    level = 0
    while count := level_width(level, size):
        full, rest = divmod(count, TILE_WIDTH)
        yield from (Tile(level, index) for index in range(full))
        if rest:
            yield Tile(level, full, rest)
        level += 1


def all_bundles(first_index: int, size: int) -> Iterator[Bundle]:
    """The bundles that together hold the entries `first_index` .. `size` - 1, from left to right.

    One after the other: `size` may be what somebody claims.
    """
    for index in range(first_index // TILE_WIDTH, count_bundles(size)):
        yield Bundle(index, min(TILE_WIDTH, size - index * TILE_WIDTH))


def count_bundles(size: int) -> int:
    """How many bundles a tree of `size` leaves has."""
    return (size + TILE_WIDTH - 1) // TILE_WIDTH


def tile_of(subtree: Subtree, size: int) -> Tile:
    """The tile of a tree of `size` leaves in which a complete subtree of it has its hash, or the hashes under it.

    Raises: TileError where the tree does not hold the whole subtree.
    """
    level, height = divmod(subtree.level, TILE_HEIGHT)
    tile = find_tile(level, (subtree.number << height) // TILE_WIDTH, size)
    if tile is None or (subtree.number + 1) << subtree.level > size:
        raise TileError("expected a complete subtree of the tree")
    return tile


def subtree_hash(subtree: Subtree, hashes: Sequence[bytes]) -> bytes:
    """The hash of a complete subtree, from the hashes of its `tile_of`."""
    height = subtree.level % TILE_HEIGHT
    start = (subtree.number << height) % TILE_WIDTH
    level = list(hashes[start : start + (1 << height)])
    while len(level) > 1:
        level = [node_hash(level[place], level[place + 1]) for place in range(0, len(level), 2)]
    return level[0]


def _require_place(index: int, width: int) -> None:
    if not 0 <= index <= MAXIMUM_INTEGER or not 1 <= width <= TILE_WIDTH:
        raise TileError("expected an index of at most 2^53-1 and a width 1 .. 256")


def _spell(index: int, width: int) -> str:
    digits = str(index)
    digits = digits.zfill((len(digits) + 2) // 3 * 3)
    groups = [digits[start : start + 3] for start in range(0, len(digits), 3)]
    number = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return number if width == TILE_WIDTH else f"{number}.p/{width}"


def _read(match: re.Match[str]) -> tuple[int, int]:
    digits = match["number"].replace("x", "").replace("/", "").lstrip("0")
    try:
        index = read_decimal(digits or "0")
    except EncodingError:
        raise TileError("expected an index of at most 2^53-1") from None
    return index, TILE_WIDTH if match["width"] is None else int(match["width"])
