"""Proofs that travel: one text that shows, without asking anybody, that an entry is in a log.

Proofs of this project have no `extra` line: nothing would vouch for it.

Source: C2SP tlog-proof.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from vault.encoding import read_base64, read_decimal, write_base64
from vault.errors import EncodingError
from vault.tlog.checkpoint import Checkpoint, SignedCheckpoint
from vault.tlog.errors import TlogProofError
from vault.tlog.hashing import HASH_BYTES
from vault.tlog.inclusion import verify_inclusion
from vault.tlog.signed_note import VerifierKey

HASHES_MAXIMUM = 63

_HEADER = "c2sp.org/tlog-proof@v1"
_INDEX = "index "


@dataclass(frozen=True, slots=True)
class TlogProof:
    """Where an entry stands (from 0), the hashes from its sibling up, and the checkpoint that they lead to."""

    index: int
    hashes: tuple[bytes, ...]
    signed: SignedCheckpoint

    def __post_init__(self) -> None:
        """Raises: TlogProofError for an entry that cannot be in the tree."""
        if not 0 <= self.index < self.signed.checkpoint.size:
            raise TlogProofError("expected an index below the size of the tree")

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """The proof that bytes spell. Raises: TlogProofError; NoteError and CheckpointError for its last part."""
        index, hashes, note = split_proof(raw)
        return cls(index, hashes, SignedCheckpoint.parse(note))

    def to_bytes(self) -> bytes:
        """The text as bytes; `parse` gives the same proof back."""
        lines = [_HEADER, f"{_INDEX}{self.index}", *(write_base64(one) for one in self.hashes), "", ""]
        return "\n".join(lines).encode("ascii") + self.signed.to_bytes()

    def verify(self, leaf: bytes, logs: Sequence[VerifierKey]) -> Checkpoint:
        """The checkpoint, if its log signed it and the proof shows the leaf hash `leaf` under its root.

        What witnesses say about it is asked of a `TrustPolicy`.

        Raises: SignatureError, InclusionError.
        """
        checkpoint = self.signed.verify(logs)
        verify_inclusion(leaf, self.index, checkpoint.size, checkpoint.root, self.hashes)
        return checkpoint


def split_proof(raw: bytes) -> tuple[int, tuple[bytes, ...], bytes]:
    """Index, hashes, and the bytes of the checkpoint's note, which is not looked at: many proofs may share one.

    Raises: TlogProofError.
    """
    head, blank, note = raw.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
        if not blank or len(lines) < 2 or lines[0] != _HEADER or not lines[1].startswith(_INDEX):
            raise TlogProofError("expected the line of the format, then the index")
        if len(lines) > 2 + HASHES_MAXIMUM:
            raise TlogProofError("expected at most 63 hashes")
        index = read_decimal(lines[1].removeprefix(_INDEX))
        return index, tuple(read_base64(line, HASH_BYTES) for line in lines[2:]), note
    except (UnicodeDecodeError, EncodingError):
        raise TlogProofError("expected a decimal index and hashes in base64") from None
