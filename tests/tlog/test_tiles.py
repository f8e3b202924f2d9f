"""Tiles and bundles: the paths and widths of C2SP tlog-tiles, and everything that is not quite one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tlog.trees import leaves
from vault.tlog.errors import TileError
from vault.tlog.hashing import leaf_hash
from vault.tlog.subtrees import Subtree
from vault.tlog.tiles import (
    Bundle,
    Tile,
    all_bundles,
    all_tiles,
    bundle_bytes,
    find_tile,
    partial_tiles,
    require_entries_of_tile,
    tile_of,
)


@pytest.mark.parametrize(
    ("path", "tile"),
    [
        ("tile/0/000", Tile(0, 0)),
        ("tile/0/x001/x234/067", Tile(0, 1_234_067)),
        ("tile/1/999", Tile(1, 999)),
        ("tile/1/x001/000", Tile(1, 1_000)),
        ("tile/0/273.p/112", Tile(0, 273, 112)),
        ("tile/63/000.p/1", Tile(63, 0, 1)),
        ("tile/0/x009/x007/x199/x254/x740/991.p/255", Tile(0, 2**53 - 1, 255)),
    ],
)
def test_a_tile_has_one_path(path: str, tile: Tile) -> None:
    assert tile.path == path
    assert Tile.parse(path) == tile


@pytest.mark.parametrize(
    ("path", "bundle"),
    [
        ("tile/entries/000", Bundle(0)),
        ("tile/entries/x001/x234/067", Bundle(1_234_067)),
        ("tile/entries/273.p/112", Bundle(273, 112)),
    ],
)
def test_a_bundle_has_one_path(path: str, bundle: Bundle) -> None:
    assert bundle.path == path
    assert Bundle.parse(path) == bundle


NUMBERS = [
    *(
        "",
        "0",
        "00",
        "0000",
        "x000/000",
        "x000/001",
        "000/000",
        "x001",
        "x001/",
        "/000",
        "x001/x000",
        "X001/000",
        "001/",
    ),
    *("000.p", "000.p/", "000.p/0", "000.p/00", "000.p/01", "000.p/001", "000.p/256", "000.p/257", "000.p/1000"),
    *(
        "000.p/-1",
        "000.p/1/",
        "000/.p/1",
        "000.p/1\n",
        "000\n",
        " 000",
        "000 ",
        "\u0660\u0660\u0660",
        "000.P/1",
        "000p/1",
        "-01",
        "0x1",
    ),
    *("x009/x007/x199/x254/x740/992", "x999/x999/x999/x999/x999/999", "x001/x999/x999/x999/x999/x999/x999/999"),
]


@pytest.mark.parametrize("number", NUMBERS)
def test_any_other_spelling_names_nothing(number: str) -> None:
    for read, path in ((Tile.parse, f"tile/0/{number}"), (Bundle.parse, f"tile/entries/{number}")):
        with pytest.raises(TileError):
            read(path)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "",
            "tile",
            "tile/000",
            "tile//000",
            "tile/00/000",
            "tile/01/000",
            "tile/64/000",
            "tile/-1/000",
            "tile/100/000",
        ),
        *(
            "tile/0/0/000",
            "/tile/0/000",
            "Tile/0/000",
            "tile/entries/000",
            "tile/data/000",
            "tile/8/0/000",
            "checkpoint",
        ),
    ],
)
def test_any_other_path_names_no_tile(path: str) -> None:
    with pytest.raises(TileError):
        Tile.parse(path)


def test_a_tile_outside_the_tree_of_tiles_cannot_be() -> None:
    for level, index, width in ((-1, 0, 1), (64, 0, 1), (0, -1, 1), (0, 2**53, 1), (0, 0, 0), (0, 0, 257)):
        with pytest.raises(TileError):
            Tile(level, index, width)
    for index, width in ((-1, 1), (2**53, 1), (0, 0), (0, 257)):
        with pytest.raises(TileError):
            Bundle(index, width)


def test_a_tree_of_70000_leaves_has_the_tiles_that_the_specification_counts() -> None:
    tiles = list(all_tiles(70_000))
    assert [sum(1 for tile in tiles if (tile.level, tile.width) == (level, 256)) for level in range(3)] == [273, 1, 0]
    assert [tile for tile in tiles if tile.width < 256] == list(partial_tiles(70_000))
    assert partial_tiles(70_000) == (Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1))


def test_a_tree_of_256_leaves_has_a_full_tile_and_a_partial_one_above() -> None:
    assert list(all_tiles(256)) == [Tile(0, 0), Tile(1, 0, 1)]
    assert partial_tiles(256) == (Tile(1, 0, 1),)


def test_the_empty_tree_has_no_tiles() -> None:
    assert (list(all_tiles(0)), partial_tiles(0), list(all_bundles(0, 0))) == ([], (), [])


@given(st.integers(0, 2**53 - 1), st.integers(0, 6))
def test_a_partial_tile_is_as_wide_as_the_formula_of_the_specification_says(size: int, level: int) -> None:
    widths = [tile.width for tile in partial_tiles(size) if tile.level == level]
    width = size // 256**level % 256
    assert widths == ([width] if width else [])


def test_a_tile_is_found_as_wide_as_the_tree_has_it() -> None:
    assert [find_tile(0, index, 300) for index in range(3)] == [Tile(0, 0), Tile(0, 1, 44), None]
    assert [find_tile(1, 0, size) for size in (255, 256, 600)] == [None, Tile(1, 0, 1), Tile(1, 0, 2)]


def test_bundles_hold_the_entries_from_a_place_on() -> None:
    assert list(all_bundles(0, 600)) == [Bundle(0), Bundle(1), Bundle(2, 88)]
    assert list(all_bundles(256, 512)) == [Bundle(1)]
    assert list(all_bundles(255, 257)) == [Bundle(0), Bundle(1, 1)]
    assert list(all_bundles(300, 300)) == [Bundle(1, 44)]
    assert next(all_bundles(0, 1 << 40)) == Bundle(0), "no list of what a log claims to hold"


def test_a_subtree_stands_in_the_tile_of_its_level() -> None:
    assert tile_of(Subtree(7, 1), 256) == Tile(0, 0)
    assert tile_of(Subtree(8, 0), 256) == Tile(1, 0, 1)
    assert tile_of(Subtree(0, 299), 300) == Tile(0, 1, 44)
    for subtree in (Subtree(0, 300), Subtree(2, 75), Subtree(9, 0), Subtree(8, 1)):
        with pytest.raises(TileError):
            tile_of(subtree, 300)


def test_the_bytes_of_a_tile_are_its_hashes() -> None:
    hashes = leaves(3)
    assert Tile(0, 0, 3).hashes(b"".join(hashes)) == tuple(hashes)
    for raw in (b"", bytes(95), bytes(97), bytes(64), bytes(128)):
        with pytest.raises(TileError):
            Tile(0, 0, 3).hashes(raw)


def test_the_bytes_of_a_bundle_are_lengths_and_entries() -> None:
    entries = (b"", b"a", b"bc" * 300)
    raw = b"\x00\x00" + b"\x00\x01a" + b"\x02\x58" + b"bc" * 300
    assert bundle_bytes(entries) == raw
    assert Bundle(0, 3).entries(raw) == entries
    assert Bundle(0, 1).entries(bundle_bytes([b"x" * 65_535])) == (b"x" * 65_535,)
    with pytest.raises(TileError):
        bundle_bytes([b"x" * 65_536])


@pytest.mark.parametrize(
    "raw",
    [b"", b"\0", b"\0\1", b"\0\1a", b"\0\1a\0", b"\0\1a\0\2b", b"\0\1a\0\1bc", b"\0\1a\0\1b\0\0", b"\0\1a\0\1b\0"],
)
def test_a_bundle_of_other_bytes_is_refused(raw: bytes) -> None:
    assert Bundle(0, 2).entries(b"\0\1a\0\1b") == (b"a", b"b")
    with pytest.raises(TileError):
        Bundle(0, 2).entries(raw)


def test_entries_are_those_of_the_tile_beside_them() -> None:
    entries = [b"a", b"b"]
    hashes = [leaf_hash(entry) for entry in entries]
    require_entries_of_tile(entries, hashes)
    for other in ([b"a"], [b"b", b"a"], [b"a", b"b", b"c"], []):
        with pytest.raises(TileError):
            require_entries_of_tile(other, hashes)
