"""Sealing a content key to one recipient: HPKE base mode with X-Wing, HKDF-SHA256 and ChaCha20-Poly1305.

Source: RFC 9180; docs/protocol.md section 6.
"""

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PublicKey, Suite

from vault.errors import InvalidKeyError
from vault.protocol.ids import key_id
from vault.protocol.keys import require_valid_seal_key
from vault.protocol.limits import MLKEM_PUBLIC_BYTES
from vault.protocol.seal import SealContext
from vault.protocol.vocabulary import KEY_ALGORITHM_XWING

SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


def seal_content_key(content_key: bytes, context: SealContext, recipient_public: bytes) -> bytes:
    """The 1168-byte seal of a 32-byte content key to an X-Wing public key; different each time.

    Raises: InvalidKeyError for a key that is not valid, or is not the one that the context names.
    """
    require_valid_seal_key(recipient_public)
    require_named_key(context, recipient_public)
    public = MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(recipient_public[:MLKEM_PUBLIC_BYTES]),
        X25519PublicKey.from_public_bytes(recipient_public[MLKEM_PUBLIC_BYTES:]),
    )
    return SUITE.encrypt(content_key, public, context.info)


def require_named_key(context: SealContext, recipient_public: bytes) -> None:
    """Return if the public key is the one whose id stands in the context. Raises: InvalidKeyError."""
    if key_id(KEY_ALGORITHM_XWING, recipient_public) != context.recipient_key:
        raise InvalidKeyError("expected the seal key that the statement names")
