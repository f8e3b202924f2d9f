"""Checkpoints: the size and root of a log's tree, signed by the log.

This project's logs sign with type 0x01 under a key name equal to the origin, and write no extension lines: what a
witness does not vouch for has no place in a checkpoint.

Source: C2SP tlog-checkpoint.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from vault import ed25519
from vault.encoding import MAXIMUM_INTEGER, read_base64, read_decimal, write_base64
from vault.errors import EncodingError
from vault.tlog.errors import CheckpointError, NoteError
from vault.tlog.hashing import EMPTY_ROOT, HASH_BYTES
from vault.tlog.signed_note import (
    Note,
    NoteSignature,
    SignatureType,
    VerifierKey,
    key_id,
    require_key_name,
    verify_note,
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tree of the log `origin`: its size in leaves and its 32-byte root."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        """Raises: CheckpointError for an origin that is no key name, or a size and root that no tree has."""
        try:
            require_key_name(self.origin)
        except NoteError:
            raise CheckpointError("expected an origin without spaces and plus") from None
        if not 0 <= self.size <= MAXIMUM_INTEGER or len(self.root) != HASH_BYTES:
            raise CheckpointError("expected a size of at most 2^53-1 and a root of 32 bytes")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise CheckpointError("expected the empty tree's root")

    @classmethod
    def parse(cls, text: str) -> Self:
        """The checkpoint that a note's text spells. Raises: CheckpointError, also for an extension line."""
        lines = text.split("\n")
        if len(lines) != 4 or lines[3] != "":
            raise CheckpointError("expected three lines: origin, size and root")
        try:
            return cls(lines[0], read_decimal(lines[1]), read_base64(lines[2], HASH_BYTES))
        except EncodingError:
            raise CheckpointError("expected a decimal size and a root in base64") from None

    def to_text(self) -> str:
        """The text that is signed; `parse` gives the same checkpoint back."""
        return f"{self.origin}\n{self.size}\n{write_base64(self.root)}\n"


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint and the signatures under it. Holding one says nothing about who signed it."""

    checkpoint: Checkpoint
    signatures: tuple[NoteSignature, ...]

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """The signed checkpoint that bytes spell. Raises: NoteError, CheckpointError."""
        note = Note.parse(raw)
        return cls(Checkpoint.parse(note.text), note.signatures)

    @property
    def note(self) -> Note:
        """The note that it is."""
        return Note(self.checkpoint.to_text(), self.signatures)

    def to_bytes(self) -> bytes:
        """The note's bytes; `parse` gives the same back."""
        return self.note.to_bytes()

    def with_signatures(self, *signatures: NoteSignature) -> "SignedCheckpoint":
        """The same checkpoint with more signatures, such as a witness's answer."""
        return SignedCheckpoint(self.checkpoint, (*self.signatures, *signatures))

    def verify(self, logs: Sequence[VerifierKey]) -> Checkpoint:
        """The checkpoint, if the log that it names signed it with one of its keys in `logs`.

        Raises: SignatureError where none of the keys has the origin's name, none signed, or one's signature is wrong.
        """
        verify_note(self.note, [log for log in logs if log.name == self.checkpoint.origin])
        return self.checkpoint


def sign_checkpoint(checkpoint: Checkpoint, seed: bytes) -> SignedCheckpoint:
    """The checkpoint, signed by its log with a 32-byte Ed25519 seed.

    Whoever calls has made sure that it continues every checkpoint signed before.
    """
    identity = key_id(checkpoint.origin, SignatureType.ED25519, ed25519.public_key(seed))
    signature = ed25519.sign(seed, checkpoint.to_text().encode("utf-8"))
    return SignedCheckpoint(checkpoint, (NoteSignature(checkpoint.origin, identity, signature),))
