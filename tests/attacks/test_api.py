"""Rows B11, D11, F1, F3, F4 and F11: what strangers, sponsors and thieves get out of a server that does its work.

One server, everybody's tokens, every route: what is not theirs does not exist for them.
"""

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.server.deployments import Deployment, deployed
from tests.server.joining import ask_challenge, bearer, first_keys, login_statement
from tests.server.resources.test_attachments import naming, ref_of, upload
from tests.server.world import Draft, World
from tests.support.people import account, digest, short
from vault.protocol.vocabulary import ItemKind
from vault.server.openapi import build_description

DESCRIPTION = build_description()["paths"]
READS = sorted(path for path, ways in DESCRIPTION.items() if "get" in ways and "{engagement}" in path)
SEES: dict[str, frozenset[str]] = {
    "": frozenset({"coach", "coachee", "sponsor"}),
    "/journal": frozenset({"coach", "coachee"}),
    "/escalations/journal": frozenset({"coach", "coachee"}),
    "/items": frozenset({"coach", "coachee", "sponsor"}),
    "/disclosures": frozenset({"coach", "coachee", "sponsor"}),
    "/items/{item}": frozenset({"coach", "coachee"}),
    "/items/{item}/readers": frozenset({"coach", "coachee"}),
    "/blobs/{sha256}": frozenset({"coach", "coachee"}),
    "/contents": frozenset({"coach", "coachee", "sponsor"}),
    "/disclosures/{statement}/content": frozenset({"coachee", "sponsor"}),
    "/attachments/{attachment}": frozenset({"coach", "coachee"}),
    "/attachments/{attachment}/parts": frozenset({"coach"}),  # who uploaded it
}
"""Who is answered by each read, for ids that exist: of a note with its blob and attachment, of an opened disclosure."""


@pytest.fixture
async def world(tmp_path: Path, database: str) -> AsyncIterator[World]:
    """An engagement with a note, a private note of each, and a disclosure that was opened."""
    with deployed(tmp_path, database=database) as deployment:
        async with deployment.client() as http:
            made = World(deployment, http)
            await made.add("coach", "coachee", "sponsor", "contact", "stranger")
            await made.agree()
            yield made


async def filled(world: World) -> dict[str, dict[str, str]]:
    """Ids by what they are of, each with the ids of its place."""
    attachment = short("attachment")
    await upload(world, attachment=attachment)
    note = naming(world, ref_of(attachment=attachment))
    own = world.item("coachee", ItemKind.PRIVATE)
    for draft in (note, own):
        await world.write(draft)
    disclosure = world.disclosure()
    given = await world.write(disclosure)
    await world.write(world.opening(given))
    ids = {"engagement": world.engagement.hex(), "statement": given.hex(), "attachment": attachment.hex()}
    return {
        "note": ids | {"item": note.body.item.hex(), "sha256": note.body.blob.sha256.hex()},
        "private": ids | {"item": own.body.item.hex(), "sha256": own.body.blob.sha256.hex()},
        "disclosed": ids | {"item": short("nothing").hex(), "sha256": disclosure.body.blob.sha256.hex()},
        "nothing": {
            "engagement": short("no engagement").hex(), "statement": digest("nothing").hex(),
            "item": short("nothing").hex(), "sha256": digest("nothing").hex(), "attachment": short("nothing").hex(),
        },
    }  # fmt: skip


def told(answer: httpx.Response) -> tuple[int, dict[str, str], bytes]:
    headers = {name: value for name, value in answer.headers.items() if name != "request-id"}
    return answer.status_code, headers, answer.content


def test_every_read_of_an_engagement_stands_in_the_table() -> None:
    assert {path.removeprefix("/v1/engagements/{engagement}") for path in READS} == SEES.keys()


async def test_f1_every_read_every_role_every_id(world: World) -> None:
    """Who is not in the row is told, byte for byte, what everybody is told of ids that nothing has."""
    ids = await filled(world)
    for suffix, sees in SEES.items():
        path = "/v1/engagements/{engagement}" + suffix
        nothing = told(await world.get("stranger", path.format(**ids["nothing"])))
        assert nothing[0] == 404
        for name in world.tokens:
            answer = told(await world.get(name, path.format(**ids["note"])))
            assert (answer[0] == 200) == (name in sees), (suffix, name, answer[0])
            if name not in sees:
                assert answer == nothing, (suffix, name)


