"""Bodies as they come in: bounded, strict JSON, the members that are known and no others.

A problem names the place and the rule, never the value.
"""

import asyncio
from collections.abc import Iterable
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from vault.protocol.limits import BODY_MAXIMUM_BYTES
from vault.protocol.problems import Code, Refused, broken_schema
from vault.protocol.strict_json import read_json
from vault.protocol.submission import Submission
from vault.server.storage.engine import RETRY_AFTER_SECONDS

MEDIA_TYPE = "application/json"
BODY_SECONDS = 60.0
"""How long a body may take to come in; who sends a byte now and then holds no place for ever."""

ModelT = TypeVar("ModelT", bound=BaseModel)


async def read_submission(request: Request, maximum_bytes: int = BODY_MAXIMUM_BYTES) -> Submission:
    """The submission that a body of at most so many bytes spells.

    Raises: Refused(too-large | media-type | body-malformed | schema), (statement-required) where there is no statement,
    StatementError for a statement that is no envelope of this protocol.
    """
    return Submission.from_json(await _read_object(request, maximum_bytes))


async def read_body(request: Request, model: type[ModelT], maximum_bytes: int = BODY_MAXIMUM_BYTES) -> ModelT:
    """The body as a closed model. Raises: Refused(too-large | media-type | body-malformed | schema)."""
    members = await _read_object(request, maximum_bytes)
    try:
        return model.model_validate(members)
    except ValidationError as error:
        raise schema_refusal(error.errors(include_input=False, include_url=False, include_context=False)) from None


def schema_refusal(errors: Iterable[Any]) -> Refused:
    """The problem `schema` of pydantic's errors: places and rules alone."""
    return Refused(Code.SCHEMA, errors=[{"pointer": _pointer(each), "rule": each["type"]} for each in errors])


def require_known(names: Iterable[str], known: Iterable[str], place: str = "") -> None:
    """Return if every name is known. Raises: Refused(schema), which does not repeat the unknown name."""
    if not set(names) <= set(known):
        raise broken_schema(place, "extra_forbidden")


async def _read_object(request: Request, maximum_bytes: int) -> dict[str, Any]:
    require_known(request.query_params, (), "/query")
    sent = request.headers.getlist("content-type")
    if len(sent) != 1 or sent[0].partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise Refused(Code.MEDIA_TYPE)
    value = read_json(await _read_bounded(request, maximum_bytes))
    if not isinstance(value, dict):
        raise broken_schema("", "dict_type")
    return value


async def _read_bounded(request: Request, maximum_bytes: int) -> bytes:
    raw = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                raw += chunk
                if len(raw) > maximum_bytes:
                    raise Refused(Code.TOO_LARGE)
    except TimeoutError:
        raise Refused(Code.BUSY, retry_after_seconds=RETRY_AFTER_SECONDS) from None
    return bytes(raw)


def _pointer(error: Any) -> str:
    """The JSON pointer of one of pydantic's errors; a name that the sender made up is left out."""
    place = error["loc"][:-1] if error["type"] == "extra_forbidden" else error["loc"]
    return "".join(f"/{part}" for part in place)
