import json
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from tests.server.deployments import Deployment
from vault.protocol.limits import BODY_MAXIMUM_BYTES
from vault.server.clock import random_bytes
from vault.server.http.answers import Answers

PATHS = ("/livez", "/readyz", "/v1/deployment", "/problems", "/nothing", "/v1/app", "/livez?unknown=1")


@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_has_the_same_protective_headers(http: httpx.AsyncClient, path: str) -> None:
    first, second = await http.get(path), await http.get(path)
    for answer in (first, second):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] in ("no-store", "public, max-age=300")
        assert len(answer.headers["request-id"]) == 32
        assert not {"server", "location", "content-encoding", "set-cookie"} & set(answer.headers)
    assert first.headers["request-id"] != second.headers["request-id"]


async def test_only_what_is_public_can_be_cached(http: httpx.AsyncClient) -> None:
    cacheable = {path for path in PATHS if "public" in (await http.get(path)).headers["cache-control"]}
    assert cacheable == {"/problems"}


async def test_a_trailing_slash_is_another_path_and_never_a_redirect(http: httpx.AsyncClient) -> None:
    answer = await http.get("/livez/")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not-found"


async def test_nothing_is_compressed_even_when_asked_for(http: httpx.AsyncClient) -> None:
    answer = await http.get("/problems", headers={"Accept-Encoding": "gzip, br"})
    assert "content-encoding" not in answer.headers


async def test_a_fault_is_told_without_a_word_of_what_caused_it(
    deployment: Deployment, http: httpx.AsyncClient, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vault.server.resources.deployment.routes.SUITE", "a secret that stands in a model")
    answer = await http.get("/v1/deployment")
    assert (answer.status_code, answer.json()["code"]) == (500, "server-fault")
    logged = capsys.readouterr().err
    fault = next(line for line in map(json.loads, logged.splitlines()) if line["event"] == "fault")
    assert fault["error"] == "ValidationError"
    assert fault["request_id"] == answer.headers["request-id"]
    assert any(place.startswith("routes.py:") for place in fault["places"])
    assert "secret" not in logged + answer.text


async def test_a_log_line_names_the_template_of_a_route_and_no_id(
    http: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    account = "ab" * 32
    await http.get(f"/v1/accounts/{account}/slots/1", headers={"Authorization": "Bearer cvt_secret"})
    logged = capsys.readouterr().err
    line = json.loads(logged)
    assert line.keys() == {
        "event", "level", "timestamp", "request_id", "method", "route", "status", "milliseconds",
    }  # fmt: skip
    assert line["route"] == "/v1/accounts/{account}/slots/{kind}"
    assert account not in logged
    assert "secret" not in logged


async def test_a_body_that_says_to_be_too_large_is_refused_before_its_credential(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/enrolments", content=b" " * (BODY_MAXIMUM_BYTES + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


@pytest.mark.parametrize("length", ["-1", "1e3", "99999999999999999999", "one"])
async def test_a_length_that_is_no_length_is_too_large(http: httpx.AsyncClient, length: str) -> None:
    answer = await http.post("/v1/enrolments", content=b"{}", headers={"Content-Length": length})
    assert answer.status_code == 413


async def test_a_body_that_hides_its_length_is_refused_at_the_limit(
    deployment: Deployment, http: httpx.AsyncClient
) -> None:
    sent = 0

    async def pour() -> AsyncIterator[bytes]:  # an endless body: whoever reads it all never ends
        nonlocal sent
        while True:
            sent += 65_536
            yield b" " * 65_536

    headers = {"Authorization": f"Bearer {deployment.app_key}", "Content-Type": "application/json"}
    answer = await http.post("/v1/enrolments", content=pour(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


async def test_a_fault_in_the_middle_of_an_answer_breaks_the_connection(capsys: pytest.CaptureFixture[str]) -> None:
    async def break_in_the_middle(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("a secret that stands in an exception")

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    with pytest.raises(ConnectionAbortedError):
        await Answers(break_in_the_middle, random_bytes)(SCOPE, receive_nothing, send)
    assert [message["type"] for message in sent] == ["http.response.start"]
    assert "secret" not in capsys.readouterr().err


async def test_who_hangs_up_before_the_body_is_whole_is_no_fault(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    headers = [(b"authorization", f"Bearer {deployment.app_key}".encode()), (b"content-type", b"application/json")]
    scope = {**SCOPE, "method": "POST", "path": "/v1/enrolments", "raw_path": b"/v1/enrolments", "headers": headers}

    async def send(message: Message) -> None:
        raise AssertionError("nobody is there")

    before = deployment.digest()
    await deployment.app(scope, receive_nothing, send)
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == ["request"]
    assert deployment.digest() == before


async def receive_nothing() -> Message:
    return {"type": "http.disconnect"}


SCOPE: Scope = {
    "type": "http", "method": "GET", "path": "/", "raw_path": b"/", "query_string": b"", "headers": [],
    "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2), "scheme": "http", "http_version": "1.1", "root_path": "",
}  # fmt: skip
