"""Consistency proofs: known answers, every pair of many trees, and every proof that is a little wrong."""

from collections.abc import Iterator

import pytest

from tests.tlog.test_hashing import ENTRIES, ROOTS
from tests.tlog.trees import leaves, memory_log, naive_consistency, naive_root
from vault.tlog.consistency import verify_consistency
from vault.tlog.errors import ConsistencyError, TreeError
from vault.tlog.hashing import EMPTY_ROOT, leaf_hash
from vault.tlog.reader import consistency_reading

KNOWN = [
    (1, 1, []),
    (
        *(1, 8),
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        *(6, 8),
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        *(2, 5),
        [
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]


@pytest.mark.parametrize(("old", "new", "proof"), KNOWN)
def test_known_proofs_verify_and_are_the_ones_that_are_made(old: int, new: int, proof: list[str]) -> None:
    expected = [bytes.fromhex(one) for one in proof]
    verify_consistency(old, bytes.fromhex(ROOTS[old]), new, bytes.fromhex(ROOTS[new]), expected)
    assert naive_consistency(old, [leaf_hash(entry) for entry in ENTRIES[:new]]) == expected


def test_every_small_tree_is_the_beginning_of_every_larger_one() -> None:
    log, hashes = memory_log(40), leaves(40)
    roots = [naive_root(hashes[:size]) for size in range(41)]
    for new in range(41):
        for old in range(new + 1):
            proof = consistency_reading(old, new).read(log)
            assert list(proof) == (naive_consistency(old, hashes[:new]) if old else [])
            verify_consistency(old, roots[old], new, roots[new], proof)
            for wrong in {old - 1, old + 1} & set(range(41)):
                with pytest.raises(ConsistencyError):
                    verify_consistency(old, roots[wrong], new, roots[new], proof)
            if old < new:
                with pytest.raises(ConsistencyError):
                    verify_consistency(new, roots[new], old, roots[old], proof)


def mauled(proof: tuple[bytes, ...]) -> Iterator[tuple[bytes, ...]]:
    """Every proof that is a little different."""
    for place, one in enumerate(proof):
        before, after = proof[:place], proof[place + 1 :]
        yield (*before, *after)
        yield (*before, one, one, *after)
        yield (*before, bytes([one[0] ^ 1]) + one[1:], *after)
        yield (*before, one[:-1], *after)
        yield (*before, one + b"\0", *after)
        for later in range(place + 1, len(proof)):
            swapped = list(proof)
            swapped[place], swapped[later] = swapped[later], swapped[place]
            yield tuple(swapped)
    yield (*proof, bytes(32))
    yield (bytes(32), *proof)
    yield ()


@pytest.mark.parametrize(
    ("old", "new"), [(1, 2), (2, 5), (3, 7), (4, 7), (4, 8), (6, 7), (6, 8), (7, 8), (255, 300), (256, 300), (299, 300)]
)
def test_a_proof_that_is_a_little_wrong_is_refused(old: int, new: int) -> None:
    hashes = leaves(new)
    old_root, new_root = naive_root(hashes[:old]), naive_root(hashes)
    proof = tuple(naive_consistency(old, hashes))
    verify_consistency(old, old_root, new, new_root, proof)
    for other in mauled(proof):
        with pytest.raises(ConsistencyError):
            verify_consistency(old, old_root, new, new_root, other)
    for first, second in ((new_root, old_root), (old_root, old_root), (new_root, new_root), (bytes(32), new_root)):
        with pytest.raises(ConsistencyError):
            verify_consistency(old, first, new, second, proof)


def test_a_forked_log_is_never_consistent() -> None:
    hashes = leaves(70)
    for changed in (0, 31, 32, 40):
        forked = [*hashes]
        forked[changed] = bytes(32)
        with pytest.raises(ConsistencyError):
            verify_consistency(41, naive_root(hashes[:41]), 70, naive_root(forked), naive_consistency(41, forked))


def test_the_empty_tree_and_the_same_tree_need_no_hashes_and_take_none() -> None:
    root = leaves(1)[0]
    verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])
    verify_consistency(0, EMPTY_ROOT, 1, root, [])
    verify_consistency(1, root, 1, root, [])
    for old, old_root, new, new_root, proof in (
        (0, EMPTY_ROOT, 1, root, [root]),
        (1, root, 1, root, [root]),
        (0, EMPTY_ROOT, 0, EMPTY_ROOT, [root]),
        (1, root, 1, bytes(32), []),
        (0, root, 1, root, []),
        (0, root, 0, root, []),
        (0, EMPTY_ROOT, 0, root, []),
        (1, root, 0, EMPTY_ROOT, []),
        (-1, EMPTY_ROOT, 1, root, []),
        (1, root, 2, root, []),
    ):
        with pytest.raises(ConsistencyError):
            verify_consistency(old, old_root, new, new_root, proof)


def test_there_is_no_proof_to_a_smaller_tree() -> None:
    for old, new in ((2, 1), (-1, 1)):
        with pytest.raises(TreeError):
            consistency_reading(old, new)
