"""Bytes of the right shape that nothing can open: a server sees no difference, and tests need no secret."""

from tests.policy.people import digest, x25519_of
from vault import ed25519
from vault.protocol.blob import bucket_bytes
from vault.protocol.keyring_layout import keyring_start
from vault.protocol.limits import SUITE
from vault.protocol.slot import SlotHeader
from vault.protocol.vocabulary import BLOB_KIND_CODES, BlobKind


def noise(size_bytes: int, *words: object) -> bytes:
    """So many bytes, the same for the same words."""
    blocks = (digest(*words, index) for index in range(size_bytes // 32 + 1))
    return b"".join(blocks)[:size_bytes]


def make_blob(kind: BlobKind, *words: object, length_bytes: int = 1) -> bytes:
    """A blob of that kind around content of `length_bytes`."""
    bucket = 8_192 if kind is BlobKind.ESCALATION else bucket_bytes(length_bytes)
    return b"CVB1" + bytes([SUITE, BLOB_KIND_CODES[kind], 0, 0]) + noise(24 + 32 + bucket + 16, "blob", *words)


def make_seal(*words: object) -> bytes:
    """A seal: its X25519 half is a point of prime order, the rest is noise."""
    point = x25519_of(ed25519.public_key(digest("seal of", *words)))
    return noise(1_088, "encapsulation", *words) + point + noise(48, "sealed key", *words)


def make_keyring(sequence: int) -> bytes:
    """A keyring of that sequence."""
    return keyring_start(sequence) + noise(24 + 32 + 4_096 + 16, "keyring", sequence)


def make_slot(kind: int, account: bytes, *words: object) -> bytes:
    """A slot of that kind."""
    return SlotHeader.new(kind, account, noise(16, "slot", *words)).to_bytes() + noise(80, "slot key", *words)
