"""Opening a seal: the content key, or one error. Source: RFC 9180; docs/protocol.md section 6."""

import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey

from vault.client.crypto.identity import SecretKeys, xwing_private_keys
from vault.client.crypto.sealing import SUITE
from vault.client.errors import SealContextError, SealHashError
from vault.errors import SealShapeError
from vault.protocol.seal import SealContext, require_seal_shape
from vault.protocol.statements import SealRef


def require_seal_hash(ref: SealRef, seal: bytes) -> None:
    """Return if the seal is the one that the statement names. Raises: SealHashError."""
    if not hmac.compare_digest(hashlib.sha256(seal).digest(), ref.sha256):
        raise SealHashError


def open_content_key(seal: bytes, context: SealContext, keys: SecretKeys) -> bytes:
    """The 32-byte content key that was sealed to `keys` under `context`.

    Raises: SealContextError for a seal that was made for another key, recipient, sender, purpose or blob, or is broken.
    """
    if context.recipient_key != keys.seal_key:
        raise SealContextError
    try:
        require_seal_shape(seal)
        return SUITE.decrypt(seal, MLKEM768X25519PrivateKey(*xwing_private_keys(keys.seal_seed)), context.info)
    except (SealShapeError, InvalidTag, ValueError):
        raise SealContextError from None
