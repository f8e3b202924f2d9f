"""The ids that stand in paths: lower-case hex of exact length, or nothing is found there."""

from typing import Annotated

from fastapi import Path

from vault.protocol.fields import Hash, Id

_HASH = Path(json_schema_extra={"pattern": "^[0-9a-f]{64}$"})
_ID = Path(json_schema_extra={"pattern": "^[0-9a-f]{32}$"})

AccountPath = Annotated[Hash, _HASH]
EngagementPath = Annotated[Id, _ID]
ItemPath = Annotated[Id, _ID]
StatementPath = Annotated[Hash, _HASH]
BlobPath = Annotated[Hash, _HASH]
