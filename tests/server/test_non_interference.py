"""What coachee and coach do without the sponsor changes nothing of what the sponsor is served.

Two worlds begin alike. In one of them coachee and coach write, read, draft, rotate keys, escalate and close. Then the
sponsor asks for everything it knows of, and tries everything it can sign: status, headers and bytes must be equal.

The transparency log is public, and grows with every statement of the deployment: a receipt shows anybody how far it had
come. That is the one thing left out here, after it was verified; docs/limits.md says so to people. What stands beside
it of a leaf is blinded by the journal's salt.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.server.deployments import deployed
from tests.server.joining import bearer
from tests.server.later import escalate, escalation
from tests.server.world import World
from tests.support.databases import NewDatabase
from tests.support.people import account, digest, short
from vault.protocol.leaf import ServedLeaf
from vault.protocol.vocabulary import ItemKind, StatementType
from vault.tlog.hashing import leaf_hash
from vault.tlog.proof import TlogProof

Act = Callable[[World], Awaitable[object]]


@asynccontextmanager
async def _three(folder: Path, database: str) -> AsyncIterator[World]:
    with deployed(folder, database=database) as deployment:
        async with deployment.client() as http:
            world = World(deployment, http)
            await world.add("coach", "coachee", "sponsor", "contact")
            await world.agree()
            yield world


async def _write(world: World) -> None:
    for _ in range(3):
        await world.write(world.item())
    summary = world.item("coachee", ItemKind.SUMMARY, to=["coachee"])
    await world.write(summary)
    await world.write(world.item("coach", ItemKind.DRAFT))
    await world.write(world.item("coachee", ItemKind.PRIVATE))


async def _read(world: World) -> None:
    for name in ("coach", "coachee"):
        for path in ("", "/journal", "/items", "/disclosures", "/escalations/journal"):
            await world.get(name, path)


async def _rotate(world: World) -> None:
    """New keys of the coach in this engagement alone: the keys journal is one of the named exceptions."""
    await world.rotate("coach")
    await world.write(world.assent("coach"))


async def _propose_without_an_end(world: World) -> None:
    await world.write(world.contract_draft("coach", parties=["coach", "coachee"], supersedes=world.contract))


async def _close(world: World) -> None:
    await world.write(world.closure("coachee"))


async def _escalate(world: World) -> None:
    assert (await escalate(world, escalation(world))).is_new


async def _withdraw_what_never_came(world: World) -> None:
    await world.write(world.withdrawal(digest("a disclosure that was never sent")))


ACTS: dict[str, Act] = {
    "writes": _write,
    "reads": _read,
    "rotates": _rotate,
    "proposes and leaves it": _propose_without_an_end,
    "withdraws what never came": _withdraw_what_never_came,
    "escalates": _escalate,
    "closes": _close,
}


async def _everything(world: World, disclosures: tuple[bytes, bytes]) -> list[tuple[int, dict[str, str], bytes]]:
    """All that the sponsor is served, and all that comes back to what it signs."""
    live, ended = disclosures
    answers: list[httpx.Response] = []
    paths = [
        "",
        "/disclosures",
        "/disclosures?limit=1",
        "/items",
        "/contents",
        "/journal",
        "/escalations/journal",
        "/nothing",
    ]
    paths += [f"/disclosures/{each.hex()}/content" for each in (live, ended, digest("unknown"))]
    paths += [f"/items/{short('unknown').hex()}", f"/items/{short('unknown').hex()}/readers"]
    answers.append(await world.get("sponsor", "/v1/engagements"))
    answers += [await world.get("sponsor", path) for path in paths]
    listed = (await world.get("sponsor", "")).json()["contracts"]
    text = world.contract_text.hex()
    answers.append(await world.get("sponsor", f"/blobs/{text}"))
    assert listed
    tries: list[Any] = [
        world.opening(live), world.opening(ended), world.opening(digest("unknown")), world.assent("sponsor"),
        world.closure("sponsor"), world.withdrawal(live, "sponsor"), world.item("sponsor"), world.disclosure("sponsor"),
        world.contract_draft("sponsor", supersedes=world.contract),
    ]  # fmt: skip
    for draft in tries:
        # A sponsor writes as who does not hold the salt; what it signs here does not depend on the other's world.
        headers = bearer(world.tokens["sponsor"])
        answers.append(await world.http.post(draft.path, json=draft.json(), headers=headers))
        if answers[-1].status_code == 201:
            world.newest["sponsor", world.journal_of(draft.body)] = draft.statement.id
    for each in answers:
        del each.headers["request-id"]
    return [_without_the_log(world, each) for each in answers]


def _without_the_log(world: World, answer: httpx.Response) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and bytes; of receipts and leaves only that they are there, and belong to what they stand at."""
    headers, content = dict(answer.headers), answer.content
    if b'"receipt"' in content:
        del headers["content-length"]
        content = json.dumps(_blank(world, json.loads(content))).encode()
    return answer.status_code, headers, content


