"""The description of the API, made from the routes: stable order, stable bytes."""

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from vault.protocol.api import ChallengeRequest, EnrolmentRequest
from vault.protocol.problems import PROBLEMS
from vault.server.app import ROUTERS, TITLE

_BODIES: tuple[type[BaseModel], ...] = (EnrolmentRequest, ChallengeRequest)
_DESCRIPTION = (
    "End-to-end encrypted notes for coaching. Every act of a person is a signed statement, sent with POST to the "
    "collection that is named after its type; every content is sealed before it is sent. The formats of statements, "
    "blobs, seals and slots are in the project's docs/protocol.md."
)
_TAGS = {
    "deployment": "What anyone may ask.",
    "apps": "What a coaching app may do with its key: issue enrolment tokens, and nothing about people.",
    "login": "From a key to a token.",
    "accounts": "Accounts, their keys and their sealed keyrings.",
    "introductions": "How two people come to know each other's accounts.",
    "engagements": "Coaching relationships: contracts, assents, the journal.",
    "items": "Sealed notes, goals, drafts and summaries.",
    "disclosures": "Summaries that a coachee seals for a sponsor.",
}
_SCHEMES = {
    "app": ("cva_", "An app key, made by the operator. It issues enrolment tokens and does nothing else."),
    "enrolment": ("cve_", "An enrolment token: one new account, once."),
    "person": ("cvt_", "A login token of a person, 15 minutes."),
    "keyring": ("cvt_", "A token of a fetch key: one slot and the keyring, 5 minutes."),
}


def describe() -> str:
    """The whole description as JSON, members sorted, one line each."""
    return json.dumps(build_description(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def build_description() -> dict[str, Any]:
    """The description as a value (OpenAPI 3.1)."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    for router in ROUTERS:
        app.include_router(router)
    found = get_openapi(
        title=TITLE,
        version="1",
        openapi_version="3.1.0",
        description=_DESCRIPTION,
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in _TAGS.items()],
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    _drop_framework(found)
    components = found.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for body in _BODIES:
        schemas[body.__name__] = body.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas["Problem"] = _problem_schema()
    schemas["Envelope"] = _envelope_schema()
    components["securitySchemes"] = {
        name: {"type": "http", "scheme": "bearer", "bearerFormat": prefix, "description": text}
        for name, (prefix, text) in _SCHEMES.items()
    }
    return found


def _drop_framework(found: dict[str, Any]) -> None:
    """FastAPI adds its own 422 to every route with a parameter; ours is described already."""
    schemas = found.get("components", {}).get("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path in found["paths"].values():
        for operation in path.values():
            content = operation.get("responses", {}).get("422", {}).get("content", {})
            if "application/json" in content:
                content.pop("application/json")


def _problem_schema() -> dict[str, Any]:
    return {
        "type": "object",
        "description": "A refusal (RFC 9457). Nothing that was sent is repeated in it.",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string", "description": "What to do."},
            "code": {"type": "string", "enum": list(PROBLEMS)},
            "errors": {
                "type": "array",
                "description": "With `schema`: where, and which rule; never the value.",
                "items": {
                    "type": "object",
                    "required": ["pointer", "rule"],
                    "properties": {"pointer": {"type": "string"}, "rule": {"type": "string"}},
                },
            },
            "current": {"type": "object", "description": "With `version-taken`: the newest version."},
            "after": {"type": "string", "description": "With `not-newest`: what `after` must be."},
            "time": {"type": "integer", "description": "With `clock-skew`: the server's Unix time."},
        },
    }


def _envelope_schema() -> dict[str, Any]:
    base64 = {"type": "string", "contentEncoding": "base64"}
    return {
        "type": "object",
        "description": "A signed statement (DSSE 1.0). `keyid` is a hint and is ignored.",
        "additionalProperties": False,
        "required": ["payload", "payloadType", "signatures"],
        "properties": {
            "payload": base64,
            "payloadType": {"type": "string", "pattern": r"^application/vnd\.coach-vault\.[a-z]+\.v1\+json$"},
            "signatures": {
                "type": "array",
                "minItems": 1,
                "maxItems": 2,
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["keyid", "sig"],
                    "properties": {"keyid": {"type": "string"}, "sig": base64},
                },
            },
        },
    }
