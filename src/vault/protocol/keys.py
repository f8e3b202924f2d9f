"""Validation of public keys, the same on the server and in the client, without an HPKE library.

Source: docs/protocol.md section 2.
"""

from vault.ed25519 import is_prime_order_x25519, require_valid_point
from vault.errors import InvalidKeyError
from vault.protocol.ids import key_id
from vault.protocol.limits import MLKEM_PUBLIC_BYTES, SEAL_KEY_BYTES
from vault.protocol.statements import Keys
from vault.protocol.vocabulary import KEY_ALGORITHM_ED25519, KEY_ALGORITHM_XWING

_MLKEM_MODULUS = 3329
_MLKEM_COEFFICIENTS_BYTES = 1152


def require_valid_seal_key(public: bytes) -> bytes:
    """The same 1216 bytes of an X-Wing public key: ML-KEM-768 (1184) then X25519 (32).

    Raises: InvalidKeyError unless each of the 768 coefficients is below 3329 (FIPS 203 section 7.2) and the X25519 half
    is canonical and of prime order.
    """
    if len(public) != SEAL_KEY_BYTES:
        raise InvalidKeyError("expected an X-Wing public key of 1216 bytes")
    if not _has_reduced_coefficients(public[:_MLKEM_COEFFICIENTS_BYTES]):
        raise InvalidKeyError("expected ML-KEM coefficients below 3329")
    if not is_prime_order_x25519(public[MLKEM_PUBLIC_BYTES:]):
        raise InvalidKeyError("expected a canonical X25519 key of prime order")
    return public


def _has_reduced_coefficients(packed: bytes) -> bool:
    for low, middle, high in zip(packed[0::3], packed[1::3], packed[2::3], strict=True):
        if low | (middle & 15) << 8 >= _MLKEM_MODULUS or middle >> 4 | high << 4 >= _MLKEM_MODULUS:
            return False
    return True


def require_valid_keys(keys: Keys) -> None:
    """Return if both public keys are valid and both key ids are theirs. Raises: InvalidKeyError."""
    require_valid_point(keys.sign.public)
    require_valid_seal_key(keys.seal.public)
    if keys.sign.key != key_id(KEY_ALGORITHM_ED25519, keys.sign.public):
        raise InvalidKeyError("expected the key id of the sign key")
    if keys.seal.key != key_id(KEY_ALGORITHM_XWING, keys.seal.public):
        raise InvalidKeyError("expected the key id of the seal key")
