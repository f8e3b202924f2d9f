"""What stands for chance in the vectors: bytes that follow from a name, the same in every run."""

import hashlib


def chance(name: str, size_bytes: int) -> bytes:
    """`size_bytes` bytes for `name`."""
    return hashlib.shake_256(f"coach-vault vectors: {name}".encode()).digest(size_bytes)