async def test_f1_what_is_private_or_disclosed_is_read_in_its_own_place_alone(world: World) -> None:
    ids = await filled(world)
    for kind, readers in (("private", {"coachee"}), ("disclosed", set())):
        for suffix in ("/items/{item}", "/items/{item}/readers", "/blobs/{sha256}"):
            path = "/v1/engagements/{engagement}" + suffix
            nothing = told(await world.get("stranger", path.format(**ids["nothing"])))
            for name in world.tokens:
                answer = told(await world.get(name, path.format(**ids[kind])))
                assert (answer[0] == 200) == (name in readers), (kind, suffix, name)
                assert name in readers or answer == nothing


async def test_f1_an_id_of_one_engagement_opens_nothing_in_another(world: World) -> None:
    """The same two people, twice: each id is good in its own engagement."""
    ids = await filled(world)
    first, contract = world.engagement, world.contract
    world.engagement = short("another engagement")
    await world.agree()
    there = world.engagement.hex()
    world.engagement, world.contract = first, contract
    suffixes = ("/items/{item}", "/items/{item}/readers", "/blobs/{sha256}", "/disclosures/{statement}/content")
    for suffix in (*suffixes, "/attachments/{attachment}"):
        path = ("/v1/engagements/{engagement}" + suffix).format(**{**ids["note"], "engagement": there})
        for name in ("coach", "coachee", "sponsor"):
            assert (await world.get(name, path)).status_code == 404


async def test_f1_nobody_elses_keyring_is_there(world: World) -> None:
    await world.write(world.keyring("coachee"))
    mine = f"/v1/accounts/{account('coachee').hex()}/keyring"
    nothing = told(await world.get("stranger", f"/v1/accounts/{digest('nobody').hex()}/keyring"))
    for name in world.tokens:
        answer = told(await world.get(name, mine))
        assert answer == nothing if name != "coachee" else answer[0] == 200


async def test_d11_f4_a_tape_that_is_played_again_changes_nothing(world: World) -> None:
    """Every request of a whole engagement once more, with each token there is."""
    drafts: list[Any] = []
    for draft in (world.item(), world.disclosure()):
        await world.write(draft)
        drafts.append(draft)
    given = drafts[1].statement.id
    makes: list[Callable[[], Draft]] = [partial(world.opening, given), partial(world.withdrawal, given), world.closure]
    for make in makes:
        draft = make()
        await world.write(draft)
        drafts.append(draft)
    before = world.deployment.digest()
    for draft in drafts:
        for name in world.tokens:
            answer = await world.http.post(draft.path, json=draft.json(), headers=bearer(world.tokens[name]))
            assert answer.status_code == (200 if name == draft.name else 403), (draft.path, name)
            if name != draft.name:
                assert answer.json()["code"] == "not-signer"
    assert world.deployment.digest() == before


async def test_b11_d11_a_login_is_good_once_and_here_alone(world: World) -> None:
    challenge = await ask_challenge(world.http, account("coachee"))
    statement = login_statement("coachee", challenge, world.deployment.clock(), url="https://evil.example")
    body = {"statement": statement.envelope.to_json()}
    assert (await world.http.post("/v1/login/tokens", json=body)).json()["code"] == "login-refused"
    challenge = await ask_challenge(world.http, account("coachee"))
    body = {"statement": login_statement("coachee", challenge, world.deployment.clock()).envelope.to_json()}
    answers = [(await world.http.post("/v1/login/tokens", json=body)).status_code for _ in range(3)]
    assert answers == [201, 401, 401]


async def test_f3_a_challenge_and_a_slot_header_are_the_same_for_nobody(world: World) -> None:
    await world.write(world.keyring("coachee"))
    asked: list[list[tuple[int, dict[str, str], bytes]]] = []
    for of in (account("coachee"), digest("nobody")):
        challenge = await world.http.post("/v1/login/challenges", json={"account": of.hex()})
        headers = [await world.http.get(f"/v1/accounts/{of.hex()}/slots/{kind}") for kind in (1, 2, 3)]
        asked.append([told(each) for each in (challenge, *headers)])
    for known, unknown in zip(*asked, strict=True):
        assert (known[0], known[1], len(known[2])) == (unknown[0], unknown[1], len(unknown[2]))


