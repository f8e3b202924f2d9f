"""The frontier against a tree that is computed from scratch, and its spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tlog.trees import MemoryLog, leaves, naive_inclusion, naive_root
from vault.tlog.errors import TreeError
from vault.tlog.frontier import EMPTY, Frontier
from vault.tlog.hashing import EMPTY_ROOT
from vault.tlog.inclusion import verify_inclusion
from vault.tlog.reader import consistency_reading, inclusion_reading, read_frontier, root_reading
from vault.tlog.tiles import TileHash, all_tiles

HASHES = leaves(1_200)


@given(st.lists(st.integers(0, 300), max_size=4), st.data())
def test_frontier_tiles_and_the_tree_from_scratch_agree(batches: list[int], data: st.DataObject) -> None:
    log, size = MemoryLog(), 0
    for batch in batches:
        start, size = size, size + batch
        appended = log.frontier.append(HASHES[start:size])
        assert appended.start == start
        log.append(*HASHES[start:size])
        assert log.frontier == appended.frontier == Frontier.parse(log.frontier.to_bytes())
        assert log.frontier.root == naive_root(HASHES[:size]) == root_reading(size).read(log)[0]
        assert read_frontier(log, size) == log.frontier
        if batch:
            index = data.draw(st.integers(start, size - 1))
            proof = appended.inclusion_proof(index)
            assert proof == inclusion_reading(index, size).read(log) == tuple(naive_inclusion(index, HASHES[:size]))
            verify_inclusion(HASHES[index], index, size, log.frontier.root, proof)
    assert {(tile.level, tile.index): tile.width * 32 for tile in all_tiles(size)} == {
        place: len(raw) for place, raw in log.tiles.items()
    }
    old = data.draw(st.integers(0, size))
    assert log.frontier == read_frontier(log, old).append(HASHES[old:size]).frontier
    assert len(consistency_reading(old, size).read(log)) <= 2 * size.bit_length()


def test_the_hashes_of_a_batch_go_to_the_ends_of_their_tiles_in_order() -> None:
    appended = EMPTY.append(HASHES[:257])
    assert [one.hash for one in appended.tile_hashes if one.level == 0] == HASHES[:257]
    assert [one for one in appended.tile_hashes if one.level] == [TileHash(1, 0, naive_root(HASHES[:256]))]


def test_appending_nothing_changes_nothing() -> None:
    appended = EMPTY.append(HASHES[:5]).frontier.append([])
    assert appended.frontier == EMPTY.append(HASHES[:5]).frontier
    assert appended.tile_hashes == ()


def test_only_leaves_of_the_batch_are_proven_from_it() -> None:
    appended = EMPTY.append(HASHES[:5]).frontier.append(HASHES[5:9])
    for index in (0, 4, 9, -1):
        with pytest.raises(TreeError):
            appended.inclusion_proof(index)


def test_a_frontier_is_spelled_as_its_size_and_its_hashes() -> None:
    frontier = EMPTY.append(HASHES[:6]).frontier
    assert frontier.to_bytes() == b"\0" * 7 + b"\6" + naive_root(HASHES[:4]) + naive_root(HASHES[4:6])
    assert EMPTY.to_bytes() == bytes(8)
    assert EMPTY.root == EMPTY_ROOT
    largest = Frontier(2**53 - 1, (bytes(32),) * 53)
    assert len(largest.to_bytes()) == 1_704
    assert Frontier.parse(largest.to_bytes()) == largest


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", bytes(7), bytes(8) + bytes(32), b"\0" * 7 + b"\1", b"\0" * 7 + b"\1" + bytes(31), bytes(9)),
        *(b"\0" * 7 + b"\3" + bytes(32), b"\0" * 7 + b"\2" + bytes(64), b"\0\x20" + bytes(6) + bytes(32)),
    ],
)
def test_bytes_that_are_no_frontier_are_refused(raw: bytes) -> None:
    with pytest.raises(TreeError):
        Frontier.parse(raw)


def test_only_hashes_are_appended() -> None:
    for leaf in (b"", bytes(31), bytes(33)):
        with pytest.raises(TreeError):
            EMPTY.append([leaf])


def test_a_tree_ends_where_integers_end() -> None:
    with pytest.raises(TreeError):
        Frontier(2**53 - 1, (bytes(32),) * 53).append([bytes(32)])
