"""Consistency proofs: what shows that a tree is the beginning of a later one, so that nothing was taken back.

Source: RFC 9162 sections 2.1.4.1 and 2.1.4.2.
"""

from collections.abc import Sequence

from vault.tlog.errors import ConsistencyError, TreeError
from vault.tlog.hashing import EMPTY_ROOT, HASH_BYTES, node_hash
from vault.tlog.subtrees import Range, split


def consistency_ranges(old_size: int, new_size: int) -> tuple[Range, ...]:
    """The ranges whose hashes are the proof from one size to another, in its order; none from 0 or to the same size.

    Raises: TreeError for a new size that is smaller.
    """
    if not 0 <= old_size <= new_size:
        raise TreeError("expected a tree that has grown")
    if old_size in (0, new_size):
        return ()
    found = []
    start, end = 0, new_size
    while old_size < end:
        middle = start + split(end - start)
        if old_size <= middle:
            found.append(Range(middle, end))
            end = middle
        else:
            found.append(Range(start, middle))
            start = middle
    if start:  # else the old tree is one complete subtree, whose hash the verifier has: the old root
        found.append(Range(start, end))
    return tuple(reversed(found))


def verify_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Return if `proof` shows the tree of `old_size` leaves as the beginning of the one of `new_size`.

    Every tree begins with the empty one, and with itself: then the proof is empty. Sizes and roots are those of
    verified checkpoints.

    Raises: ConsistencyError.
    """
    if not 0 <= old_size <= new_size:
        raise ConsistencyError("expected a tree that has not shrunk")
    if (old_size == 0 and old_root != EMPTY_ROOT) or (new_size == 0 and new_root != EMPTY_ROOT):
        raise ConsistencyError("expected the empty tree's root")
    if old_size == new_size and old_root != new_root:
        raise ConsistencyError("expected the same root for the same size")
    if old_size in (0, new_size):
        if proof:
            raise ConsistencyError("expected no hashes where none are needed")
        return
    _verify_growth(old_size, old_root, new_size, new_root, proof)


def _verify_growth(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    if not proof or any(len(one) != HASH_BYTES for one in proof):
        raise ConsistencyError("expected hashes of 32 bytes")
    hashes = list(proof)
    if old_size & (old_size - 1) == 0:
        hashes.insert(0, old_root)
    place, last = old_size - 1, new_size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise ConsistencyError("expected fewer hashes")
        if place & 1 or place == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        place, last = place >> 1, last >> 1
    if last != 0:
        raise ConsistencyError("expected more hashes")
    if (old, new) != (old_root, new_root):
        raise ConsistencyError("the proof does not lead to both roots")
