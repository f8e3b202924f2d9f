"""A page of contents is what a list, its own seals and its blobs are, in one request."""

import json
from typing import Any

import pytest
from sqlalchemy import delete

from tests.server.later import destroy, erasure
from tests.server.world import Draft, World
from tests.support.people import account
from vault.protocol.api import Contents
from vault.protocol.contents import split_blobs, split_head
from vault.protocol.envelope import Envelope, Statement
from vault.protocol.vocabulary import ItemKind
from vault.server.resources.items.rows import contents
from vault.server.resources.items.rows.contents import list_contents
from vault.server.storage.tables import blobs

Shown = tuple[dict[str, Any], list[bytes]]


async def page(world: World, name: str, query: str = "") -> Shown:
    answer = await world.get(name, f"/contents{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/octet-stream")
    head, behind = split_head(answer.content)
    read = Contents.model_validate(json.loads(head))
    return json.loads(head), split_blobs(behind, [each.size for each in read.data if each.size is not None])


async def written(world: World, name: str = "coach", kind: ItemKind = ItemKind.NOTE) -> Draft:
    draft = world.item(name, kind)
    await world.write(draft)
    return draft


def statements(shown: Shown) -> list[str]:
    return [each["item"]["statement"] for each in shown[0]["data"]]


async def test_a_page_says_what_the_list_and_each_blob_say(three: World) -> None:
    goal = await written(three, "coach", ItemKind.GOAL)
    await written(three, "coach", ItemKind.PRIVATE)
    await written(three)
    await three.write(three.item("coachee", ItemKind.GOAL, item=goal.body.item, version=2, previous=goal.statement.id))
    for name in ("coach", "coachee"):
        head, found = await page(three, name)
        listed = (await three.get(name, "/items")).json()
        assert [each["item"] for each in head["data"]] == listed["data"]
        assert [each["reseal"] for each in head["data"]] == [None] * len(found)
        for entry, blob in zip(listed["data"], found, strict=True):
            sha256 = Statement.of(Envelope.from_json(entry["envelope"])).body.model_dump(mode="json")["blob"]["sha256"]
            assert (await three.get(name, f"/blobs/{sha256}")).content == blob
    assert len((await page(three, "coach", "?kind=private"))[1]) == 1
    assert await page(three, "coachee", "?kind=private") == ({"data": [], "next": None}, [])
    assert (await three.get("coach", "/contents?kind=x")).json()["code"] == "schema"


async def test_contents_come_page_by_page(three: World) -> None:
    for _ in range(3):
        await written(three)
    first = await page(three, "coachee", "?limit=2")
    rest = await page(three, "coachee", f"?limit=2&after={first[0]['next']}")
    assert [each["item"]["seq"] for each in first[0]["data"] + rest[0]["data"]] == [5, 6, 7]
    assert (len(first[1]), len(rest[1]), rest[0]["next"]) == (2, 1, None)


@pytest.mark.parametrize(("maximum", "counts"), [(1, [1, 1, 1]), (8_352, [2, 1]), (8_351, [1, 1, 1])])
async def test_a_page_holds_no_more_than_its_bound_and_at_least_one(
    three: World, monkeypatch: pytest.MonkeyPatch, maximum: int, counts: list[int]
) -> None:
    monkeypatch.setattr(contents, "CONTENTS_MAXIMUM_BYTES", maximum)
    for _ in range(3):
        await written(three)
    found, after = [], "0"
    while after is not None:
        head, blobs_of_page = await page(three, "coachee", f"?after={after}&kind=note")
        found.append(len(blobs_of_page))
        after = head["next"]
    assert found == counts


async def test_a_reseal_comes_with_what_it_opens_and_to_whom_it_was_made_alone(world: World) -> None:
    await world.add("coach", "coachee", "supervisor", "stranger")
    await world.agree(("coach", "coachee", "supervisor"), contact=None, contacts=())
    note = await written(world)
    await written(world)
    assert await page(world, "supervisor") == ({"data": [], "next": None}, [])
    reseal = world.reseal("coachee", note, ["supervisor"])
    await world.write(reseal)
    head, found = await page(world, "supervisor")
    (only,) = head["data"]
    assert (only["item"]["statement"], only["item"]["seal"]) == (note.statement.id.hex(), None)
    assert (only["reseal"]["statement"], only["reseal"]["seal"]) == (
        reseal.statement.id.hex(),
        reseal.parts["seals"][0],
    )
    assert None not in (only["item"]["leaf"], only["reseal"]["leaf"])
    assert (len(found), only["size"]) == (1, len(found[0]))
    assert [each["reseal"] for each in (await page(world, "coach"))[0]["data"]] == [None, None]
    nothing, stranger = await world.get("stranger", "/nothing"), await world.get("stranger", "/contents")
    assert (stranger.status_code, stranger.content) == (404, nothing.content)


async def test_the_newest_of_several_reseals_comes(three: World) -> None:
    note = await written(three)
    newest = None
    for _ in range(2):
        await three.rotate("coachee")
        await three.write(three.assent("coachee"))
        newest = three.reseal("coach", note, ["coachee"])
        await three.write(newest)
    (only,) = (await page(three, "coachee"))[0]["data"]
    assert newest is not None
    assert only["reseal"]["statement"] == newest.statement.id.hex()


async def test_a_sponsor_has_no_contents(three: World) -> None:
    await written(three)
    assert await page(three, "sponsor") == ({"data": [], "next": None}, [])


async def test_what_was_erased_is_not_there(three: World) -> None:
    erased, kept = await written(three), await written(three)
    await destroy(three, erasure(three, erased.body.item))
    assert statements(await page(three, "coachee")) == [kept.statement.id.hex()]


async def test_content_that_is_missing_is_said_to_be(three: World) -> None:
    gone = await written(three)
    await written(three)
    reader = account("coachee")
    with three.deployment.context.storage.engine.connect() as connection:
        connection.execute(delete(blobs).where(blobs.c.statement == gone.statement.id))
        head, found = list_contents(connection, three.engagement, reader, None, 0, 50)
        connection.rollback()
    assert [each["size"] for each in head["data"]] == [None, len(found[0])]
    assert len(found) == 1
