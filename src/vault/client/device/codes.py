"""Typed codes: kit, recovery code and invitation as text that people can read aloud and type.

A code is a word for its kind and two blocks: the account, then the secret. Each block ends in a check symbol of its
own, so that a slip of the hand is found in its half. Source: docs/protocol.md section 12.
"""

import unicodedata
from dataclasses import dataclass, field
from typing import NewType

from vault.client.errors import CodeError
from vault.protocol.limits import ACCOUNT_BYTES

Prefix = NewType("Prefix", str)

KIT = Prefix("CVKIT")
RECOVERY = Prefix("CVREC")
INVITATION = Prefix("CVINV")

_SECRET_BYTES = {KIT: 32, RECOVERY: 32, INVITATION: 16}
_NAMES = {KIT: "a kit", RECOVERY: "a recovery code", INVITATION: "an invitation"}

_SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHECK_SYMBOLS = _SYMBOLS + "*~$=U"
_MISREAD = str.maketrans("OIL", "011")
_AROUND = frozenset({"Pd", "Pi", "Pf", "Ps", "Pe", "Cf"})
_QUOTES = "'\"`\N{MINUS SIGN}"
_SYMBOL_BITS = 5
_GROUP_SYMBOLS = 4


@dataclass(frozen=True, slots=True)
class TypedCode:
    """What a typed code says: whose account (32 bytes), and the secret (32 bytes, of an invitation 16)."""

    prefix: Prefix
    account: bytes
    secret: bytes = field(repr=False)


def write_code(code: TypedCode) -> str:
    """The text: prefix and groups of four symbols with hyphens between, each block's check symbol at its end."""
    groups = [_grouped(write_block(block)) for block in (code.account, code.secret)]
    return "-".join([code.prefix, *groups])


def read_code(text: str, expected: Prefix) -> TypedCode:
    """The code that somebody typed: spaces, hyphens, quotation marks and case do not matter, O is 0, I and L are 1.

    Raises: CodeError, which says where to look and repeats nothing.
    """
    symbols = _tidy(text)
    prefix = find_prefix(text)
    if prefix is None:
        raise CodeError(f"expected {_NAMES[expected]}, which begins with {expected}")
    if prefix != expected:
        raise CodeError(f"that is {_NAMES[prefix]}; expected {_NAMES[expected]}, which begins with {expected}")
    symbols = symbols[len(prefix) :]
    first, second = _block_symbols(ACCOUNT_BYTES), _block_symbols(_SECRET_BYTES[prefix])
    if len(symbols) != first + second:
        raise CodeError(
            f"expected {first + second} symbols after {prefix}, found {len(symbols)}; on a command line, "
            "put it in single quotes: a shell takes $ and what follows away"
        )
    account = _read_half(symbols[:first], ACCOUNT_BYTES, "first")
    return TypedCode(prefix, account, _read_half(symbols[first:], _SECRET_BYTES[prefix], "second"))


def find_prefix(text: str) -> Prefix | None:
    """The kind of code that the text says it is, however it was copied."""
    symbols = _tidy(text)
    return next((known for known in _SECRET_BYTES if symbols.startswith(known.translate(_MISREAD))), None)


def write_block(raw: bytes) -> str:
    """Crockford base 32 of the bytes, zero bits appended to a multiple of five, and the check symbol (mod 37)."""
    number = int.from_bytes(raw, "big")
    count = _block_symbols(len(raw)) - 1
    shifted = number << (count * _SYMBOL_BITS - len(raw) * 8)
    symbols = (_SYMBOLS[shifted >> _SYMBOL_BITS * place & 31] for place in reversed(range(count)))
    return "".join(symbols) + _CHECK_SYMBOLS[number % 37]


def read_block(text: str, size_bytes: int) -> bytes:
    """The `size_bytes` bytes of one typed block. Raises: CodeError."""
    symbols = _tidy(text)
    if len(symbols) != _block_symbols(size_bytes):
        raise CodeError(f"expected {_block_symbols(size_bytes)} symbols, found {len(symbols)}")
    shifted = 0
    for symbol in symbols[:-1]:
        if symbol not in _SYMBOLS:
            raise CodeError("expected digits and letters without U")
        shifted = shifted << _SYMBOL_BITS | _SYMBOLS.index(symbol)
    spare_bits = (len(symbols) - 1) * _SYMBOL_BITS - size_bytes * 8
    number = shifted >> spare_bits
    if shifted != number << spare_bits or symbols[-1] != _CHECK_SYMBOLS[number % 37]:
        raise CodeError("the check symbol does not match; compare symbol by symbol")
    return number.to_bytes(size_bytes, "big")


def _read_half(symbols: str, size_bytes: int, half: str) -> bytes:
    try:
        return read_block(symbols, size_bytes)
    except CodeError as error:
        raise CodeError(f"in the {half} part of the code: {error}") from None


def _block_symbols(size_bytes: int) -> int:
    return -(-size_bytes * 8 // _SYMBOL_BITS) + 1


def _grouped(block: str) -> str:
    body, check = block[:-1], block[-1]
    groups = [body[start : start + _GROUP_SYMBOLS] for start in range(0, len(body), _GROUP_SYMBOLS)]
    return "-".join(groups) + check


def _is_around(symbol: str) -> bool:
    """Whether it is a hyphen, a quotation mark or something invisible: what copying and typesetting put into a code."""
    return unicodedata.category(symbol) in _AROUND or symbol in _QUOTES


def _tidy(text: str) -> str:
    kept = (symbol for symbol in text if not symbol.isspace() and not _is_around(symbol))
    return "".join(kept).upper().translate(_MISREAD)
