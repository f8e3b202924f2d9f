"""Ed25519: sign and verify, and the two point checks; the one door to nacl outside client/crypto.

Only 32-byte seeds exist here, never 64-byte secrets: a secret stored beside a swapped public half leaks the key.
Source: RFC 8032; docs/protocol.md sections 2 and 3.
"""

from functools import lru_cache

import nacl.bindings as sodium
import nacl.exceptions

from vault.errors import InvalidKeyError, SignatureError

SEED_BYTES = 32
PUBLIC_BYTES = 32
SIGNATURE_BYTES = 64

_P = 2**255 - 19


def public_key(seed: bytes) -> bytes:
    """The 32-byte public key of a 32-byte seed."""
    public, _ = sodium.crypto_sign_seed_keypair(seed)
    return public


def sign(seed: bytes, message: bytes) -> bytes:
    """The 64-byte deterministic signature of `message`; the public half is derived here, never taken from storage."""
    _, secret = sodium.crypto_sign_seed_keypair(seed)
    return sodium.crypto_sign(message, secret)[:SIGNATURE_BYTES]


def is_valid_point(encoded: bytes) -> bool:
    """Whether 32 bytes are the canonical encoding of a point of the prime-order subgroup, the identity excluded."""
    return len(encoded) == PUBLIC_BYTES and bool(sodium.crypto_core_ed25519_is_valid_point(encoded))


def require_valid_point(encoded: bytes) -> bytes:
    """The same bytes. Raises: InvalidKeyError unless `is_valid_point`."""
    if not is_valid_point(encoded):
        raise InvalidKeyError("expected a canonical Ed25519 point of prime order")
    return encoded


@lru_cache(maxsize=1_024)
def _is_valid_public(public: bytes) -> bool:
    """As `is_valid_point`, for keys: few keys sign many statements, and the check costs as much as a verification."""
    return is_valid_point(public)


def verify(public: bytes, message: bytes, signature: bytes) -> None:
    """Return if `signature` is one of `message` under `public`.

    Canonical, prime-order public key and R are required before the equation: without the check of R, libraries disagree
    about which signatures are valid. libsodium itself requires S < L.

    Raises: SignatureError.
    """
    if len(signature) != SIGNATURE_BYTES or not _is_valid_public(public) or not is_valid_point(signature[:32]):
        raise SignatureError("expected an Ed25519 signature with canonical points")
    try:
        sodium.crypto_sign_open(signature + message, public)
    except nacl.exceptions.BadSignatureError:
        raise SignatureError("the signature does not verify under the expected key") from None


def is_prime_order_x25519(u_bytes: bytes) -> bool:
    """Whether 32 little-endian bytes are a canonical X25519 u-coordinate of a point of the prime-order subgroup.

    u maps to the Ed25519 y = (u-1)/(u+1) (RFC 7748 section 4.1), and `is_valid_point` does the rest; both signs of x
    have the same order, so the sign bit is left zero.
    """
    u = int.from_bytes(u_bytes, "little")
    if len(u_bytes) != PUBLIC_BYTES or u >= _P - 1:
        return False
    y = (u - 1) * pow(u + 1, -1, _P) % _P
    return is_valid_point(y.to_bytes(32, "little"))
