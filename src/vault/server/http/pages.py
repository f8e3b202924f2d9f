"""Which part of a list is asked for: `after` a cursor, at most `limit`, each in its one spelling."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import BeforeValidator, Field

from vault.encoding import MAXIMUM_INTEGER, read_decimal
from vault.errors import EncodingError
from vault.protocol.fields import Hash, Id
from vault.protocol.limits import PAGE_DEFAULT, PAGE_MAXIMUM

PAGED = ("after", "limit")
"""The query parameters of every list."""


def _decimal(value: Any) -> int:
    try:
        return read_decimal(value)
    except EncodingError as error:
        raise ValueError(str(error)) from None


_DECIMAL = BeforeValidator(_decimal, json_schema_input_type=int)

Limit = Annotated[int, _DECIMAL, Field(ge=1, le=PAGE_MAXIMUM), Query()]
AfterSeq = Annotated[int, _DECIMAL, Field(ge=0, le=MAXIMUM_INTEGER), Query()]
AfterHash = Annotated[Hash | None, Query()]
AfterId = Annotated[Id | None, Query()]
AfterMark = Annotated[str | None, Query(pattern="^[0-9]{1,16}-[0-9a-f]{64}$")]

FIRST = 0
LIMIT = PAGE_DEFAULT
