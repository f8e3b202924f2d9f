from tests.server.world import SALT, World
from tests.support.people import account, short
from vault.encoding import read_base64, write_base64
from vault.protocol.vocabulary import ItemKind, Role


async def test_a_first_contract_is_served_to_all_its_parties_with_their_own_seals(world: World) -> None:
    await world.add("coach", "coachee", "sponsor")
    draft = world.contract_draft()
    answer = await world.send(draft)
    assert answer.headers["location"] == f"/v1/engagements/{world.engagement.hex()}"
    seals = {ref.account: raw for ref, raw in zip(draft.body.seals, draft.parts["seals"], strict=True)}
    for name in ("coach", "coachee", "sponsor"):
        view = (await world.get(name, "")).json()
        assert (view["role"], view["active"], view["contract"]) == (name, False, None)
        [contract] = view["contracts"]
        assert (contract["state"], contract["assents"]) == ("proposed", [])
        assert contract["statement"] == draft.statement.id.hex()
        assert contract["envelope"]["payload"] == write_base64(draft.statement.envelope.payload)
        assert contract["seal"] == seals[account(name)]
        text = await world.get(name, f"/blobs/{draft.body.text.sha256.hex()}")
        assert text.content == read_base64(draft.parts["blob"])


async def test_the_salt_is_for_those_who_read_the_journal(three: World) -> None:
    for name, salt in (("coach", write_base64(SALT)), ("coachee", write_base64(SALT)), ("sponsor", None)):
        view = (await three.get(name, "")).json()
        assert view["salt"] == salt
        assert (view["journal"] is None) == (salt is None)


async def test_a_contract_is_active_with_its_last_assent(world: World) -> None:
    await world.add("coach", "coachee", "sponsor")
    world.contract = await world.write(world.contract_draft())
    for name in ("coach", "coachee"):
        await world.write(world.assent(name))
    assert (await world.get("coach", "")).json()["active"] is False
    await world.write(world.assent("sponsor"))
    view = (await world.get("sponsor", "")).json()
    assert (view["active"], view["contract"]) == (True, world.contract.hex())
    assert [len(each["assents"]) for each in view["contracts"]] == [3]


async def test_of_two_proposals_one_wins_and_the_other_is_dead_to_those_who_read_the_journal(three: World) -> None:
    first = three.contract
    rival = await three.write(three.contract_draft(supersedes=first))
    await three.agree(supersedes=first)
    states = {each["statement"]: each["state"] for each in (await three.get("coach", "")).json()["contracts"]}
    assert states == {first.hex(): "superseded", rival.hex(): "dead", three.contract.hex(): "active"}
    served = {each["statement"]: each["state"] for each in (await three.get("sponsor", "")).json()["contracts"]}
    assert served == {**states, rival.hex(): "proposed"}
    assert await three.code(three.assent("coach", rival)) == "contract-superseded"


async def test_a_sponsor_who_was_dropped_keeps_what_it_was_served(three: World) -> None:
    first = three.contract
    disclosure = await three.write(three.disclosure())
    await three.agree(["coach", "coachee"], supersedes=first)
    view = (await three.get("sponsor", "")).json()
    assert (view["active"], view["contract"]) == (False, None)
    assert [each["statement"] for each in view["contracts"]] == [first.hex()]
    await three.write(three.opening(disclosure))
    assert (await three.get("sponsor", f"/disclosures/{disclosure.hex()}/content")).status_code == 200
    assert (await three.get("sponsor", f"/blobs/{three.contract_text.hex()}")).status_code == 404


async def test_a_supervisor_sees_contracts_and_what_is_resealed_to_it(three: World) -> None:
    await three.add("supervisor")
    await three.agree(["coach", "coachee", "sponsor", "supervisor"], supersedes=three.contract)
    note = three.item("coachee")
    await three.write(note)
    assert (await three.get("supervisor", "/items")).json()["data"] == []
    reseal = three.reseal("coachee", note, ["supervisor"])
    await three.write(reseal)
    [entry] = (await three.get("supervisor", "/items")).json()["data"]
    assert entry["statement"] == note.statement.id.hex()
    versions = (await three.get("supervisor", f"/items/{note.body.item.hex()}")).json()["versions"]
    assert [(each["statement"], each["seal"]) for each in versions] == [
        (note.statement.id.hex(), None),
        (reseal.statement.id.hex(), reseal.parts["seals"][0]),
    ]
    assert (await three.get("supervisor", f"/blobs/{note.body.blob.sha256.hex()}")).status_code == 200
    for path in ("/journal", f"/items/{note.body.item.hex()}/readers"):
        assert (await three.get("supervisor", path)).status_code == 404


