"""Keys of the logs and witnesses that the tests sign with."""

from hashlib import sha256

from vault import ed25519
from vault.tlog.checkpoint import Checkpoint, SignedCheckpoint, sign_checkpoint
from vault.tlog.cosignature import cosign
from vault.tlog.signed_note import NoteSignature, SignatureType, VerifierKey, key_id

ORIGIN = "vault.example/log"
TIME = 1_800_000_000


def seed(name: str) -> bytes:
    """A seed for each name."""
    return sha256(name.encode()).digest()


def log_key(name: str = ORIGIN) -> VerifierKey:
    """The key under which a log's checkpoints verify."""
    return VerifierKey(name, SignatureType.ED25519, ed25519.public_key(seed(name)))


def witness_key(name: str) -> VerifierKey:
    """The key under which a witness's cosignatures verify."""
    return VerifierKey(name, SignatureType.COSIGNATURE, ed25519.public_key(seed(name)))


def signed_checkpoint(root: bytes = b"r" * 32, size: int = 5, origin: str = ORIGIN) -> SignedCheckpoint:
    """A checkpoint that its log signed."""
    return sign_checkpoint(Checkpoint(origin, size, root), seed(origin))


def cosignature(signed: SignedCheckpoint, name: str, time: int = TIME) -> NoteSignature:
    """The cosignature of a witness."""
    return cosign(signed, name, seed(name), time)


def note_signature(text: str, name: str, seed: bytes) -> NoteSignature:
    """A signature of any text: nothing in the package signs what is no checkpoint."""
    identity = key_id(name, SignatureType.ED25519, ed25519.public_key(seed))
    return NoteSignature(name, identity, ed25519.sign(seed, text.encode()))