@pytest.mark.parametrize(
    "path",
    [
        "/v1/engagements/{e}%0a", "/v1/engagements/{e}%00", "/v1/engagements/{e}/", "/v1/engagements//{e}",
        "/v1/engagements/{E}", "/v1/engagements/{e}/../{e}", "/v1/engagements/{e};a=1", "/v1/engagements/ {e}",
        "/V1/engagements/{e}", "/v1/engagements/{e}/%2e%2e/{e}", "/v1/engagements/{wide}",
    ],
)  # fmt: skip
async def test_f1_an_id_has_one_spelling(world: World, path: str) -> None:
    e = world.engagement.hex()
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in e)
    spelled = path.format(e=e, E=e.upper().replace("0", "A"), wide=wide)
    request = world.http.build_request("GET", "/", headers=bearer(world.tokens["coach"]))
    request.url = request.url.copy_with(raw_path=quote(spelled, safe="/%;").encode("ascii"))
    if "/../" not in spelled:
        assert (await world.http.send(request)).status_code == 404


def at_once(deployment: Deployment, requests: list[tuple[str, Any, dict[str, str]]]) -> list[int]:
    """The statuses of requests that real threads, each with a loop of its own, send in the same moment."""
    barrier = threading.Barrier(len(requests))

    def send(path: str, body: Any, headers: dict[str, str]) -> int:
        async def post() -> int:
            async with deployment.client() as http:
                barrier.wait()
                return (await http.post(path, json=body, headers=headers)).status_code

        return asyncio.run(post())

    with ThreadPoolExecutor(len(requests)) as pool:
        return sorted(pool.map(lambda request: send(*request), requests))


async def test_f11_one_of_two_writers_wins(world: World) -> None:
    """The same version, keyring sequence, enrolment token and challenge, from eight threads at once."""
    first = world.item("coach", ItemKind.GOAL)
    await world.write(first)
    changes: dict[str, Any] = {"item": first.body.item, "version": 2, "previous": first.statement.id}
    rivals = [world.item(name, ItemKind.GOAL, **changes) for name in ("coach", "coachee") for _ in range(4)]
    sent = [(each.path, each.json(), bearer(world.tokens[each.name])) for each in rivals]
    statuses = await asyncio.to_thread(at_once, world.deployment, sent)
    assert statuses.count(201) == 1
    assert set(statuses) <= {201, 409, 422}

    keyrings = [world.keyring("coachee", sequence=1) for _ in range(8)]
    sent = [(each.path, each.json(), bearer(world.tokens["coachee"])) for each in keyrings]
    statuses = await asyncio.to_thread(at_once, world.deployment, sent)
    assert statuses.count(201) == 1
    assert set(statuses) <= {201, 409, 422}

    token = bearer(world.deployment.enrolment())
    newcomers = [first_keys(f"newcomer {number}", world.deployment.clock()) for number in range(8)]
    sent = [("/v1/accounts", {"statement": each.envelope.to_json()}, token) for each in newcomers]
    statuses = await asyncio.to_thread(at_once, world.deployment, sent)
    assert (statuses.count(201), statuses.count(401)) == (1, 7)

    challenge = await ask_challenge(world.http, account("coachee"))
    body = {"statement": login_statement("coachee", challenge, world.deployment.clock()).envelope.to_json()}
    statuses = await asyncio.to_thread(at_once, world.deployment, [("/v1/login/tokens", body, {})] * 8)
    assert (statuses.count(201), statuses.count(401)) == (1, 7)


def test_f9_no_address_has_room_for_a_secret() -> None:
    named = {name for path in DESCRIPTION for name in re.findall(r"{(\w+)}", path)}
    assert named == {
        "account", "engagement", "item", "sha256", "statement", "kind", "code", "attachment", "n", "level", "index",
    }  # fmt: skip
    asked = {
        each["name"]
        for ways in DESCRIPTION.values()
        for way in ways.values()
        for each in way.get("parameters", ())
        if each["in"] == "query"
    }
    assert asked == {"after", "limit", "kind"}
