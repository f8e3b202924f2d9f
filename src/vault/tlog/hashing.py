"""The hashes of a Merkle tree: of a leaf, of a node, of the empty tree.

Source: RFC 9162 section 2.1.1, with SHA-256.
"""

import hashlib

HASH_BYTES = 32

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of the tree without leaves."""


def leaf_hash(entry: bytes) -> bytes:
    """The 32-byte hash of a leaf that holds `entry`."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The 32-byte hash of a node above two others; no leaf has the same, because the first byte differs."""
    return hashlib.sha256(b"\x01" + left + right).digest()
