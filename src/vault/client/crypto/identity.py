"""A person's secret keys of one generation: two seeds, and everything else derived from them each time.

A public half that is stored beside a seed could be swapped, and an Ed25519 signature under a swapped half gives the
secret away. Source: docs/protocol.md section 2.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from vault.ed25519 import public_key
from vault.protocol.ids import key_id
from vault.protocol.vocabulary import KEY_ALGORITHM_ED25519, KEY_ALGORITHM_XWING

SEED_BYTES = 32


@dataclass(frozen=True, slots=True)
class SecretKeys:
    """Two independent seeds of 32 random bytes; public keys (32 and 1216 bytes) and their 16-byte ids follow."""

    sign_seed: bytes = field(repr=False)
    seal_seed: bytes = field(repr=False)
    sign_public: bytes = field(init=False, repr=False, compare=False)
    sign_key: bytes = field(init=False, compare=False)
    seal_public: bytes = field(init=False, repr=False, compare=False)
    seal_key: bytes = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Derive the public halves once."""
        sign_public = public_key(self.sign_seed)
        mlkem, x25519 = xwing_private_keys(self.seal_seed)
        seal_public = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
        object.__setattr__(self, "sign_public", sign_public)
        object.__setattr__(self, "sign_key", key_id(KEY_ALGORITHM_ED25519, sign_public))
        object.__setattr__(self, "seal_public", seal_public)
        object.__setattr__(self, "seal_key", key_id(KEY_ALGORITHM_XWING, seal_public))


def new_secret_keys(random: Callable[[int], bytes]) -> SecretKeys:
    """Keys of a new generation; `random(n)` gives n unpredictable bytes."""
    return SecretKeys(sign_seed=random(SEED_BYTES), seal_seed=random(SEED_BYTES))


def xwing_private_keys(seal_seed: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    """The two halves of the X-Wing private key that a seed is."""
    expanded = hashlib.shake_256(seal_seed).digest(96)
    return MLKEM768PrivateKey.from_seed_bytes(expanded[0:64]), X25519PrivateKey.from_private_bytes(expanded[64:96])