async def test_engagements_are_listed_page_by_page(world: World) -> None:
    await world.add("coach", "coachee", "sponsor")
    made = []
    for number in range(3):
        world.engagement = short("engagement", number)
        await world.write(world.contract_draft())
        made.append(world.engagement.hex())
    first = (await world.get("coachee", "/v1/engagements?limit=2")).json()
    second = (await world.get("coachee", f"/v1/engagements?limit=2&after={first['next']}")).json()
    assert [row["engagement"] for row in first["data"] + second["data"]] == sorted(made)
    assert second["next"] is None


async def test_polling_costs_nothing_until_something_changes(three: World) -> None:
    first = await three.get("coach", "/v1/engagements")
    etag = first.headers["etag"]
    again = await three.get("coach", "/v1/engagements", if_none_match=f'"other", {etag}')
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert again.headers["cache-control"] == "no-store"
    await three.write(three.item())
    assert (await three.get("coach", "/v1/engagements", if_none_match=etag)).status_code == 200


async def test_a_blob_carries_its_hash_as_etag(three: World) -> None:
    note = three.item()
    await three.write(note)
    path = f"/blobs/{note.body.blob.sha256.hex()}"
    first = await three.get("coachee", path)
    assert first.headers["content-type"] == "application/octet-stream"
    assert first.headers["etag"] == f'"{note.body.blob.sha256.hex()}"'
    assert (await three.get("coachee", path, if_none_match=first.headers["etag"])).status_code == 304


async def test_a_disclosed_blob_is_not_read_as_a_blob(three: World) -> None:
    draft = three.disclosure()
    await three.write(draft)
    for name in ("coachee", "sponsor"):
        assert (await three.get(name, f"/blobs/{draft.body.blob.sha256.hex()}")).status_code == 404


async def test_a_journal_is_read_page_by_page_with_own_seals(three: World) -> None:
    private = three.item("coach", ItemKind.PRIVATE)
    await three.write(private)
    entries, after = [], 0
    while True:
        page = (await three.get("coach", f"/journal?limit=2&after={after}")).json()
        entries += page["data"]
        if page["next"] is None:
            break
        after = int(page["next"])
    assert [entry["seq"] for entry in entries] == [1, 2, 3, 4, 5]
    assert [entry["seal"] is not None for entry in entries] == [True, False, False, False, True]
    newest = (await three.get("coachee", "/journal?after=4")).json()
    assert [entry["seal"] for entry in newest["data"]] == [None]
    assert (await three.get("coachee", "/journal?after=5")).json() == {"data": [], "next": None}


async def test_after_a_closure_neither_notes_nor_contracts_but_disclosures_and_withdrawals(three: World) -> None:
    await three.write(three.closure())
    assert await three.code(three.closure("coachee")) == "engagement-closed"
    assert await three.code(three.item()) == "engagement-closed"
    assert await three.code(three.contract_draft(supersedes=three.contract)) == "engagement-closed"
    disclosure = await three.write(three.disclosure())
    assert await three.code(three.withdrawal(disclosure)) == "ok"


async def test_the_newest_contract_that_names_an_account_says_its_role(world: World) -> None:
    await world.add("coach", "coachee", "sponsor", "supervisor")
    await world.write(world.contract_draft(parties=["coach", "coachee", "sponsor"]))
    draft = world.contract_draft(parties=["coach", "coachee", "sponsor"])
    parties = [
        party.model_copy(update={"role": Role.SUPERVISOR}) if party.account == account("sponsor") else party
        for party in draft.body.parties
    ]
    await world.write(draft.changed(parties=tuple(parties)))
    assert (await world.get("sponsor", "")).json()["role"] == "supervisor"
