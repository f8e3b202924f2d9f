"""People with fixed seeds: their keys, account ids and `keys` statements, the same bytes in every run.

Policy opens no seals, so a seal key here need only be a valid one: an ML-KEM half of zero coefficients and the X25519
half that belongs to an Ed25519 point of prime order.
"""

import hashlib
from functools import cache

from vault import ed25519
from vault.protocol.ids import Account, account_id, key_id
from vault.protocol.statements import SealKey, SignKey
from vault.protocol.vocabulary import KEY_ALGORITHM_ED25519, KEY_ALGORITHM_XWING

P = 2**255 - 19


def digest(*words: object) -> bytes:
    """32 bytes that stand for a hash or a random value, the same for the same words."""
    return hashlib.sha256(" ".join(str(word) for word in words).encode()).digest()


def short(*words: object) -> bytes:
    """16 bytes that stand for a random id."""
    return digest(*words)[:16]


@cache
def seed(name: str, generation: int = 1) -> bytes:
    return digest("sign", name, generation)


@cache
def sign_key(name: str, generation: int = 1) -> SignKey:
    public = ed25519.public_key(seed(name, generation))
    return SignKey(key=key_id(KEY_ALGORITHM_ED25519, public), public=public)


def x25519_of(edwards: bytes) -> bytes:
    """The u-coordinate that belongs to an Ed25519 point: u = (1 + y) / (1 - y)."""
    y = int.from_bytes(edwards, "little") & (2**255 - 1)
    return ((1 + y) * pow(1 - y, -1, P) % P).to_bytes(32, "little")


@cache
def seal_key(name: str, generation: int = 1) -> SealKey:
    edwards = ed25519.public_key(digest("seal", name, generation))
    public = bytes(1152) + digest("rho", name, generation) + x25519_of(edwards)
    return SealKey(key=key_id(KEY_ALGORITHM_XWING, public), public=public)


@cache
def account(name: str) -> Account:
    return account_id(sign_key(name).public)
