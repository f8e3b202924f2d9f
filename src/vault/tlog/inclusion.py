"""Inclusion proofs: what shows that a leaf stands at its place in a tree.

Source: RFC 9162 sections 2.1.3.1 and 2.1.3.2.
"""

from collections.abc import Sequence

from vault.tlog.errors import InclusionError, TreeError
from vault.tlog.hashing import HASH_BYTES, node_hash
from vault.tlog.subtrees import Range, split


def inclusion_ranges(index: int, size: int) -> tuple[Range, ...]:
    """The ranges whose hashes are the proof of leaf `index` (from 0) in the tree of `size` leaves, in its order.

    Raises: TreeError for a leaf that is not in the tree.
    """
    if not 0 <= index < size:
        raise TreeError("expected a leaf of the tree")
    found = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            found.append(Range(middle, end))
            end = middle
        else:
            found.append(Range(start, middle))
            start = middle
    return tuple(reversed(found))


def inclusion_root(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root of the tree of `size` leaves in which `proof` puts the leaf hash `leaf` at `index`.

    Raises: InclusionError where the proof is too short or too long, or where there is no such place.
    """
    if not 0 <= index < size:
        raise InclusionError("expected a leaf of the tree")
    place, last, root = index, size - 1, leaf
    for sibling in proof:
        if last == 0 or len(sibling) != HASH_BYTES:
            raise InclusionError("expected as many hashes of 32 bytes as there are levels")
        if place & 1 or place == last:
            root = node_hash(sibling, root)
            while not place & 1 and place:  # levels at which the right edge of the tree has no sibling
                place, last = place >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        place, last = place >> 1, last >> 1
    if last != 0:
        raise InclusionError("expected as many hashes of 32 bytes as there are levels")
    return root


def verify_inclusion(leaf: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Return if `proof` shows the leaf hash `leaf` at `index` (from 0) under `root`.

    `size` and `root` are those of one verified checkpoint: a root alone does not fix the size of its tree.

    Raises: InclusionError.
    """
    if inclusion_root(leaf, index, size, proof) != root:
        raise InclusionError("the proof does not lead to the root of the tree")
