"""The few kinds of values that a statement's members may have, each with its one spelling in JSON."""

from collections.abc import Callable
from itertools import pairwise
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from vault.encoding import MAXIMUM_INTEGER, read_base64, read_hex, write_base64
from vault.errors import EncodingError
from vault.protocol.deployment import BASE_URL_PATTERN, require_base_url
from vault.protocol.ids import Account, EngagementId, KeyId, StatementId
from vault.protocol.limits import ACCOUNT_BYTES, HASH_BYTES, ID_BYTES, LIST_MAXIMUM, SEAL_KEY_BYTES
from vault.protocol.times import is_whole_day
from vault.protocol.vocabulary import SLOT_KINDS

Value = TypeVar("Value")


class Closed(BaseModel):
    """A frozen object with exactly its members."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _spelled(read: Callable[[str, int], bytes], size_bytes: int) -> BeforeValidator:
    def validate(value: Any) -> bytes:
        if isinstance(value, bytes) and len(value) == size_bytes:
            return value
        try:
            return read(value, size_bytes)
        except EncodingError as error:
            raise ValueError(str(error)) from None

    return BeforeValidator(validate, json_schema_input_type=str)


def _hex_schema(size_bytes: int) -> WithJsonSchema:
    """How the API's description spells it."""
    return WithJsonSchema({"type": "string", "pattern": f"^[0-9a-f]{{{2 * size_bytes}}}$"})


_AS_HEX = PlainSerializer(bytes.hex, return_type=str)
_AS_BASE64 = PlainSerializer(write_base64, return_type=str)

Id = Annotated[bytes, _spelled(read_hex, ID_BYTES), _AS_HEX, _hex_schema(ID_BYTES)]
"""16 bytes, 32 lower-case hex digits: engagement, item, contact, key id, the statement's own `id`."""
Hash = Annotated[bytes, _spelled(read_hex, HASH_BYTES), _AS_HEX, _hex_schema(HASH_BYTES)]
"""32 bytes, 64 lower-case hex digits: account, statement id, SHA-256, HMAC."""
AccountHex = Annotated[Account, _spelled(read_hex, ACCOUNT_BYTES), _AS_HEX, _hex_schema(ACCOUNT_BYTES)]
"""An account, as a `Hash` is spelled."""
StatementHex = Annotated[StatementId, _spelled(read_hex, HASH_BYTES), _AS_HEX, _hex_schema(HASH_BYTES)]
"""The id of a statement, as a `Hash` is spelled."""
EngagementHex = Annotated[EngagementId, _spelled(read_hex, ID_BYTES), _AS_HEX, _hex_schema(ID_BYTES)]
"""An engagement, as an `Id` is spelled."""
KeyHex = Annotated[KeyId, _spelled(read_hex, ID_BYTES), _AS_HEX, _hex_schema(ID_BYTES)]
"""The id of a public key, as an `Id` is spelled."""
SignPublic = Annotated[bytes, _spelled(read_base64, ACCOUNT_BYTES), _AS_BASE64]
"""An Ed25519 public key, 32 bytes, base64."""
SealPublic = Annotated[bytes, _spelled(read_base64, SEAL_KEY_BYTES), _AS_BASE64]
"""An X-Wing public key, 1216 bytes, base64."""
Secret = Annotated[bytes, _spelled(read_base64, HASH_BYTES), _AS_BASE64]
"""32 secret bytes, base64: inside sealed content, never in a statement."""
ShortSecret = Annotated[bytes, _spelled(read_base64, ID_BYTES), _AS_BASE64]
"""16 secret bytes, base64: inside sealed content, never in a statement."""


def _well_formed(text: str) -> str:
    text.encode("utf-8")  # the error of a lone surrogate is a ValueError
    return text


Text = Annotated[str, AfterValidator(_well_formed)]
"""Any string that UTF-8 can spell: inside sealed content, never in a statement."""
Integer = Annotated[int, Field(strict=True, ge=0, le=MAXIMUM_INTEGER)]
"""0 .. 2^53-1."""
Positive = Annotated[int, Field(strict=True, ge=1, le=MAXIMUM_INTEGER)]
"""1 .. 2^53-1."""
SlotKind = Annotated[int, Field(strict=True, ge=min(SLOT_KINDS), le=max(SLOT_KINDS))]
"""Which slot of a keyring."""
Audience = Annotated[str, Field(pattern=r"^[!#-*,-\[\]-~]{1,255}$")]
"""A log origin: 1 to 255 printable ASCII characters without quote, backslash, plus or space."""


def _base_url(text: str) -> str:
    try:
        return require_base_url(text)
    except EncodingError as error:
        raise ValueError(str(error)) from None


BaseUrl = Annotated[str, Field(pattern=BASE_URL_PATTERN), AfterValidator(_base_url)]
"""Scheme, host in lower case, port only when not 443; no path and no trailing slash."""


def _whole_day(seconds: int) -> int:
    if not is_whole_day(seconds):
        raise ValueError("expected a multiple of 86,400")
    return seconds


Day = Annotated[Integer, AfterValidator(_whole_day)]
"""Unix seconds at the start of a day in UTC."""


def sorted_by(key: Callable[[Any], Any], maximum: int = LIST_MAXIMUM, minimum: int = 0) -> Any:
    """The annotations of a list that ascends strictly by `key`, `minimum` to `maximum` values long."""

    def ascending(values: tuple[Value, ...]) -> tuple[Value, ...]:
        keys = [key(value) for value in values]
        if any(left >= right for left, right in pairwise(keys)):
            raise ValueError("expected a list in strictly ascending order")
        return values

    return AfterValidator(ascending), Field(min_length=minimum, max_length=maximum)
