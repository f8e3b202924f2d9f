"""The one JSON reader: exact bytes in, plain Python values out, everything doubtful refused.

A payload is read by several programs in several languages; whatever two parsers could read differently is not allowed
to exist. Bodies and answers of the API and the header inside a blob are JSON for people's tools (white space and
escapes may stand in them), but numbers, duplicates and nesting are as strict. Source: docs/protocol.md sections 3, 12.
"""

import json
import re
from typing import Any, NoReturn

from vault.encoding import read_decimal
from vault.errors import EncodingError, FormatError, StatementError
from vault.protocol.limits import NESTING_MAXIMUM, PAYLOAD_MAXIMUM_BYTES

_PAYLOAD_BYTES = re.compile(rb"[\x21-\x5b\x5d-\x7e]+")
_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_BRACKETS = b"{}[]"
_OTHERS = bytes(byte for byte in range(256) if byte not in _BRACKETS)


class JsonError(FormatError):
    """Bytes that are not strict JSON."""


def read_payload(payload: bytes) -> dict[str, Any]:
    """The members of a statement's payload; at most 65,536 bytes, each 0x21..0x7E and none a backslash.

    Raises: StatementError for anything that `read_json` refuses, white space, escapes, or a value that is no object.
    """
    if len(payload) > PAYLOAD_MAXIMUM_BYTES:
        raise StatementError(f"expected a payload of at most {PAYLOAD_MAXIMUM_BYTES:,} bytes")
    if _PAYLOAD_BYTES.fullmatch(payload) is None:
        raise StatementError("expected bytes 0x21 to 0x7E without a backslash")
    try:
        value = read_json(payload)
    except JsonError as error:
        raise StatementError(str(error)) from None
    if not isinstance(value, dict):
        raise StatementError("expected one JSON object")
    return value


def read_json(raw: bytes) -> Any:
    """The value of one RFC 8259 text in UTF-8 without byte order mark, as str, int, bool, None, list and dict.

    Whoever calls bounds the length first. Raises: JsonError for bad UTF-8, lone surrogates, duplicate members at any
    depth (after unescaping), numbers other than integers 0 .. 2^53-1, or nesting deeper than 8.
    """
    _require_shallow(raw)
    try:
        value = json.loads(
            raw.decode("utf-8", errors="strict"),
            object_pairs_hook=_unique,
            parse_int=_integer,
            parse_float=_no_number,
            parse_constant=_no_number,
        )
        if b"\\u" in raw:  # only an escape can spell a lone surrogate: UTF-8 itself has none
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except ValueError:
        raise JsonError("expected one JSON value in UTF-8") from None
    return value


def _require_shallow(raw: bytes) -> None:
    if raw.count(b"{") + raw.count(b"[") <= NESTING_MAXIMUM:  # wherever they stand, and most bodies have no more
        return
    depth = 0
    for byte in _STRINGS.sub(b"", raw).translate(None, _OTHERS):
        depth += 1 if byte in b"{[" else -1
        if depth > NESTING_MAXIMUM:
            raise JsonError(f"expected a nesting of at most {NESTING_MAXIMUM}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise JsonError("expected every member once")
    return members


def _integer(text: str) -> int:
    try:
        return read_decimal(text)
    except EncodingError:
        raise JsonError("expected integers 0 .. 2^53-1 without sign or leading zeros") from None


def _no_number(_text: str) -> NoReturn:
    raise JsonError("expected no numbers but integers")
