"""The key with which a deployment signs its transparency log; its name is the log's origin."""

from dataclasses import dataclass, field

from vault import ed25519
from vault.tlog.checkpoint import Checkpoint, SignedCheckpoint, sign_checkpoint
from vault.tlog.hashing import EMPTY_ROOT
from vault.tlog.signed_note import SignatureType, VerifierKey


@dataclass(frozen=True, slots=True)
class TlogKey:
    """The origin, which is the deployment's audience, and a 32-byte Ed25519 seed."""

    origin: str
    seed: bytes = field(repr=False)

    @property
    def verifier(self) -> VerifierKey:
        """What everybody verifies checkpoints with."""
        return VerifierKey(self.origin, SignatureType.ED25519, ed25519.public_key(self.seed))

    def sign_empty(self) -> SignedCheckpoint:
        """The checkpoint of the log before its first entry."""
        return sign_checkpoint(Checkpoint(self.origin, 0, EMPTY_ROOT), self.seed)
