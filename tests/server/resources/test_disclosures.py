from tests.server.world import World
from tests.support.people import digest


async def test_the_coachee_sees_states_and_openings(three: World) -> None:
    ends = three.deployment.clock() + 60
    live, withdrawn, expired = [await three.write(three.disclosure(expires=expires)) for expires in (None, None, ends)]
    opening = three.opening(live)
    await three.write(opening)
    await three.write(three.withdrawal(withdrawn))
    three.deployment.clock.move(60)
    rows = (await three.get("coachee", "/disclosures")).json()["data"]
    assert [(row["statement"], row["state"]) for row in rows] == [
        (live.hex(), "live"), (withdrawn.hex(), "withdrawn"), (expired.hex(), "expired"),
    ]  # fmt: skip
    assert rows[0]["openings"] == [opening.statement.envelope.to_json()]
    assert [row["openings"] for row in rows[1:]] == [[], []]
    listed = (await three.get("sponsor", "/disclosures")).json()["data"]
    assert [(row["statement"], row["state"], row["openings"]) for row in listed] == [(live.hex(), None, None)]
    assert (await three.get("coach", "/disclosures")).json()["data"] == []


async def test_the_coachee_lists_page_by_page(three: World) -> None:
    made = [(await three.write(three.disclosure())).hex() for _ in range(3)]
    first = (await three.get("coachee", "/disclosures?limit=2")).json()
    rest = (await three.get("coachee", f"/disclosures?limit=2&after={first['next']}")).json()
    assert [row["statement"] for row in first["data"] + rest["data"]] == made
    unknown = (await three.get("coachee", f"/disclosures?after={digest('unknown').hex()}")).json()
    assert unknown == {"data": [], "next": None}


async def test_content_is_served_at_the_moment_of_asking(three: World) -> None:
    draft = three.disclosure(expires=three.deployment.clock() + 60)
    statement = await three.write(draft)
    path = f"/disclosures/{statement.hex()}/content"
    assert (await three.get("sponsor", path)).status_code == 403
    await three.write(three.opening(statement))
    got = (await three.get("sponsor", path)).json()
    assert got["blob"] == draft.parts["blob"]
    assert got["seal"] in draft.parts["seals"]
    assert (await three.get("coach", path)).status_code == 404
    three.deployment.clock.move(59)
    assert (await three.get("sponsor", path)).status_code == 200
    three.deployment.clock.move(1)
    assert (await three.get("sponsor", path)).json()["code"] == "disclosure-ended"
    own = (await three.get("coachee", path)).json()
    assert own["blob"] == draft.parts["blob"]
    assert own["seal"] != got["seal"]


async def test_a_disclosure_that_was_withdrawn_before_it_came_is_never_served(three: World) -> None:
    draft = three.disclosure()
    await three.write(three.withdrawal(draft.statement.id))
    again = draft.changed(after=three.disclosure().body.after)
    assert again.statement.id != draft.statement.id
    assert await three.code(draft) == "disclosure-ended"


async def test_only_the_coachee_discloses_and_withdraws(three: World) -> None:
    disclosure = await three.write(three.disclosure())
    for name in ("coach", "sponsor"):
        assert await three.code(three.disclosure(name)) == "role-refused"
        assert await three.code(three.withdrawal(disclosure, name)) == "role-refused"
    assert await three.code(three.opening(disclosure, "coach")) == "not-found"
    await three.write(three.withdrawal(disclosure))
    assert await three.code(three.withdrawal(disclosure)) == "already-withdrawn"
