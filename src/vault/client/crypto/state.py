"""A device's state file: pins, progress and what waits to be sent, sealed under the keyring key.

Local and optional: it is never sent, and another client may keep its state in another way.
Source: docs/protocol.md section 8.
"""

from vault.client.crypto.committing import CommittedKey, require_commitment
from vault.client.crypto.padding import pad, require_bucket, unpad
from vault.client.errors import ContentShapeError
from vault.protocol.blob import bucket_bytes
from vault.protocol.limits import SUITE

MAGIC = b"CVS1"

_START = MAGIC + bytes([SUITE, 0, 0, 0])
_HEAD_BYTES = 64


def seal_state(keyring_key: bytes, account: bytes, plaintext: bytes, salt: bytes) -> bytes:
    """The file; `salt` is 24 new random bytes each time."""
    key = _committed_key(keyring_key, account, salt)
    head = _START + salt + key.commitment
    return head + key.seal(pad(plaintext, bucket_bytes(len(plaintext) + 1)), head)


def open_state(keyring_key: bytes, account: bytes, raw: bytes) -> bytes:
    """What was sealed. Raises: ContentError."""
    if len(raw) < _HEAD_BYTES or raw[0:8] != _START:
        raise ContentShapeError
    head = raw[:_HEAD_BYTES]
    key = _committed_key(keyring_key, account, head[8:32])
    require_commitment(head[32:64], key)
    padded = key.open(raw[_HEAD_BYTES:], head)
    plaintext = unpad(padded)
    require_bucket(len(padded), bucket_bytes(len(plaintext) + 1))
    return plaintext


def _committed_key(keyring_key: bytes, account: bytes, salt: bytes) -> CommittedKey:
    return CommittedKey.derive(keyring_key, salt, b"CV1 state key\0" + account)
