from tests.server.world import World
from tests.support.people import account
from vault.protocol.vocabulary import ItemKind


async def test_the_newest_versions_that_are_sealed_to_me_are_listed(three: World) -> None:
    goal = three.item("coach", ItemKind.GOAL)
    await three.write(goal)
    await three.write(three.item("coach", ItemKind.PRIVATE))
    second = three.item("coachee", ItemKind.GOAL, item=goal.body.item, version=2, previous=goal.statement.id)
    await three.write(second)
    listed = (await three.get("coachee", "/items")).json()
    assert [entry["statement"] for entry in listed["data"]] == [second.statement.id.hex()]
    assert len((await three.get("coach", "/items")).json()["data"]) == 2
    private = (await three.get("coach", "/items?kind=private")).json()["data"]
    assert [entry["seq"] for entry in private] == [6]
    assert (await three.get("coach", "/items?kind=x")).json()["code"] == "schema"
    assert (await three.get("sponsor", "/items")).json() == {"data": [], "next": None}


async def test_items_are_listed_page_by_page(three: World) -> None:
    for _ in range(3):
        await three.write(three.item())
    first = (await three.get("coachee", "/items?limit=2")).json()
    rest = (await three.get("coachee", f"/items?limit=2&after={first['next']}")).json()
    assert [entry["seq"] for entry in first["data"] + rest["data"]] == [5, 6, 7]
    assert rest["next"] is None


async def test_all_versions_that_are_sealed_to_me_are_served(three: World) -> None:
    summary = three.item("coachee", ItemKind.SUMMARY, to=["coachee"])
    await three.write(summary)
    shared = three.item("coachee", ItemKind.SUMMARY, item=summary.body.item, version=2, previous=summary.statement.id)
    await three.write(shared)
    path = f"/items/{summary.body.item.hex()}"
    mine = (await three.get("coachee", path)).json()["versions"]
    assert [each["statement"] for each in mine] == [summary.statement.id.hex(), shared.statement.id.hex()]
    assert all(each["seal"] is not None for each in mine)
    coachs = (await three.get("coach", path)).json()["versions"]
    assert [each["statement"] for each in coachs] == [shared.statement.id.hex()]


async def test_readers_are_those_who_hold_a_seal(three: World) -> None:
    note = three.item()
    await three.write(note)
    private = three.item("coach", ItemKind.PRIVATE)
    await three.write(private)
    readers = (await three.get("coachee", f"/items/{note.body.item.hex()}/readers")).json()["data"]
    assert {(each["account"], each["role"], each["by"], each["until"]) for each in readers} == {
        (account(name).hex(), name, "seal", None) for name in ("coach", "coachee")
    }
    assert (await three.get("coachee", f"/items/{private.body.item.hex()}/readers")).status_code == 404
    assert (await three.get("sponsor", f"/items/{note.body.item.hex()}/readers")).status_code == 404


async def test_a_version_is_sealed_again_for_a_new_key(three: World) -> None:
    note = three.item()
    await three.write(note)
    await three.rotate("coachee")
    await three.write(three.assent("coachee"))
    reseal = three.reseal("coach", note, ["coachee"])
    await three.write(reseal)
    versions = (await three.get("coachee", f"/items/{note.body.item.hex()}")).json()["versions"]
    assert [each["seal"] for each in versions][1] == reseal.parts["seals"][0]
    assert await three.code(three.reseal("coach", note, ["coachee"])) == "seals-refused"


async def test_nothing_is_ever_sealed_to_a_sponsor(three: World) -> None:
    note = three.item()
    await three.write(note)
    assert await three.code(three.item(to=["coach", "coachee", "sponsor"])) == "seals-refused"
    assert await three.code(three.reseal("coachee", note, ["sponsor"])) == "seals-refused"
    assert await three.code(three.reseal("coachee", note, ["contact"])) == "seals-refused"
