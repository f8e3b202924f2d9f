"""Seals: the context that binds a content key to one recipient, and what anyone can check without a key.

Source: docs/protocol.md section 6.
"""

from dataclasses import dataclass

from vault.ed25519 import is_prime_order_x25519
from vault.errors import SealShapeError
from vault.protocol.blob import BlobContext
from vault.protocol.limits import SEAL_BYTES, SUITE
from vault.protocol.statements import Body, SealRef
from vault.protocol.vocabulary import SEAL_PURPOSE_CODES, SealPurpose

ENCAPSULATION_BYTES = 1120

_X25519 = slice(1088, 1120)


@dataclass(frozen=True, slots=True)
class SealContext:
    """What a seal is bound to: accounts and hash of 32 bytes, `recipient_key` the 16-byte id of an X-Wing key."""

    purpose: SealPurpose
    blob: BlobContext
    sender: bytes
    recipient: bytes
    recipient_key: bytes
    blob_sha256: bytes

    @property
    def info(self) -> bytes:
        """The 195 bytes that HPKE binds a seal to."""
        return (
            b"CV1 seal\0"
            + bytes([SUITE, SEAL_PURPOSE_CODES[self.purpose]])
            + self.blob.place
            + self.sender
            + self.recipient
            + self.recipient_key
            + self.blob_sha256
        )


def seal_context(body: Body, seal: SealRef, blob: BlobContext, blob_sha256: bytes) -> SealContext:
    """The context of the seal that `body` names for one recipient.

    `blob` and `blob_sha256` are those of the sealed blob; in a reseal they come from the item's own statement.
    """
    assert body.row.purpose is not None, "a type that names seals has a purpose for them"
    return SealContext(
        purpose=body.row.purpose,
        blob=blob,
        sender=body.by,
        recipient=seal.account,
        recipient_key=seal.key,
        blob_sha256=blob_sha256,
    )


def require_seal_shape(seal: bytes) -> None:
    """Return if the bytes can be a seal: 1168 of them, with an X25519 key of prime order at 1088.

    Random or readable bytes pass in 3 cases of 100, so this keeps mistakes out, not malice. Raises: SealShapeError.
    """
    if len(seal) != SEAL_BYTES:
        raise SealShapeError("expected a seal of 1,168 bytes")
    if not is_prime_order_x25519(seal[_X25519]):
        raise SealShapeError("expected an X25519 key of prime order in bytes 1,088 to 1,120")
