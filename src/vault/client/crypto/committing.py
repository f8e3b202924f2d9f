"""XChaCha20-Poly1305 with a commitment to its key: what blobs, keyrings, slots and state files are sealed with.

The cipher alone lets a forger make one ciphertext that opens under two keys to two texts. The commitment, derived next
to the key, rules that out; it is compared before anything is opened. Source: docs/protocol.md sections 5 and 8.
"""

import hmac
from dataclasses import dataclass, field
from typing import Self

import nacl.bindings as sodium
import nacl.exceptions

from vault.client.crypto.hkdf import derive
from vault.client.errors import AeadError, CommitmentError


@dataclass(frozen=True, slots=True)
class CommittedKey:
    """A key and nonce for exactly one plaintext, and the 32-byte commitment to them."""

    commitment: bytes
    _key: bytes = field(repr=False)
    _nonce: bytes = field(repr=False)

    @classmethod
    def derive(cls, ikm: bytes, salt: bytes, info: bytes) -> Self:
        """The key of one sealed byte string; `salt` is new for every one."""
        okm = derive(ikm, salt, info, 88)
        return cls(commitment=okm[56:88], _key=okm[0:32], _nonce=okm[32:56])

    def seal(self, plaintext: bytes, aad: bytes) -> bytes:
        """The ciphertext, 16 bytes longer than `plaintext`."""
        sealed: bytes = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, aad, self._nonce, self._key)
        return sealed

    def open(self, ciphertext: bytes, aad: bytes) -> bytes:
        """The plaintext. Raises: AeadError."""
        try:
            plaintext: bytes = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
                ciphertext, aad, self._nonce, self._key
            )
        except nacl.exceptions.CryptoError:
            raise AeadError from None
        return plaintext


def require_commitment(stored: bytes, key: CommittedKey) -> None:
    """Return if the stored 32 bytes are the key's commitment, in constant time. Raises: CommitmentError."""
    if not hmac.compare_digest(stored, key.commitment):
        raise CommitmentError
