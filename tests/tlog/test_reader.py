"""Proofs out of tiles: the fewest that are needed, and only whole ones."""

import pytest

from tests.tlog.trees import leaves, memory_log, naive_root
from vault.tlog.errors import TileError
from vault.tlog.frontier import EMPTY
from vault.tlog.reader import consistency_reading, frontier_reading, inclusion_reading, read_frontier, root_reading
from vault.tlog.tiles import Tile


def test_a_proof_takes_one_tile_a_level_and_the_right_edge() -> None:
    assert inclusion_reading(1_000, 70_000).tiles == (*(Tile(0, 3), Tile(1, 0), Tile(1, 1, 17), Tile(0, 273, 112)),)
    assert consistency_reading(69_999, 70_000).tiles == (Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1))
    assert (
        root_reading(70_000).tiles
        == frontier_reading(70_000).tiles
        == (*(Tile(2, 0, 1), Tile(1, 1, 17), Tile(0, 273, 112)),)
    )


def test_all_tiles_are_read_in_one_go_and_none_twice() -> None:
    log = memory_log(70_000)
    assert root_reading(70_000).read(log) == (naive_root(leaves(70_000)),)
    inclusion_reading(1_000, 70_000).read(log)
    assert log.read == [*root_reading(70_000).tiles, *inclusion_reading(1_000, 70_000).tiles]
    assert len(set(log.read[3:])) == len(log.read[3:])


def test_the_empty_tree_is_read_without_tiles() -> None:
    log = memory_log(0)
    assert read_frontier(log, 0) == EMPTY
    assert root_reading(0).tiles == ()
    assert root_reading(0).read(log) == (EMPTY.root,)


def test_missing_surplus_and_cut_tiles_are_refused() -> None:
    reading, log = inclusion_reading(5, 300), memory_log(300)
    raw = log.read_tiles(reading.tiles)
    assert reading.hashes(raw) == reading.read(log)
    for other in (raw[:-1], [*raw, raw[0]], [raw[0][:-32], *raw[1:]], [raw[0] + bytes(32), *raw[1:]], []):
        with pytest.raises(TileError):
            reading.hashes(other)


def test_a_reader_who_follows_the_log_checks_new_entries_and_growth_at_once() -> None:
    hashes, log = leaves(600), memory_log(600)
    mine = read_frontier(log, 300)
    assert mine.root == naive_root(hashes[:300])
    assert mine.append(hashes[300:]).frontier.root == log.frontier.root
    swapped = [*hashes[300:]]
    swapped[7], swapped[8] = swapped[8], swapped[7]
    for other in (hashes[301:], [*hashes[300:], bytes(32)], swapped):
        assert mine.append(other).frontier.root != log.frontier.root
