"""Cosignatures: a witness's word that, at a time, a checkpoint was the largest it had seen of that log, all consistent.

Type 0x04 only. It does not cover the witness's name, so a key belongs to one witness.

Source: C2SP tlog-cosignature.
"""

from vault import ed25519
from vault.errors import SignatureError
from vault.tlog.checkpoint import SignedCheckpoint
from vault.tlog.signed_note import NoteSignature, SignatureType, VerifierKey, key_id, require_key_name

TIME_MAXIMUM = 2**63 - 1

_TIME_BYTES = 8


def cosigned_bytes(checkpoint_text: str, time: int) -> bytes:
    """What a witness signs at `time` (Unix seconds): two lines, then the whole text of the checkpoint."""
    return f"cosignature/v1\ntime {time}\n{checkpoint_text}".encode()


def cosign(signed: SignedCheckpoint, name: str, seed: bytes, now: int) -> NoteSignature:
    """The cosignature of the witness `name` with a 32-byte Ed25519 seed at `now` (Unix seconds).

    Whoever calls has verified the log's signature and the consistency with what this witness cosigned before.

    Raises: NoteError for a name that no key can have.
    """
    identity = key_id(require_key_name(name), SignatureType.COSIGNATURE, ed25519.public_key(seed))
    signature = ed25519.sign(seed, cosigned_bytes(signed.checkpoint.to_text(), now))
    return NoteSignature(name, identity, now.to_bytes(_TIME_BYTES, "big") + signature)


def verified_times(signed: SignedCheckpoint, witness: VerifierKey) -> tuple[int, ...]:
    """The times (Unix seconds, ascending) at which `witness` cosigned the checkpoint; none where it did not.

    A witness that is asked again cosigns the same checkpoint at a later time.

    Raises: SignatureError for a key that is not of type 0x04, and for a signature that claims to be by this witness and
    does not verify: it condemns the whole note.
    """
    if witness.kind is not SignatureType.COSIGNATURE:
        raise SignatureError("expected a key of type 0x04")
    text = signed.checkpoint.to_text()
    times = []
    for one in signed.signatures:
        if one.is_by(witness):
            time = int.from_bytes(one.signature[:_TIME_BYTES], "big")
            if not 0 < time <= TIME_MAXIMUM:
                raise SignatureError("expected a time from 1 to 2^63-1")
            ed25519.verify(witness.public, cosigned_bytes(text, time), one.signature[_TIME_BYTES:])
            times.append(time)
    return tuple(sorted(times))
