"""The ids that stand in paths: lower-case hex of exact length, or nothing is found there."""

from typing import Annotated, Any

from fastapi import Path
from pydantic import BeforeValidator

from vault.encoding import read_decimal
from vault.errors import EncodingError
from vault.protocol.fields import Hash, Id

_HASH = Path(json_schema_extra={"pattern": "^[0-9a-f]{64}$"})
_ID = Path(json_schema_extra={"pattern": "^[0-9a-f]{32}$"})


def _decimal(text: Any) -> int:
    try:
        return read_decimal(text)
    except EncodingError as error:
        raise ValueError(str(error)) from None


AccountPath = Annotated[Hash, _HASH]
EngagementPath = Annotated[Id, _ID]
ItemPath = Annotated[Id, _ID]
StatementPath = Annotated[Hash, _HASH]
BlobPath = Annotated[Hash, _HASH]
SlotKindPath = Annotated[int, BeforeValidator(_decimal, json_schema_input_type=int), Path(ge=1, le=3)]
