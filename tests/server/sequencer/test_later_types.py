"""Types whose routes come later: the write path decides and projects them already."""

import pytest

from tests.server.later import ask, destroy, erasure, escalate, escalation, request
from tests.server.world import World
from vault.protocol.problems import Refused
from vault.protocol.statements import Delay
from vault.protocol.vocabulary import DelayReason, ErasureReason, ItemKind


async def test_an_escalation_makes_its_contact_a_member_and_is_shown_when_its_delay_ends(three: World) -> None:
    assert (await three.get("contact", "/v1/engagements")).json()["data"] == []
    draft = escalation(three, delay=Delay(hours=2, reason=DelayReason.SAFETY))
    answer = await escalate(three, draft)
    assert answer.members["journal"]["kind"] == "escalations"
    [row] = (await three.get("contact", "/v1/engagements")).json()["data"]
    assert (row["role"], row["journal"], row["contract"]) == ("contact", None, None)
    blob = f"/blobs/{draft.body.blob.sha256.hex()}"
    for name in ("coach", "contact"):
        assert (await three.get(name, blob)).status_code == 200
    for path in ("", "/journal", "/escalations/journal"):
        assert (await three.get("contact", path)).status_code == 404
    coach = (await three.get("coach", "/escalations/journal")).json()["data"]
    assert [entry["statement"] for entry in coach] == [draft.statement.id.hex()]
    assert coach[0]["seal"] is not None
    assert (await three.get("coachee", "/escalations/journal")).json()["data"] == []
    three.deployment.clock.move(2 * 3_600)
    await three.log_in("coachee")
    [entry] = (await three.get("coachee", "/escalations/journal")).json()["data"]
    assert (entry["statement"], entry["seal"]) == (draft.statement.id.hex(), None)


async def test_a_coachee_who_is_sealed_to_waits_for_the_delay_as_well(three: World) -> None:
    seals, raw = three.seal("coach", "coachee", "contact")
    delay = Delay(hours=1, reason=DelayReason.AUTHORITY_ASKED)
    draft = escalation(three, seals=seals, delay=delay).with_parts(seals=raw)
    await escalate(three, draft)
    blob = f"/blobs/{draft.body.blob.sha256.hex()}"
    assert (await three.get("coachee", blob)).status_code == 404
    three.deployment.clock.move(3_600)
    await three.log_in("coachee")
    assert (await three.get("coachee", blob)).status_code == 200


async def test_a_contact_opens_an_escalation_in_its_journal(three: World) -> None:
    draft = escalation(three)
    await escalate(three, draft)
    answer = await three.send(three.opening(draft.statement.id, "contact"))
    assert (answer.status_code, answer.json()["journal"]) == (201, None)
    coach = (await three.get("coach", "/escalations/journal")).json()["data"]
    assert [entry["seq"] for entry in coach] == [1, 2]
    coachee = (await three.get("coachee", "/escalations/journal")).json()["data"]
    assert [entry["seq"] for entry in coachee] == [1, 2]
    assert await three.code(three.opening(draft.statement.id, "sponsor")) == "not-found"


async def test_an_escalation_to_a_contact_without_an_account_makes_no_member(world: World) -> None:
    await world.add("coach", "coachee", "sponsor")
    await world.agree()
    assert (await escalate(world, escalation(world))).is_new


async def test_an_erasure_destroys_blobs_and_seals_for_everyone(three: World) -> None:
    note = three.item()
    await three.write(note)
    other = three.item()
    await three.write(other)
    second = three.item(item=note.body.item, version=2, previous=note.statement.id)
    await three.write(second)
    disclosure = three.disclosure()
    statement = await three.write(disclosure)
    await three.write(three.opening(statement))
    await destroy(three, erasure(three, note.body.item, disclosure.body.id))
    for name in ("coach", "coachee"):
        for gone in (note, second):
            assert (await three.get(name, f"/blobs/{gone.body.blob.sha256.hex()}")).status_code == 404
        assert (await three.get(name, f"/items/{note.body.item.hex()}")).status_code == 404
        listed = (await three.get(name, "/items")).json()["data"]
        assert [entry["statement"] for entry in listed] == [other.statement.id.hex()]
    for name in ("coachee", "sponsor"):
        answer = await three.get(name, f"/disclosures/{statement.hex()}/content")
        assert (answer.status_code, answer.json()["code"]) == (410, "disclosure-ended")
    [row] = (await three.get("coachee", "/disclosures")).json()["data"]
    assert row["state"] == "erased"
    with pytest.raises(Refused, match="not-found"):
        await destroy(three, erasure(three, note.body.item))


async def test_an_erasure_of_what_the_coachee_cannot_read_is_refused(three: World) -> None:
    private = three.item("coach", ItemKind.PRIVATE)
    await three.write(private)
    with pytest.raises(Refused, match="not-found"):
        await destroy(three, erasure(three, private.body.item))
    with pytest.raises(Refused, match="role-refused"):
        await destroy(three, erasure(three, private.body.item, reason=ErasureReason.RETENTION))


async def test_requests_are_counted_against_their_budget(three: World) -> None:
    for _ in range(2):
        assert (await ask(three, request(three))).members["journal"] is None
    with pytest.raises(Refused, match="budget-spent"):
        await ask(three, request(three))
    three.deployment.clock.move(30 * 86_400)
    assert (await ask(three, request(three))).is_new


async def test_a_contacts_assent_is_not_shown_to_a_sponsor(three: World) -> None:
    """It can only come after an escalation, of which a sponsor must not learn."""
    before = (await three.get("sponsor", "")).content
    await escalate(three, escalation(three))
    await three.rotate("contact")
    await three.write(three.assent("contact"))
    assert (await three.get("sponsor", "")).content == before
    assert len((await three.get("coach", "")).json()["contracts"][0]["assents"]) == 4


async def test_who_was_a_party_keeps_its_role_when_an_escalation_goes_to_it(three: World) -> None:
    """A sponsor that was dropped may be named as a contact later."""
    await three.agree(["coach", "coachee"], supersedes=three.contract, contact="sponsor")
    seals, raw = three.seal("coach", "sponsor")
    await escalate(three, escalation(three, seals=seals).with_parts(seals=raw))
    [row] = (await three.get("sponsor", "/v1/engagements")).json()["data"]
    assert row["role"] == "sponsor"


async def test_a_type_without_a_journal_is_no_matter_of_the_write_path(three: World) -> None:
    with pytest.raises(Refused, match="statement-malformed"):
        await ask(three, three.introduction("sponsor", "coach"))
