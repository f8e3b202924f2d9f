"""Every route of the app, counted from the app itself, against requests that are wrong in the ways all routes share.

Each refusal has its code, says nothing of what was sent, and leaves every row as it was.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

from tests.policy.worlds import ENGAGEMENT, START
from tests.server.deployments import deployed
from tests.server.joining import bearer
from tests.server.walk import STRANGER, URL, Walk, counted, walk_to_the_disclosure
from tests.support.people import account
from vault.protocol.limits import BODY_MAXIMUM_BYTES
from vault.protocol.problems import PROBLEMS, Code
from vault.server.app import ROUTERS
from vault.server.clock import random_bytes
from vault.server.credentials import APP_PREFIX, ENROLMENT_PREFIX, LOGIN_PREFIX, new_credential
from vault.server.openapi import build_description

PRIVATE = "very-private-words"
PROBED = {("HEAD", "/livez"), ("HEAD", "/readyz")}
"""What answers as GET does, for probes that want no body."""
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, methods in build_description()["paths"].items()
    for method, operation in methods.items()
}
BODIES = {
    name: operation["requestBody"] for name, (_, _, operation) in OPERATIONS.items() if "requestBody" in operation
}
WITH_BODY = sorted(name for name, body in BODIES.items() if "application/json" in body["content"])
WITHOUT_BODY = sorted(OPERATIONS.keys() - BODIES.keys())
WITH_CREDENTIAL = sorted(name for name, (_, _, operation) in OPERATIONS.items() if operation["security"])
WITH_SUBMISSION = sorted(
    name
    for name in WITH_BODY
    if "statement" in OPERATIONS[name][2]["requestBody"]["content"]["application/json"]["schema"].get("properties", {})
)
WITH_ID = sorted(name for name in WITHOUT_BODY if re.search("{(account|engagement)}", OPERATIONS[name][1]))
IN_ENGAGEMENT = sorted(name for name in WITH_ID if "{engagement}" in OPERATIONS[name][1])
HEX = re.compile(r"[0-9a-f]{32,64}")
PREFIXES = {"app": APP_PREFIX, "enrolment": ENROLMENT_PREFIX, "person": LOGIN_PREFIX, "keyring": LOGIN_PREFIX}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """A server on which three people have written and disclosed. One for all tests: each leaves it as it was."""
    with deployed(tmp_path_factory.mktemp("shared"), url=URL, now=START, random=counted()) as deployment:

        async def begin() -> Walk:
            async with deployment.client() as http:
                walk = Walk(deployment, http)
                await walk_to_the_disclosure(walk)
            return walk

        yield asyncio.run(begin())


@pytest.fixture
async def walk(shared: Walk) -> AsyncIterator[Walk]:
    async with shared.deployment.client() as shared.http:
        yield shared
        shared.deployment.clock.now = START


def scheme_of(name: str) -> str | None:
    security = OPERATIONS[name][2]["security"]
    return next(iter(security[0])) if security else None


def good_credential(walk: Walk, name: str) -> dict[str, str]:
    match scheme_of(name):
        case None:
            return {}
        case "app":
            return bearer(walk.deployment.app_key)
        case "enrolment":
            return bearer(walk.deployment.enrolment())
        case _:
            return bearer(walk.tokens["coach"])


def address(walk: Walk, name: str) -> str:
    """The path of the operation in the walk, which exists; without its query."""
    path = walk.examples[name]["path"] if name in walk.examples else OPERATIONS[name][1]
    for placeholder, text in (("{account}", account("coach").hex()), ("{engagement}", ENGAGEMENT.hex())):
        path = path.replace(placeholder, text)
    return str(path).partition("?")[0]


async def send(walk: Walk, name: str, headers: dict[str, str], **more: Any) -> httpx.Response:
    method = OPERATIONS[name][0]
    before = walk.deployment.digest()
    answer = await walk.http.request(method, address(walk, name), headers=headers, **more)
    assert walk.deployment.digest() == before
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert PRIVATE not in answer.text
        assert answer.json().keys() - {"errors"} == {"type", "title", "status", "detail", "code"}
    return answer


def test_every_route_of_the_app_is_described() -> None:
    routes = {
        (method, route.path.replace(":path", ""))
        for router in ROUTERS
        for route in _routes_of(router)
        for method in route.methods or ()
    }
    assert routes - PROBED == {(method, path) for method, path, _ in OPERATIONS.values()}
    assert routes >= PROBED


def _routes_of(router: APIRouter) -> list[APIRoute]:
    assert all(isinstance(route, APIRoute) for route in router.routes)
    return [route for route in router.routes if isinstance(route, APIRoute)]


@pytest.mark.parametrize("name", WITH_CREDENTIAL)
async def test_a_route_refuses_whoever_has_no_credential_of_its_kind(walk: Walk, name: str) -> None:
    assert (await send(walk, name, {})).json()["code"] == "credential-missing"
    mine = PREFIXES[scheme_of(name) or ""]
    for prefix in (APP_PREFIX, ENROLMENT_PREFIX, LOGIN_PREFIX):
        answer = await send(walk, name, bearer(new_credential(prefix, random_bytes)[0]))
        ended = "enrolment-ended" if mine == ENROLMENT_PREFIX else "credential-ended"
        assert answer.json()["code"] == (ended if prefix == mine else "credential-wrong")


@pytest.mark.parametrize("name", sorted(name for name in WITH_CREDENTIAL if scheme_of(name) == "person"))
async def test_a_keyring_token_is_worth_nothing_on_a_persons_route(walk: Walk, name: str) -> None:
    token = await walk.log_in("coach", slot=2)
    assert (await send(walk, name, bearer(token))).json()["code"] == "credential-wrong"


@pytest.mark.parametrize("name", WITH_CREDENTIAL)
async def test_a_token_that_has_ended_is_worth_nothing(walk: Walk, name: str) -> None:
    headers = good_credential(walk, name)
    if scheme_of(name) == "app":
        return
    walk.deployment.clock.move(7 * 86_400)
    assert (await send(walk, name, headers)).json()["code"] in ("credential-ended", "enrolment-ended")


@pytest.mark.parametrize("name", WITHOUT_BODY)
async def test_a_read_refuses_a_query_that_it_does_not_know(walk: Walk, name: str) -> None:
    for query in (f"?{PRIVATE}=1", f"?limit={PRIVATE}", "?limit=0", "?limit=201", "?limit=5&limit=6", "?after=-1"):
        method = OPERATIONS[name][0]
        before = walk.deployment.digest()
        answer = await walk.http.request(method, address(walk, name) + query, headers=good_credential(walk, name))
        assert (answer.status_code, answer.json()["code"]) == (422, "schema"), query
        assert PRIVATE not in answer.text
        assert walk.deployment.digest() == before


@pytest.mark.parametrize("name", WITH_BODY)
async def test_a_route_refuses_a_body_that_is_none(walk: Walk, name: str) -> None:
    headers = good_credential(walk, name)
    as_json = {"Content-Type": "application/json"}
    for more, sent, code in (
        (as_json, b"", "body-malformed"),
        (as_json, b'{"a":1,"a":2}', "body-malformed"),
        (as_json, PRIVATE.encode(), "body-malformed"),
        (as_json, b"[]", "schema"),
        (as_json, f'{{"{PRIVATE}":"{PRIVATE}"}}'.encode(), "schema"),
        ({"Content-Type": "text/plain"}, b"{}", "media-type"),
        ({}, b"{}", "media-type"),
        (as_json, b" " * (BODY_MAXIMUM_BYTES + 1), "too-large"),
    ):
        answer = await send(walk, name, {**headers, **more}, content=sent)
        assert answer.json()["code"] == code
        assert answer.status_code == PROBLEMS[Code(code)].status


@pytest.mark.parametrize("name", WITH_SUBMISSION)
async def test_a_write_without_a_statement_changes_nothing(walk: Walk, name: str) -> None:
    answer = await send(walk, name, good_credential(walk, name), json={})
    assert (answer.status_code, answer.json()["code"]) == (403, "statement-required")


@pytest.mark.parametrize("name", WITH_SUBMISSION)
async def test_a_write_refuses_a_statement_of_another_collection(walk: Walk, name: str) -> None:
    other = "createItem" if name != "createItem" else "createAssent"
    body = {"statement": walk.examples[other]["request"]["statement"]}
    answer = await send(walk, name, good_credential(walk, name), json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "statement-malformed")


@pytest.mark.parametrize("name", sorted(set(WITH_SUBMISSION) - {"createToken", "createAccount"}))
async def test_a_stolen_token_sends_nobody_elses_statement(walk: Walk, name: str) -> None:
    if name not in walk.examples:  # the last steps of the walk; any statement of that type will do
        walk.examples[name] = {"path": address(walk, name), "request": late_submission(walk, name)}
    body = walk.examples[name]["request"]
    answer = await send(walk, name, bearer(walk.tokens[STRANGER]), json=body)
    assert (answer.status_code, answer.json()["code"]) == (403, "not-signer")


def late_submission(walk: Walk, name: str) -> dict[str, Any]:
    closure = walk.world.write_closure("coach")
    return walk.world.submission(closure if name == "createClosure" else walk.world.write_keys("sponsor"))


@pytest.mark.parametrize("name", IN_ENGAGEMENT)
async def test_an_engagement_of_others_and_one_that_is_not_there_are_the_same(walk: Walk, name: str) -> None:
    headers = bearer(walk.tokens[STRANGER])
    foreign = await send(walk, name, headers)
    nowhere = await walk.http.get(address(walk, name).replace(ENGAGEMENT.hex(), "0" * 32), headers=headers)
    assert foreign.status_code == nowhere.status_code == 404
    assert foreign.content == nowhere.content


@pytest.mark.parametrize("name", WITH_ID)
async def test_an_id_of_another_spelling_is_not_found(walk: Walk, name: str) -> None:
    path = address(walk, name)
    for wrong in (HEX.sub(lambda id_: id_[0].upper(), path), HEX.sub(r"\g<0>0", path), HEX.sub("zz", path)):
        answer = await walk.http.get(wrong, headers=good_credential(walk, name))
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
