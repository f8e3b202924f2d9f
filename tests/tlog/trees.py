"""A tree computed from the words of RFC 9162 alone, and a log's tiles kept in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from vault.tlog.frontier import EMPTY, Frontier
from vault.tlog.tiles import TILE_WIDTH, Tile


def leaves(count: int) -> list[bytes]:
    """The leaf hashes of the entries `entry 0`, `entry 1`, ..."""
    return [sha256(b"\0entry %d" % index).digest() for index in range(count)]


def naive_root(hashes: Sequence[bytes]) -> bytes:
    """MTH of section 2.1.1, to the letter."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    left = naive_split(len(hashes))
    return sha256(b"\1" + naive_root(hashes[:left]) + naive_root(hashes[left:])).digest()


def naive_inclusion(index: int, hashes: Sequence[bytes]) -> list[bytes]:
    """PATH of section 2.1.3.1, to the letter."""
    if len(hashes) == 1:
        return []
    left = naive_split(len(hashes))
    if index < left:
        return [*naive_inclusion(index, hashes[:left]), naive_root(hashes[left:])]
    return [*naive_inclusion(index - left, hashes[left:]), naive_root(hashes[:left])]


def naive_consistency(old_size: int, hashes: Sequence[bytes], whole: bool = True) -> list[bytes]:
    """PROOF and SUBPROOF of section 2.1.4.1, to the letter."""
    if old_size == len(hashes):
        return [] if whole else [naive_root(hashes)]
    left = naive_split(len(hashes))
    if old_size <= left:
        return [*naive_consistency(old_size, hashes[:left], whole), naive_root(hashes[left:])]
    return [*naive_consistency(old_size - left, hashes[left:], False), naive_root(hashes[:left])]


def naive_split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    left = 1
    while left * 2 < size:
        left *= 2
    return left


@dataclass
class MemoryLog:
    """A log that keeps what appending gives it, as the server will: a frontier, and tiles that only grow."""

    frontier: Frontier = EMPTY
    tiles: dict[tuple[int, int], bytes] = field(default_factory=dict)
    read: list[Tile] = field(default_factory=list)

    def append(self, *hashes: bytes) -> None:
        """Append a batch."""
        appended = self.frontier.append(hashes)
        for one in appended.tile_hashes:
            place = (one.level, one.number // TILE_WIDTH)
            held = self.tiles.get(place, b"")
            assert len(held) == one.number % TILE_WIDTH * 32, "each hash goes to the end of its tile"
            self.tiles[place] = held + one.hash
        self.frontier = appended.frontier

    def read_tiles(self, tiles: Sequence[Tile]) -> list[bytes]:
        """Serve tiles, and remember which."""
        self.read.extend(tiles)
        return [self.tiles[tile.level, tile.index][: tile.width * 32] for tile in tiles]


def memory_log(count: int) -> MemoryLog:
    """A log of the first `count` of `leaves`, appended in one batch."""
    log = MemoryLog()
    log.append(*leaves(count))
    return log
