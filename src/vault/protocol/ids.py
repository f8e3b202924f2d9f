"""Ids that are hashes: account, key id, and the labels that keep one kind of hash from being read as another.

Source: docs/protocol.md sections 1 and 2.
"""

import hashlib
from typing import NewType

Account = NewType("Account", bytes)
"""32 bytes: the hash of a person's first sign key; never changes."""

StatementId = NewType("StatementId", bytes)
"""32 bytes: the hash of a statement's pre-authentication encoding."""

EngagementId = NewType("EngagementId", bytes)
"""16 random bytes: one coaching relationship."""

KeyId = NewType("KeyId", bytes)
"""16 bytes: the hash of a public key and its algorithm."""


def account_id(first_sign_public: bytes) -> Account:
    """The 32-byte account that a first Ed25519 public key certifies by itself."""
    return Account(hashlib.sha256(b"CV1 account\0" + first_sign_public).digest())


def key_id(algorithm: int, public: bytes) -> KeyId:
    """The 16-byte id of a public key; `algorithm` is 1 for Ed25519 and 2 for X-Wing."""
    return KeyId(hashlib.sha256(b"CV1 key\0" + bytes([algorithm]) + public).digest()[:16])
