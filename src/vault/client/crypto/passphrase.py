"""Passphrases: made, not chosen, and stretched with Argon2id. Source: RFC 9106; docs/protocol.md section 8."""

import unicodedata
from collections.abc import Callable

import nacl.bindings as sodium
import nacl.exceptions

from vault.client.crypto.words import english_words
from vault.client.errors import KdfFloorError, UsageError
from vault.protocol.slot import SlotHeader

PASSPHRASE_WORDS = 8
PASSPHRASE_BITS = 88

_WORD_BITS = 11
_KIB = 1024


def new_passphrase(random: Callable[[int], bytes]) -> str:
    """Eight words with spaces between them: 88 bits that no person chose."""
    number = int.from_bytes(random(PASSPHRASE_BITS // 8), "big")
    words = english_words()
    return " ".join(words[number >> _WORD_BITS * place & len(words) - 1] for place in reversed(range(PASSPHRASE_WORDS)))


def require_kdf_bounds(header: SlotHeader) -> None:
    """Return if the header's parameters lie between the floors and the caps.

    Comes before anything is derived: a server could otherwise ask for a cheap derivation, and guess.

    Raises: KdfFloorError.
    """
    if not header.is_allowed():
        raise KdfFloorError("expected 3 to 10 passes over 64 MiB to 1 GiB, or a recovery code")


def stretch(passphrase: str, header: SlotHeader) -> bytes:
    """Argon2id of the passphrase, 32 bytes, with the salt, passes and memory of `header`.

    Raises: KdfFloorError; UsageError where the memory is not there.
    """
    require_kdf_bounds(header)
    try:
        stretched: bytes = sodium.crypto_pwhash_alg(
            32,
            unicodedata.normalize("NFKC", passphrase).encode("utf-8"),
            header.salt,
            header.passes,
            header.memory_kib * _KIB,
            sodium.crypto_pwhash_ALG_ARGON2ID13,
        )
    except (MemoryError, nacl.exceptions.RuntimeError):
        raise UsageError(
            f"this passphrase needs {header.memory_kib // _KIB} MiB of free memory; close something"
        ) from None
    return stretched
