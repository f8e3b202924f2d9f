"""How a route is described: its name, who may call it, what it takes, what it answers, how it refuses.

A route is declared with `router.post(path, **operation(...))`. The OpenAPI file is made of nothing else. Routes read
their bodies themselves, in the order of checks, so FastAPI has nothing to read before them.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from fastapi import Depends, Request
from pydantic import BaseModel

from vault.protocol.kinds import KINDS, Part
from vault.protocol.limits import LIST_MAXIMUM, PART_MAXIMUM_BYTES, SEAL_BYTES, SLOT_BYTES
from vault.protocol.problems import PROBLEMS, Code
from vault.protocol.vocabulary import SLOT_KINDS, StatementType
from vault.server.http.content import CONTENT_TYPE
from vault.server.http.problems import PROBLEM_TYPE
from vault.server.http.submissions import MEDIA_TYPE, require_known

PROBLEM_SCHEMA = "#/components/schemas/Problem"
ENVELOPE_SCHEMA = "#/components/schemas/Envelope"


class Credential(StrEnum):
    """Which credential a route takes."""

    NONE = "none"
    APP = "app"
    ENROLMENT = "enrolment"
    PERSON = "person"
    KEYRING = "keyring"


class Salt(StrEnum):
    """Whether the salt of the journal comes with a statement, which it does where the statement opens one."""

    NEVER = "never"
    WITH_THE_FIRST = "with the first"
    ALWAYS = "always"


_EVERY_ROUTE = (Code.TOO_LARGE, Code.HEADERS_TOO_LARGE, Code.SERVER_FAULT, Code.STORAGE_AWAY)
_READ = (Code.SCHEMA,)
_CREDENTIAL = (Code.CREDENTIAL_MISSING, Code.CREDENTIAL_ENDED, Code.CREDENTIAL_WRONG)
_ENROLMENT = (Code.CREDENTIAL_MISSING, Code.ENROLMENT_ENDED, Code.CREDENTIAL_WRONG)
_BODY = (Code.MEDIA_TYPE, Code.BODY_MALFORMED, Code.SCHEMA, Code.TOO_MANY)
_STATEMENT = (Code.STATEMENT_REQUIRED, Code.STATEMENT_MALFORMED, Code.SUITE, Code.AUDIENCE)
_WRITE = (
    Code.NOT_SIGNER,
    Code.SIGNATURE_INVALID,
    Code.ID_TAKEN,
    Code.PATH_MISMATCH,
    Code.CLOCK_SKEW,
    Code.NOT_NEWEST,
    Code.SEEN_UNKNOWN,
    Code.BUSY,
)
_PARTS = (Code.PART_MISSING, Code.PART_SURPLUS, Code.PART_MISMATCH)
_RETRY_AFTER = {"Retry-After": {"required": True, "schema": {"type": "integer", "description": "Seconds."}}}
_REFUSAL_HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"required": True, "schema": {"type": "string", "enum": ["Bearer"]}}},
    429: _RETRY_AFTER,
    503: _RETRY_AFTER,
}
_CONTENT_BODY = {
    "required": True,
    "description": f"At most {PART_MAXIMUM_BYTES} bytes, with a `Content-Length`.",
    "content": {CONTENT_TYPE: {}},
}
_CONTENT_DIGEST = {
    "in": "header",
    "name": "Content-Digest",
    "required": True,
    "description": "SHA-256 of the body (RFC 9530).",
    "schema": {"type": "string", "pattern": "^sha-256=:[A-Za-z0-9+/]{43}=:$"},
}
_RANGE = {
    "in": "header",
    "name": "Range",
    "required": False,
    "description": "One range of bytes; several are answered with the whole.",
    "schema": {"type": "string", "pattern": "^bytes=([0-9]+-[0-9]*|-[0-9]+)$"},
}
PART_SCHEMAS: dict[Part, dict[str, Any]] = {
    Part.SEALS: {
        "type": "array",
        "maxItems": LIST_MAXIMUM,
        "items": {"type": "string", "contentEncoding": "base64"},
        "description": f"Each {SEAL_BYTES} bytes, as many as the payload lists, in its order.",
    },
    Part.BLOB: {
        "type": "string",
        "contentEncoding": "base64",
        "description": "The sealed bytes that the payload names.",
    },
    Part.SLOTS: {
        "type": "array",
        "maxItems": len(SLOT_KINDS),
        "items": {"type": "string", "contentEncoding": "base64"},
        "description": f"Each {SLOT_BYTES} bytes, in the payload's order.",
    },
    Part.SALT: {
        "type": "string",
        "contentEncoding": "base64",
        "minLength": 44,
        "maxLength": 44,
        "description": "32 bytes, in the submission that opens a journal with a salt and nowhere else.",
    },
}


def operation(
    operation_id: str,
    tag: str,
    summary: str,
    *,
    credential: Credential,
    answer: type[BaseModel] | None,
    status: int = 200,
    problems: Iterable[Code] = (),
    body: type[BaseModel] | None = None,
    statement: StatementType | tuple[StatementType, ...] | None = None,
    salt: Salt = Salt.NEVER,
    query: Iterable[str] = (),
    also: Mapping[int, type[BaseModel]] | None = None,
    media_types: Iterable[str] = (),
    tagged: bool = False,
    ranged: bool = False,
    content: bool = False,
) -> dict[str, Any]:
    """The keyword arguments of one route's decorator.

    `statement` makes it a write: the body is a submission with the parts of its row, and `salt` where it comes, the
    answer may also be 200. `body` is a closed model of another body. `query` names the parameters that are known; all
    others are refused. `also` are answers of another status, `media_types` what comes instead of JSON or beside it,
    `tagged` says that there is an ETag, `ranged` that a `Range` is honoured, and `content` that the body is bytes whose
    length and digest stand in its headers.
    """
    known = tuple(query)
    codes = [*_EVERY_ROUTE, *problems]
    extra: dict[str, Any] = {}
    if credential is Credential.NONE:
        extra["security"] = []
    else:
        extra["security"] = [{credential.value: []}]
        codes += _ENROLMENT if credential is Credential.ENROLMENT else _CREDENTIAL
    if credential is Credential.KEYRING:
        extra["security"].append({Credential.PERSON.value: []})
    taken: list[Any] = []
    if statement is not None:
        types = (statement,) if isinstance(statement, StatementType) else statement
        codes += (*_BODY, *_STATEMENT)
        extra["requestBody"] = _json_body(_submission(types, salt))
        if credential is not Credential.NONE:
            codes += (*_WRITE, *_PARTS)
    elif body is not None:
        codes += _BODY
        extra["requestBody"] = _json_body({"$ref": f"#/components/schemas/{body.__name__}"})
    else:
        codes += _READ
        taken.append(Depends(_require_query(known)))
    success: dict[str, Any] = {} if answer is None else {"model": answer}
    if content:
        extra["requestBody"] = _CONTENT_BODY
        extra["parameters"] = [_CONTENT_DIGEST]
    if media_types:
        success["content"] = {name: {} for name in media_types}
    responses: dict[int | str, dict[str, Any]] = {status: {"description": HTTPStatus(status).phrase, **success}}
    if tagged:
        responses[status]["headers"] = {"ETag": {"schema": {"type": "string"}}}
        responses[304] = {"description": "Nothing has changed since the `ETag` in `If-None-Match`."}
    if ranged:
        extra["parameters"] = [_RANGE]
        responses[206] = {"description": "The bytes of the one range that was asked for.", **success}
    if statement is not None and credential is not Credential.NONE:
        responses[200] = {"description": "The same statement was taken before: its first answer.", **success}
    responses |= _refusals(codes)
    for other, model in (also or {}).items():
        responses[other]["model"] = model
    return {
        "operation_id": operation_id,
        "tags": [tag],
        "summary": summary,
        "status_code": status,
        "responses": responses,
        "openapi_extra": extra,
        "dependencies": taken,
        "response_model": None,
    }


def _require_query(known: tuple[str, ...]) -> Any:
    async def require_query(request: Request) -> None:
        require_known(request.query_params, known, "/query")
        if len(request.query_params.multi_items()) != len(request.query_params):
            require_known(("twice",), (), "/query")

    return require_query


def _json_body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {MEDIA_TYPE: {"schema": schema}}}


def _submission(types: tuple[StatementType, ...], salt: Salt) -> dict[str, Any]:
    listed = dict.fromkeys(part for word in types for part in KINDS[word].parts if part is not Part.SALT)
    required = [*listed, *((Part.SALT,) if salt is Salt.ALWAYS else ())]
    optional = (Part.SALT,) if salt is Salt.WITH_THE_FIRST else ()
    named = " or ".join(f"`{word}`" for word in types)
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["statement", *required],
        "properties": {
            "statement": {"$ref": ENVELOPE_SCHEMA, "description": f"A signed statement of type {named}."},
            **{part.value: PART_SCHEMAS[part] for part in (*required, *optional)},
        },
    }


def _refusals(codes: Iterable[Code]) -> dict[int | str, dict[str, Any]]:
    by_status: dict[int, list[Code]] = {}
    for code in dict.fromkeys(codes):
        by_status.setdefault(PROBLEMS[code].status, []).append(code)
    return {
        status: {
            **({"headers": _REFUSAL_HEADERS[status]} if status in _REFUSAL_HEADERS else {}),
            "description": "; ".join(f"`{code}`: {PROBLEMS[code].title}" for code in named),
            "content": {
                PROBLEM_TYPE: {"schema": {"allOf": [{"$ref": PROBLEM_SCHEMA}], "properties": {"code": {"enum": named}}}}
            },
        }
        for status, named in sorted(by_status.items())
    }
