"""What a stranger's tiles say is used only where it leads to the signed root."""

from functools import cache

import pytest

from tests.tlog.trees import MemoryLog, leaves, memory_log, naive_root
from vault.tlog.errors import TileError
from vault.tlog.hashing import EMPTY_ROOT
from vault.tlog.subtrees import Range
from vault.tlog.tiles import Tile
from vault.tlog.verified_tree import VerifiedTree


@cache
def large_log() -> MemoryLog:
    return memory_log(70_000)


def tree_of(log: MemoryLog) -> VerifiedTree:
    return VerifiedTree(log.frontier.size, log.frontier.root)


def fill(tree: VerifiedTree, log: MemoryLog, *ranges: Range) -> tuple[Tile, ...]:
    tiles = tree.missing_tiles(ranges)
    tree.add(dict(zip(tiles, log.read_tiles(tiles), strict=True)))
    return tiles


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 512, 700, 66_000])
def test_every_earlier_root_and_every_bundle_is_read_out_of_verified_tiles(size: int) -> None:
    hashes, log = leaves(size), memory_log(size)
    tree = tree_of(log)
    olds = sorted({1, size // 2, size - 1, size} - {0})
    bundles = [Range(start, min(start + 256, size)) for start in range(0, size, 256)][-3:]
    fill(tree, log, *(Range(0, old) for old in olds), *bundles)
    assert [tree.hash_of(Range(0, old)) for old in olds] == [naive_root(hashes[:old]) for old in olds]
    assert [tree.hash_of(part) for part in bundles] == [naive_root(hashes[part.start : part.end]) for part in bundles]
    assert tree.missing_tiles(bundles) == ()


def test_a_tile_is_asked_for_once_and_after_those_above_it() -> None:
    log = large_log()
    tree = tree_of(log)
    assert fill(tree, log, Range(0, 1_000)) == (
        *(Tile(2, 0, 1), Tile(1, 0), Tile(1, 1, 17), Tile(0, 3), Tile(0, 273, 112)),
    )
    assert tree.missing_tiles([Range(0, 1_001), Range(256, 512)]) == ()
    assert tree.missing_tiles([Range(0, 10)]) == (Tile(0, 0),)


def test_the_empty_tree_needs_no_tiles() -> None:
    tree = VerifiedTree(0, EMPTY_ROOT)
    assert tree.missing_tiles([Range(0, 0)]) == ()
    assert tree.hash_of(Range(0, 0)) == EMPTY_ROOT


@pytest.mark.parametrize("place", range(5))
def test_a_changed_a_cut_and_a_swapped_tile_are_refused_and_nothing_is_taken(place: int) -> None:
    log = large_log()
    tree = tree_of(log)
    tiles = tree.missing_tiles([Range(0, 1_000)])
    good = dict(zip(tiles, log.read_tiles(tiles), strict=True))
    raw = bytes(good[tiles[place]])
    for bad in (raw[:-1] + bytes([raw[-1] ^ 1]), raw[:-32], bytes(len(raw)), raw + raw[:32]):
        with pytest.raises(TileError):
            tree.add(good | {tiles[place]: bad})
        assert tree.missing_tiles([Range(0, 1_000)]) == tiles
    tree.add(good)


def test_a_tile_of_another_place_is_refused() -> None:
    log = large_log()
    tree = tree_of(log)
    fill(tree, log)
    assert tree.missing_tiles([Range(256, 257)]) == (Tile(1, 0), Tile(0, 1))
    above, other = log.read_tiles([Tile(1, 0), Tile(0, 4)])
    with pytest.raises(TileError, match="above it"):
        tree.add({Tile(1, 0): above, Tile(0, 1): other})


def test_what_was_not_asked_for_is_not_known() -> None:
    log = large_log()
    tree = tree_of(log)
    with pytest.raises(TileError):
        tree.hash_of(Range(0, 70_000))
    with pytest.raises(TileError):
        tree.add({Tile(0, 3): log.read_tiles([Tile(0, 3)])[0]})
    with pytest.raises(TileError):
        tree.missing_tiles([Range(0, 70_001)])