def _blank(world: World, value: Any) -> Any:
    if isinstance(value, list):
        return [_blank(world, each) for each in value]
    if not isinstance(value, dict):
        return value
    if "receipt" in value:
        tag, blind, half = (bytes.fromhex(value["leaf"][name]) for name in ("tag", "blind", "half"))
        entry = ServedLeaf(tag, blind, value["time"], half).entry(bytes.fromhex(value["statement"]))
        key = world.deployment.context.tlog.verifier
        TlogProof.parse(value["receipt"].encode()).verify(leaf_hash(entry), [key])
        value = value | {"receipt": "verified", "leaf": "verified"}
    return {name: _blank(world, each) for name, each in value.items()}


async def _disclose(world: World) -> tuple[bytes, bytes]:
    """One that lives and one that was withdrawn."""
    live = await world.write(world.disclosure())
    ended = await world.write(world.disclosure())
    await world.write(world.withdrawal(ended))
    return live, ended


@pytest.mark.parametrize("name", ACTS)
async def test_a_sponsor_cannot_tell_whether_the_others(tmp_path: Path, new_database: NewDatabase, name: str) -> None:
    async with _three(tmp_path, new_database()) as one, _three(tmp_path, new_database()) as other:
        disclosed = await _disclose(one)
        assert await _disclose(other) == disclosed
        one.count = other.count = 1_000
        await ACTS[name](other)
        one.count = other.count = 2_000
        one.generations = dict.fromkeys(one.generations, 1)
        other.generations = {**other.generations, "coach": 1}
        left, right = await _everything(one, disclosed), await _everything(other, disclosed)
        assert left == right


async def test_withdrawn_and_expired_disclosures_look_the_same(tmp_path: Path, new_database: NewDatabase) -> None:
    async with _three(tmp_path, new_database()) as one, _three(tmp_path, new_database()) as other:
        ends = one.deployment.clock() + 60
        seen = []
        for world in (one, other):
            disclosure = await world.write(world.disclosure(expires=ends))
            await world.write(world.opening(disclosure))
            if world is other:
                await world.write(world.withdrawal(disclosure))
            else:
                world.deployment.clock.move(60)
            content = await world.get("sponsor", f"/disclosures/{disclosure.hex()}/content")
            opening = await world.send(world.opening(disclosure))
            listed = await world.get("sponsor", "/disclosures")
            seen.append([(each.status_code, each.content) for each in (content, opening, listed)])
        assert seen[0] == seen[1]
        assert [status for status, _ in seen[0]] == [410, 410, 200]


async def test_a_later_assent_comes_with_the_next_disclosure(three: World) -> None:
    async def served() -> int:
        return len((await three.get("sponsor", "")).json()["contracts"][0]["assents"])

    assert await served() == 3
    await three.rotate("coachee")
    await three.write(three.assent("coachee"))
    assert await served() == 3
    await three.write(three.disclosure())
    assert await served() == 4


async def test_a_closure_is_never_told_to_a_sponsor(three: World) -> None:
    before = (await three.get("sponsor", "/v1/engagements")).content
    await three.write(three.closure())
    assert (await three.get("sponsor", "/v1/engagements")).content == before
    assert (await three.get("coach", "/v1/engagements")).json()["data"][0]["active"] is False


async def test_a_sponsors_cursor_says_nothing_of_the_journal(three: World) -> None:
    first = await three.write(three.disclosure())
    second = await three.write(three.disclosure())
    page = (await three.get("sponsor", "/disclosures?limit=1")).json()
    assert page["next"] == first.hex()
    rest = (await three.get("sponsor", f"/disclosures?limit=1&after={first.hex()}")).json()
    assert ([each["statement"] for each in rest["data"]], rest["next"]) == ([second.hex()], None)
    assert StatementType.DISCLOSURE in page["data"][0]["envelope"]["payloadType"]
    assert account("sponsor").hex() not in str(page["next"])
