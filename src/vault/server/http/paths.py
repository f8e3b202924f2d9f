"""The ids that stand in paths: lower-case hex of exact length, or nothing is found there."""

from typing import Annotated, Any

from fastapi import Path
from pydantic import BeforeValidator

from vault.encoding import read_decimal
from vault.errors import EncodingError
from vault.protocol.fields import Hash, Id, SlotKind
from vault.protocol.limits import PARTS_MAXIMUM


def _decimal(text: Any) -> int:
    try:
        return read_decimal(text)
    except EncodingError as error:
        raise ValueError(str(error)) from None


AccountPath = Annotated[Hash, Path()]
EngagementPath = Annotated[Id, Path()]
AttachmentPath = Annotated[Id, Path()]
ItemPath = Annotated[Id, Path()]
StatementPath = Annotated[Hash, Path()]
BlobPath = Annotated[Hash, Path()]
PartPath = Annotated[int, BeforeValidator(_decimal, json_schema_input_type=int), Path(ge=1, le=PARTS_MAXIMUM)]
SlotKindPath = Annotated[SlotKind, BeforeValidator(_decimal, json_schema_input_type=int), Path()]
