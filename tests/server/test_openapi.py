import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.protocol.samples import SAMPLES
from tests.server.walk import take_walk, write_examples
from vault.protocol.problems import PROBLEMS
from vault.protocol.statements import MODELS
from vault.protocol.vocabulary import StatementType
from vault.server.http.openapi_file import openapi_path, read_openapi_file
from vault.server.openapi import build_description, describe, list_operations

STAGE_A = {
    "getDeployment", "listProblems", "getProblem", "live", "ready", "openapi", "getApp", "createEnrolment",
    "createAccount", "listKeys", "createKeys", "getSlotHeader", "getKeyring", "createKeyring", "createIntroduction",
    "listIntroductions", "createChallenge", "createToken", "deleteToken", "createEngagement", "listEngagements",
    "getEngagement", "createContract", "createAssent", "createClosure", "listJournal", "listEscalationsJournal",
    "getBlob", "createItem", "listItems", "getItem", "listReaders", "createDisclosure", "listDisclosures",
    "putAttachmentPart", "getAttachmentParts", "getAttachment", "listContents",
    "createOpening", "getDisclosureContent", "createReseal", "createWithdrawal", "getCheckpoint", "getEntries",
    "getTile",
}  # fmt: skip
BYTES = {
    "openapi", "getBlob", "listContents", "deleteToken", "getCheckpoint", "getEntries", "getTile", "putAttachmentPart",
    "getAttachment",
}  # fmt: skip
"""Operations whose answer is no JSON, or has no example of it."""
PUBLIC = {
    "getDeployment", "listProblems", "getProblem", "live", "ready", "openapi", "getSlotHeader", "createChallenge",
    "createToken", "getCheckpoint", "getEntries", "getTile",
}  # fmt: skip

DESCRIPTION = build_description()
OPERATIONS = {operation["operationId"]: operation for _, operation in list_operations(DESCRIPTION)}
JSON = "application/json"


def validate(schema: dict[str, Any], value: Any) -> None:
    whole = {**schema, "components": DESCRIPTION["components"]}
    Draft202012Validator(whole).validate(value)


def test_the_committed_description_is_that_of_the_routes() -> None:
    assert openapi_path().read_text(encoding="utf-8") == describe()


async def test_the_committed_description_is_served_byte_for_byte(http: httpx.AsyncClient) -> None:
    assert (await http.get("/openapi.json")).content == read_openapi_file() == openapi_path().read_bytes()


def test_the_description_is_valid_openapi() -> None:
    assert [str(error) for error in OpenAPIV31SpecValidator(json.loads(describe())).iter_errors()] == []


def test_every_operation_of_this_stage_is_there_under_its_name() -> None:
    assert len(OPERATIONS) == len(list(list_operations(DESCRIPTION)))
    assert OPERATIONS.keys() == STAGE_A


@pytest.mark.parametrize("name", sorted(STAGE_A))
def test_an_operation_says_who_may_call_it_and_how_it_refuses(name: str) -> None:
    operation = OPERATIONS[name]
    assert (operation["security"] == []) == (name in PUBLIC)
    assert operation["summary"]
    assert set(operation["tags"]) <= {tag["name"] for tag in DESCRIPTION["tags"]}
    responses = operation["responses"]
    assert {"413", "422", "500", "503"} <= responses.keys()
    if name not in PUBLIC:
        assert {"401", "403"} <= responses.keys()
    for status, response in responses.items():
        if int(status) >= 400:
            named = response["content"]["application/problem+json"]["schema"]["properties"]["code"]["enum"]
            assert {PROBLEMS[code].status for code in named} == {int(status)}


@pytest.mark.parametrize("name", sorted(STAGE_A))
def test_the_example_of_an_operation_has_the_shape_that_it_describes(name: str) -> None:
    operation = OPERATIONS[name]
    if JSON in operation.get("requestBody", {}).get("content", {}):
        media = operation["requestBody"]["content"][JSON]
        validate(media["schema"], media["example"])
    answers = 0
    for status, response in operation["responses"].items():
        media = response.get("content", {}).get(JSON, {})
        if status.startswith("2") and "example" in media:
            validate(media["schema"], media["example"])
            answers += 1
    assert answers == (name not in BYTES)
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            validate(parameter["schema"], parameter["example"])


def test_a_refusal_in_the_description_has_the_shape_that_it_describes() -> None:
    assert DESCRIPTION["components"]["examples"].keys() == PROBLEMS.keys()
    for example in DESCRIPTION["components"]["examples"].values():
        validate({"$ref": "#/components/schemas/Problem"}, example["value"])


async def test_the_examples_are_what_a_server_is_sent_and_answers(tmp_path: Path) -> None:
    assert write_examples(await take_walk(tmp_path)) == openapi_path("examples.json").read_text(encoding="utf-8")


def test_each_route_claims_the_media_types_that_it_sends() -> None:
    description = build_description()
    claimed = {
        operation["operationId"]: set(response.get("content", {}))
        for _, operation in list_operations(description)
        for status, response in operation["responses"].items()
        if status == "200"
    }
    names = ("getBlob", "listContents", "getAttachment", "getTile", "getEntries")
    assert all(claimed[name] == {"application/octet-stream"} for name in names)
    assert claimed["getCheckpoint"] == {"text/plain"}
    assert claimed["listProblems"] == {JSON, "text/html"}


def test_what_may_be_left_out_of_a_request_is_not_required_and_what_is_answered_is() -> None:
    schemas = build_description()["components"]["schemas"]
    asked = schemas["EnrolmentRequest"]
    assert "required" not in asked
    assert "default" not in asked["properties"]["expires_in_seconds"]
    assert set(schemas["DisclosureRow"]["required"]) == set(schemas["DisclosureRow"]["properties"])


@pytest.mark.parametrize("word", StatementType)
def test_each_payload_has_its_schema_which_takes_a_sample_and_no_other_member(word: StatementType) -> None:
    schemas = build_description()["components"]
    schema = {"$ref": f"#/components/schemas/{MODELS[word].__name__}", "components": schemas}
    checker = Draft202012Validator(schema)
    checker.validate(SAMPLES[word])
    assert not checker.is_valid({**SAMPLES[word], "more": 1})
    assert not checker.is_valid({**SAMPLES[word], "type": "other"})
