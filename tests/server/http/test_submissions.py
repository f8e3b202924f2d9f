import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.server.deployments import AUDIENCE, NOW, URL
from tests.support.authoring import by, sign, write
from vault.encoding import write_base64
from vault.protocol.statements import Login
from vault.server.http import submissions

PLACE = "/v1/login/tokens"  # takes a submission and needs no credential


def envelope() -> dict[str, Any]:
    members = {"id": bytes(16), "url": URL, "challenge": bytes(32), "expires": NOW + 60}
    body = write(Login, None, NOW, audience=AUDIENCE, **by("Lena"), **members)
    return sign(body, "Lena").envelope.to_json()


async def send(http: httpx.AsyncClient, body: bytes, media_type: str = "application/json") -> tuple[int, Any]:
    answer = await http.post(PLACE, content=body, headers={"Content-Type": media_type})
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff{}", b"{} {}", b'{"a":1,"a":1}', b'{"a":1.5}', b'{"a":-1}', b'{"a":NaN}',
     b'{"a":9007199254740992}', b'{"a":' * 9 + b"1" + b"}" * 9, b'{"a":"\\ud800"}', b"\xef\xbb\xbf{}", b"[" * 16_000],
)  # fmt: skip
async def test_what_is_not_strict_json_is_malformed(http: httpx.AsyncClient, body: bytes) -> None:
    status, problem = await send(http, body)
    assert (status, problem["code"]) == (400, "body-malformed")


@pytest.mark.parametrize("body", [b"[]", b"1", b"null", b'"text"', b"true"])
async def test_what_is_no_object_breaks_the_schema(http: httpx.AsyncClient, body: bytes) -> None:
    status, problem = await send(http, body)
    assert (status, problem["code"]) == (422, "schema")
    assert problem["errors"] == [{"pointer": "", "rule": "dict_type"}]


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/jsonx", "application/problem+json", "text/json"])
async def test_another_media_type_is_not_read(http: httpx.AsyncClient, media_type: str) -> None:
    status, problem = await send(http, b"{}", media_type)
    assert (status, problem["code"]) == (415, "media-type")


async def test_a_charset_beside_the_media_type_is_no_matter(http: httpx.AsyncClient) -> None:
    status, _ = await send(http, b"{}", "Application/JSON; charset=utf-8")
    assert status == 403


async def test_a_body_that_does_not_end_is_given_up(http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submissions, "BODY_SECONDS", 0.01)

    async def half() -> AsyncIterator[bytes]:
        yield b'{"statement":'
        await asyncio.Event().wait()

    answer = await http.post(PLACE, content=half(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "busy", "2")


async def test_without_a_statement_one_is_asked_for(http: httpx.AsyncClient) -> None:
    status, problem = await send(http, b"{}")
    assert (status, problem["code"]) == (403, "statement-required")


async def test_an_unknown_member_is_refused_and_not_repeated(http: httpx.AsyncClient) -> None:
    status, problem = await send(http, json.dumps({"statement": envelope(), "very-private": 1}).encode())
    assert (status, problem["code"]) == (422, "schema")
    assert problem["errors"] == [{"pointer": "", "rule": "extra_forbidden"}]


async def test_a_query_parameter_is_refused_and_not_repeated(http: httpx.AsyncClient) -> None:
    answer = await http.post(PLACE + "?very-private=1", json={"statement": envelope()})
    assert answer.json()["errors"] == [{"pointer": "/query", "rule": "extra_forbidden"}]
    assert "private" not in answer.text


@pytest.mark.parametrize(
    ("parts", "pointer"),
    [
        ({"blob": "AA"}, "/blob"), ({"blob": None}, "/blob"), ({"blob": 7}, "/blob"), ({"blob": "AB=="}, "/blob"),
        ({"blob": "-_-_"}, "/blob"), ({"seals": "AAAA"}, "/seals"), ({"seals": ["AAAA", "A"]}, "/seals/1"),
        ({"seals": [[]]}, "/seals/0"), ({"seals": ["AAAA"] * 17}, "/seals"), ({"slots": {}}, "/slots"),
        ({"slots": [" AAAA"]}, "/slots/0"), ({"salt": "AAAA"}, "/salt"), ({"salt": write_base64(bytes(33))}, "/salt"),
    ],
)  # fmt: skip
async def test_a_part_has_one_spelling(http: httpx.AsyncClient, parts: dict[str, Any], pointer: str) -> None:
    status, problem = await send(http, json.dumps({"statement": envelope(), **parts}).encode())
    assert (status, problem["code"]) == (422, "schema")
    assert problem["errors"][0]["pointer"] == pointer


def _changed(**members: Any) -> dict[str, Any]:
    return {**envelope(), **members}


@pytest.mark.parametrize(
    "statement",
    [
        None, 7, [], "text", {}, _changed(extra=1), _changed(payload=7), _changed(payload="A"), _changed(signatures=[]),
        _changed(signatures=envelope()["signatures"] * 3), _changed(signatures=[{"keyid": "", "sig": "AAAA"}]),
        _changed(payloadType="application/json"), _changed(payloadType=None),
        _changed(payloadType="application/vnd.coach-vault.item.v1+json"), _changed(payload=write_base64(b"{}")),
        _changed(payload=write_base64(b'{"type": "login"}')),
    ],
)  # fmt: skip
async def test_what_is_no_envelope_of_this_collection_is_malformed(http: httpx.AsyncClient, statement: Any) -> None:
    status, problem = await send(http, json.dumps({"statement": statement}).encode())
    assert (status, problem["code"]) == (422, "statement-malformed")
    assert problem.keys() == {"type", "title", "status", "detail", "code"}


async def test_the_same_refusal_has_the_same_bytes(http: httpx.AsyncClient) -> None:
    unknown = [await http.get(path) for path in ("/", "/v1", "/v1/nothing", f"/v1/accounts/{'AB' * 32}/slots/1")]
    assert {answer.content for answer in unknown} == {unknown[0].content}
    assert {answer.status_code for answer in unknown} == {404}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE"])
async def test_a_method_that_does_nothing_is_refused_with_those_that_do(http: httpx.AsyncClient, method: str) -> None:
    answer = await http.request(method, PLACE)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
