"""Strict readers for hex, base64 and decimal text: one accepted spelling per value.

Python's own `bytes.fromhex`, `b64decode` and `int` accept many spellings of one value, and two parsers that disagree
about a spelling disagree about what was signed.
"""

import binascii
import re

from vault.errors import EncodingError

MAXIMUM_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly (RFC 8259 section 6)."""

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)


def read_hex(text: str, size_bytes: int) -> bytes:
    """The `size_bytes` bytes that lower-case hex `text` spells.

    Raises: EncodingError for any other length or character.
    """
    try:
        raw = bytes.fromhex(text)
    except (TypeError, ValueError):
        raw = b""
    if raw.hex() != text or len(raw) != size_bytes:
        raise EncodingError(f"expected {2 * size_bytes} lower-case hex digits")
    return raw


def read_base64(text: str, size_bytes: int | None = None) -> bytes:
    """The bytes that standard base64 `text` with padding spells; exactly `size_bytes` of them where that is given.

    Raises: EncodingError for any other alphabet, missing padding, non-zero tail bits or another size.
    """
    if not isinstance(text, str):
        raise EncodingError("expected standard base64")
    try:
        raw = binascii.a2b_base64(text, strict_mode=True)
    except (binascii.Error, ValueError):
        raise EncodingError("expected standard base64 with padding") from None
    last = write_base64(raw[len(raw) - len(raw) % 3 :])  # there alone are bits to spare
    if len(text) != 4 * -(-len(raw) // 3) or not text.endswith(last):
        raise EncodingError("expected the one standard base64 spelling")
    if size_bytes is not None and len(raw) != size_bytes:
        raise EncodingError(f"expected base64 of {size_bytes} bytes")
    return raw


def write_base64(raw: bytes) -> str:
    """Standard base64 with padding, without line breaks (RFC 4648 section 4)."""
    return binascii.b2a_base64(raw, newline=False).decode("ascii")


def read_decimal(text: str) -> int:
    """The integer 0 .. 2^53-1 that decimal `text` spells without sign or leading zeros.

    Raises: EncodingError for every other spelling.
    """
    if not isinstance(text, str) or _DECIMAL.fullmatch(text) is None:
        raise EncodingError("expected a decimal integer without sign or leading zeros")
    value = int(text)
    if value > MAXIMUM_INTEGER:
        raise EncodingError("expected an integer of at most 2^53-1")
    return value
