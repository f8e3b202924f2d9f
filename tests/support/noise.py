"""Bytes of the right shape that nothing can open: a server sees no difference, and tests need no secret."""

import hashlib

from tests.support.people import digest, x25519_of
from vault import ed25519
from vault.protocol.keyring_layout import keyring_start
from vault.protocol.limits import SEAL_BYTES, SLOT_BYTES, SUITE
from vault.protocol.slot import SlotHeader
from vault.protocol.statements import BlobRef
from vault.protocol.vocabulary import BLOB_KIND_CODES, BlobKind

_FRAME_BYTES = 24 + 32 + 16
"""What stands around sealed content: salt, commitment, tag."""
_POINT = slice(1_088, 1_120)
"""Where a seal has its X25519 half."""


def noise(size_bytes: int, *words: object) -> bytes:
    """So many bytes that look random, the same for the same words."""
    return hashlib.shake_256(" ".join(map(str, words)).encode()).digest(size_bytes)


def make_blob(kind: BlobKind, *words: object) -> bytes:
    """A blob of that kind, of the smallest size that it comes in."""
    bucket = 8_192 if kind is BlobKind.ESCALATION else 4_096
    return b"CVB1" + bytes([SUITE, BLOB_KIND_CODES[kind], 0, 0]) + noise(_FRAME_BYTES + bucket, "blob", *words)


def make_seal(*words: object) -> bytes:
    """A seal: its X25519 half is a point of prime order, the rest is noise."""
    raw = noise(SEAL_BYTES, "seal", *words)
    point = x25519_of(ed25519.public_key(digest("encapsulation", *words)))
    return raw[: _POINT.start] + point + raw[_POINT.stop :]


def make_keyring(sequence: int, *words: object) -> bytes:
    """A keyring of that sequence."""
    return keyring_start(sequence) + noise(_FRAME_BYTES + 4_096, "keyring", *words, sequence)


def make_slot(kind: int, account: bytes, *words: object) -> bytes:
    """A slot of that kind."""
    header = SlotHeader.new(kind, account, noise(16, "slot salt", *words, kind)).to_bytes()
    return header + noise(SLOT_BYTES - len(header), "slot", *words, kind)


def blob_ref(raw: bytes) -> BlobRef:
    """How a statement names stored bytes."""
    return BlobRef(sha256=hashlib.sha256(raw).digest(), size=len(raw))
