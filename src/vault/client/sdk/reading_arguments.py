"""What people pass to the SDK, read into what the acts take."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from vault.client.errors import UsageError
from vault.encoding import read_hex
from vault.errors import EncodingError

Word = TypeVar("Word", bound=StrEnum)


def as_word(words: type[Word], value: str) -> Word:
    """The word of a closed list. Raises: UsageError, which names the list."""
    try:
        return words(value)
    except ValueError:
        raise UsageError(f"expected one of: {', '.join(words)}") from None


def as_bytes(body: str | bytes) -> bytes:
    """UTF-8 of text, bytes as they are."""
    return body.encode("utf-8") if isinstance(body, str) else body


def as_id(text: str, size_bytes: int) -> bytes:
    """The bytes of an id. Raises: UsageError."""
    try:
        return read_hex(text, size_bytes)
    except EncodingError:
        raise UsageError(f"expected an id of {2 * size_bytes} hex digits") from None


def end_of(expires: datetime | timedelta | int | None, now: int) -> int | None:
    """An end in Unix seconds from a time with its zone, a length from now, or seconds. Raises: UsageError."""
    if isinstance(expires, timedelta):
        return now + int(expires.total_seconds())
    if isinstance(expires, datetime):
        if expires.tzinfo is None:
            raise UsageError("expected a time with its time zone")
        return int(expires.timestamp())
    return expires
