"""The layout of a sealed keyring, as far as it can be read without its key.

Source: docs/protocol.md section 8.
"""

from vault.errors import BlobShapeError, SuiteError
from vault.protocol.blob import is_bucket
from vault.protocol.limits import INLINE_BUCKET_MAXIMUM_BYTES, KEYRING_MAXIMUM_BYTES, KEYRING_OVERHEAD_BYTES, SUITE

MAGIC = b"CVR1"
HEAD_BYTES = 72


def keyring_start(sequence: int) -> bytes:
    """The first 16 bytes of the keyring of `sequence`: magic, suite, zero bytes, sequence."""
    return MAGIC + bytes([SUITE, 0, 0, 0]) + sequence.to_bytes(8, "big")


def require_keyring_shape(raw: bytes, sequence: int) -> None:
    """Return if the bytes can be the keyring of `sequence`: magic, suite, zero bytes, sequence, allowed size.

    Raises: BlobShapeError; SuiteError for another suite.
    """
    if not HEAD_BYTES <= len(raw) <= KEYRING_MAXIMUM_BYTES or raw[0:4] != MAGIC:
        raise BlobShapeError(f"expected a keyring of at most {KEYRING_MAXIMUM_BYTES:,} bytes that starts with CVR1")
    if raw[4] != SUITE:
        raise SuiteError("expected suite 1")
    if raw[0:16] != keyring_start(sequence):
        raise BlobShapeError("expected three zero bytes and the sequence of the statement")
    bucket = len(raw) - KEYRING_OVERHEAD_BYTES
    if not is_bucket(bucket) or bucket > INLINE_BUCKET_MAXIMUM_BYTES:
        raise BlobShapeError("expected a keyring padded to an allowed size")
