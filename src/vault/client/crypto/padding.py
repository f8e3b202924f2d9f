"""ISO 7816-4 padding up to a bucket: sizes tell a class, never a length. Source: docs/protocol.md section 5."""

from vault.client.errors import PaddingError

_MARK = b"\x80"


def pad(plaintext: bytes, padded_bytes: int) -> bytes:
    """`plaintext`, the byte 0x80, and zeros up to `padded_bytes`, which must leave room for the 0x80."""
    return (plaintext + _MARK).ljust(padded_bytes, b"\0")


def unpad(padded: bytes) -> bytes:
    """What stands before the last 0x80, after which only zeros may follow. Raises: PaddingError."""
    marked = padded.rstrip(b"\0")
    if not marked.endswith(_MARK):
        raise PaddingError
    return marked[:-1]


def require_bucket(padded_bytes: int, expected_bytes: int) -> None:
    """Return if the padded length is the one that the content's length allows.

    Without this an author could say something by the choice of a longer padding. Raises: PaddingError.
    """
    if padded_bytes != expected_bytes:
        raise PaddingError
