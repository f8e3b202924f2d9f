"""Slots: the layout of a wrapped keyring key, the bounds of its parameters, and the header that nobody has.

Source: docs/protocol.md sections 8 and 12.
"""

import hmac
from dataclasses import dataclass
from typing import Self

from vault.errors import SlotShapeError, SuiteError
from vault.protocol.limits import SLOT_BYTES, SLOT_HEADER_BYTES, SUITE
from vault.protocol.vocabulary import KDF_ARGON2ID, KDF_NONE, SLOT_KINDS, SLOT_RECOVERY_CODE

MAGIC = b"CVK1"
SALT_BYTES = 16

PASSES_NEW = 3
PASSES_MINIMUM = 3
PASSES_MAXIMUM = 10
MEMORY_NEW_KIB = 262_144
MEMORY_MINIMUM_KIB = 65_536
MEMORY_MAXIMUM_KIB = 1_048_576


@dataclass(frozen=True, slots=True)
class SlotHeader:
    """The public 64 bytes of a slot: kind, how its key is derived, a 16-byte salt, the 32-byte account."""

    kind: int
    kdf: int
    lanes: int
    passes: int
    memory_kib: int
    salt: bytes
    account: bytes

    @classmethod
    def new(cls, kind: int, account: bytes, salt: bytes) -> Self:
        """The header of a new slot, whose parameters are constants and never a server's wish."""
        if kind == SLOT_RECOVERY_CODE:
            return cls(kind, KDF_NONE, 0, 0, 0, salt, account)
        return cls(kind, KDF_ARGON2ID, 1, PASSES_NEW, MEMORY_NEW_KIB, salt, account)

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """The header that 64 bytes spell. Whether its parameters are allowed is asked by `is_allowed`.

        Raises: SlotShapeError; SuiteError for another suite.
        """
        if len(raw) != SLOT_HEADER_BYTES or raw[0:4] != MAGIC:
            raise SlotShapeError("expected a slot header of 64 bytes that starts with CVK1")
        if raw[4] != SUITE:
            raise SuiteError("expected suite 1")
        return cls(
            kind=raw[5],
            kdf=raw[6],
            lanes=raw[7],
            passes=int.from_bytes(raw[8:12], "big"),
            memory_kib=int.from_bytes(raw[12:16], "big"),
            salt=raw[16:32],
            account=raw[32:64],
        )

    def to_bytes(self) -> bytes:
        """The 64 bytes; `parse` gives the same header back."""
        return (
            MAGIC
            + bytes([SUITE, self.kind, self.kdf, self.lanes])
            + self.passes.to_bytes(4, "big")
            + self.memory_kib.to_bytes(4, "big")
            + self.salt
            + self.account
        )

    def is_allowed(self) -> bool:
        """Whether kind and derivation fit, with passes and memory between floor and cap."""
        if self.kind == SLOT_RECOVERY_CODE:
            return (self.kdf, self.lanes, self.passes, self.memory_kib) == (KDF_NONE, 0, 0, 0)
        return (
            self.kind in SLOT_KINDS
            and (self.kdf, self.lanes) == (KDF_ARGON2ID, 1)
            and PASSES_MINIMUM <= self.passes <= PASSES_MAXIMUM
            and MEMORY_MINIMUM_KIB <= self.memory_kib <= MEMORY_MAXIMUM_KIB
        )


def require_slot_shape(slot: bytes, account: bytes, kind: int) -> None:
    """Return if the bytes can be a slot of `kind` of `account`, with parameters between floors and caps.

    Raises: SlotShapeError; SuiteError for another suite.
    """
    if len(slot) != SLOT_BYTES:
        raise SlotShapeError(f"expected a slot of {SLOT_BYTES} bytes")
    header = SlotHeader.parse(slot[:SLOT_HEADER_BYTES])
    if header.kind != kind or header.account != account:
        raise SlotShapeError("expected a slot of the named kind and account")
    if not header.is_allowed():
        raise SlotShapeError("expected parameters between the floors and the caps")


def fake_slot_header(server_secret: bytes, account: bytes, kind: int) -> bytes:
    """The 64 bytes that stand for a slot which does not exist: always the same, and like a new one's.

    So an answer does not tell whether an account exists or which slots it has.
    """
    salt = hmac.digest(server_secret, account + bytes([kind]), "sha256")[:SALT_BYTES]
    return SlotHeader.new(kind, account, salt).to_bytes()
