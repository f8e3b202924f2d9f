"""Inclusion proofs: known answers, every place of many trees, and every proof that is a little wrong."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tlog.test_hashing import ENTRIES, ROOTS
from tests.tlog.trees import leaves, memory_log, naive_inclusion, naive_root
from vault.tlog.errors import InclusionError, TreeError
from vault.tlog.hashing import leaf_hash
from vault.tlog.inclusion import inclusion_ranges, verify_inclusion
from vault.tlog.reader import inclusion_reading

KNOWN = [
    (0, 1, []),
    (
        *(0, 8),
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        *(5, 8),
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        *(1, 5),
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]

Given = tuple[int, int, tuple[bytes, ...]]
"""Index, size, proof."""


@pytest.mark.parametrize(("index", "size", "proof"), KNOWN)
def test_known_proofs_verify_and_are_the_ones_that_are_made(index: int, size: int, proof: list[str]) -> None:
    expected = [bytes.fromhex(one) for one in proof]
    verify_inclusion(leaf_hash(ENTRIES[index]), index, size, bytes.fromhex(ROOTS[size]), expected)
    assert naive_inclusion(index, [leaf_hash(entry) for entry in ENTRIES[:size]]) == expected


def test_every_leaf_of_every_small_tree_is_proven_at_its_place_and_at_no_other() -> None:
    log = memory_log(40)
    for size in range(1, 41):
        root = naive_root(leaves(size))
        for index, leaf in enumerate(leaves(size)):
            proof = inclusion_reading(index, size).read(log)
            assert list(proof) == naive_inclusion(index, leaves(size))
            verify_inclusion(leaf, index, size, root, proof)
            for other in set(range(-1, size + 2)) - {index}:
                with pytest.raises(InclusionError):
                    verify_inclusion(leaf, other, size, root, proof)


def mauled(index: int, size: int, proof: tuple[bytes, ...]) -> Iterator[Given]:
    """Everything that is a little different."""
    for place, one in enumerate(proof):
        without, before, after = proof[:place] + proof[place + 1 :], proof[:place], proof[place + 1 :]
        yield index, size, without
        yield index, size, (*before, one, one, *after)
        yield index, size, (*before, bytes([one[0] ^ 1]) + one[1:], *after)
        yield index, size, (*before, one[:-1], *after)
        yield index, size, (*before, one + b"\0", *after)
        for later in range(place + 1, len(proof)):
            swapped = list(proof)
            swapped[place], swapped[later] = swapped[later], swapped[place]
            yield index, size, tuple(swapped)
    yield index, size, (*proof, bytes(32))
    yield index + 1, size, proof
    yield index - 1, size, proof
    yield index, 0, proof
    yield size, size, proof


SHAPES = [(0, 2), (0, 7), (3, 7), (6, 7), (4, 5), (100, 300), (299, 300), (256, 257), (255, 256)]


@pytest.mark.parametrize(("index", "size"), SHAPES)
def test_a_proof_that_is_a_little_wrong_is_refused(index: int, size: int) -> None:
    hashes = leaves(size)
    proof = tuple(naive_inclusion(index, hashes))
    root = naive_root(hashes)
    verify_inclusion(hashes[index], index, size, root, proof)
    for other_index, other_size, other_proof in mauled(index, size, proof):
        with pytest.raises(InclusionError):
            verify_inclusion(hashes[index], other_index, other_size, root, other_proof)
    for other_leaf, other_root in ((hashes[index - 1], root), (hashes[index], hashes[0])):
        with pytest.raises(InclusionError):
            verify_inclusion(other_leaf, index, size, other_root, proof)


@pytest.mark.parametrize(("index", "size"), SHAPES)
def test_the_size_is_bound_by_the_checkpoint_and_where_the_shape_differs_by_the_proof(index: int, size: int) -> None:
    hashes = leaves(size + 1)
    proof = naive_inclusion(index, hashes[:size])
    root = naive_root(hashes[:size])
    for other in (size - 1, size + 1):
        same_shape = index < other and sides(index, size) == sides(index, other)
        if same_shape:
            verify_inclusion(hashes[index], index, other, root, proof)
        else:
            with pytest.raises(InclusionError):
                verify_inclusion(hashes[index], index, other, root, proof)


def sides(index: int, size: int) -> list[bool]:
    """On which side of the leaf each hash of its proof is."""
    return [part.start > index for part in inclusion_ranges(index, size)]


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 1), (5, 4)])
def test_there_is_no_proof_of_what_is_not_in_the_tree(index: int, size: int) -> None:
    with pytest.raises(TreeError):
        inclusion_reading(index, size)


@given(st.data())
def test_proofs_of_huge_trees_are_as_long_as_the_tree_is_high(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 2**53 - 1))
    index = data.draw(st.integers(0, size - 1))
    ranges = inclusion_ranges(index, size)
    assert len(ranges) <= size.bit_length()
    parts = sorted([*ranges, (index, index + 1)])
    assert parts[0][0] == 0
    assert parts[-1][1] == size
    assert [one[1] for one in parts[:-1]] == [one[0] for one in parts[1:]], "the proof covers the tree exactly"
