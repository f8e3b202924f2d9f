"""The description of the API, made from the routes: stable order, stable bytes.

Its examples were recorded: tests walk over every operation, and what they sent and got is kept beside the file.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from vault.protocol.api import ChallengeRequest, EnrolmentRequest
from vault.protocol.problems import PROBLEMS, Refused
from vault.protocol.statements import MODELS
from vault.server.app import ROUTERS, TITLE
from vault.server.http.openapi_file import read_examples
from vault.server.http.problems import problem_members
from vault.server.http.schemas import ENVELOPE, IN_PATHS, PROBLEM

_BODIES = (EnrolmentRequest, ChallengeRequest)
_REF = "#/components/schemas/{model}"
_JSON = "application/json"
_DESCRIPTION = (
    "End-to-end encrypted notes for coaching. Every act of a person is a signed statement, sent with POST to the "
    "collection that is named after its type; every content is sealed before it is sent. The formats of statements, "
    "blobs, seals and slots are in the project's docs/protocol.md."
)
_TAGS = {
    "deployment": "What anyone may ask.",
    "apps": "What a coaching app may do with its key: issue enrolment tokens, and nothing about people.",
    "login": "From a key to a token.",
    "accounts": "Accounts, their keys, their sealed keyrings, and introductions.",
    "engagements": "Coaching relationships: contracts, assents, journals.",
    "items": "Sealed notes, goals, drafts and summaries.",
    "attachments": "Large sealed content, in parts; what no item names goes after 24 hours.",
    "disclosures": "Summaries that a coachee seals for a sponsor.",
    "log": "The transparency log: what was written, in one order that cannot be changed, said to everybody alike.",
}
_SCHEMES = {
    "app": ("cva_", "An app key, made by the operator. It issues enrolment tokens and does nothing else."),
    "enrolment": ("cve_", "An enrolment token: one new account, once."),
    "person": ("cvt_", "A login token of a person, 15 minutes."),
    "keyring": ("cvt_", "A token of a fetch key: one slot and the keyring, 5 minutes."),
}
_BOUNDS = {"ge": "minimum", "le": "maximum"}


def describe() -> str:
    """The whole description as JSON, members sorted, a line each."""
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
    examples = read_examples()
    for path, operation in list_operations(found):
        _describe_parameters(operation, path)
        _drop_framework(operation)
        _add_example(operation, path, examples.get(operation["operationId"], {}))
    found["components"] = _components(found["components"]["schemas"])
    return found


def list_operations(description: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every operation with its path."""
    for path, methods in description["paths"].items():
        for operation in methods.values():
            yield path, operation


def _components(schemas: dict[str, Any]) -> dict[str, Any]:
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for body in _BODIES:
        schemas[body.__name__] = body.model_json_schema(ref_template=_REF)
        for member in schemas[body.__name__]["properties"].values():
            member.pop("default", None)  # generators take a member with a default for one that is always there
    _, payloads = models_json_schema([(model, "validation") for model in MODELS.values()], ref_template=_REF)
    schemas |= {name: payload for name, payload in payloads["$defs"].items() if name not in schemas}
    for word, model in MODELS.items():
        schemas[model.__name__]["properties"]["type"] = {"type": "string", "const": word.value}
    schemas |= {"Problem": PROBLEM, "Envelope": ENVELOPE}
    return {
        "schemas": schemas,
        "examples": {code: {"value": problem_members(Refused(code))} for code in PROBLEMS},
        "securitySchemes": {
            name: {"type": "http", "scheme": "bearer", "bearerFormat": prefix, "description": text}
            for name, (prefix, text) in _SCHEMES.items()
        },
    }


def _describe_parameters(operation: dict[str, Any], path: str) -> None:
    """Routes that write read their ids from the statement; all ids of a path are described here, alike."""
    queries = [each for each in operation.get("parameters", ()) if each["in"] == "query"]
    headers = [each for each in operation.get("parameters", ()) if each["in"] == "header"]
    for each in queries:
        schema = each["schema"]
        alternatives = [one for one in schema.pop("anyOf", ()) if one != {"type": "null"}]
        each["schema"] = {_BOUNDS.get(name, name): value for name, value in schema.items()}
        for one in alternatives:
            each["schema"] |= one
    in_path = [
        {"in": "path", "name": name, "required": True, "schema": IN_PATHS[name]}
        for name in re.findall(r"\{([a-z0-9]+)\}", path)
    ]
    if in_path or queries or headers:
        operation["parameters"] = in_path + queries + headers


def _drop_framework(operation: dict[str, Any]) -> None:
    """FastAPI adds its own 422 to a route with a parameter, and JSON to every answer; ours are described already."""
    operation["responses"].get("422", {}).get("content", {}).pop(_JSON, None)
    for answer in operation["responses"].values():
        media = answer.get("content", {})
        if len(media) > 1 and media.get(_JSON) == {"schema": {}}:
            del media[_JSON]


def _spelled(name: "re.Match[str]") -> str:
    """What a parameter of a path takes of it; an index of the log has slashes."""
    return "([^?]+)" if name[1] == "index" else "([^/?]+)"


def _add_example(operation: dict[str, Any], path: str, example: dict[str, Any]) -> None:
    """What was sent and what came back in the recorded walk."""
    if "request" in example:
        operation["requestBody"]["content"][_JSON]["example"] = example["request"]
    if "answer" in example:
        operation["responses"][str(example["status"])]["content"][_JSON]["example"] = example["answer"]
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path" and "path" in example:
            pattern = re.sub(r"\\\{([a-z0-9]+)\\\}", _spelled, re.escape(path))
            names = re.findall(r"\{([a-z0-9]+)\}", path)
            match = re.match(pattern, example["path"])
            text = "" if match is None else match[1 + names.index(parameter["name"])]
            parameter["example"] = int(text) if parameter["schema"]["type"] == "integer" else text
