"""The write path: one order of checks, one transaction, one answer for one statement."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from tests.server.joining import bearer
from tests.server.world import World, first_keys_draft
from tests.support.people import account, digest, seed, short, sign_key
from vault.encoding import write_base64
from vault.protocol.problems import Code, Refused
from vault.protocol.vocabulary import ItemKind
from vault.server.sequencer import submit as submitting


async def test_a_reader_is_told_the_place_of_what_it_wrote(three: World) -> None:
    written = (await three.send(three.item())).json()
    assert written["journal"]["kind"] == "engagement"
    assert written["journal"]["subject"] == three.engagement.hex()
    assert written["journal"]["seq"] == 5
    newest = (await three.get("coach", "/v1/engagements")).json()["data"][0]["journal"]
    assert newest == {"seq": 5, "head": written["journal"]["head"]}
    assert written["time"] == three.deployment.clock()
    assert written["leaf"] is None


async def test_a_sponsor_is_not_told_a_place(three: World) -> None:
    opening = three.opening(await three.write(three.disclosure()))
    assert (await three.send(opening)).json()["journal"] is None


async def test_the_first_answer_is_given_again_after_others_have_written(three: World) -> None:
    note = three.item()
    first = (await three.send(note)).json()
    await three.write(three.item("coachee"))
    three.deployment.clock.move(60)
    again = await three.send(note)
    assert (again.status_code, again.json()) == (200, first)


async def test_a_withdrawal_sent_again_counts_the_same_openings(three: World) -> None:
    disclosure = await three.write(three.disclosure())
    await three.write(three.opening(disclosure))
    withdrawal = three.withdrawal(disclosure)
    first = (await three.send(withdrawal)).json()
    assert first["openings"] == 1
    assert (await three.send(withdrawal)).json() == first


async def test_keys_and_what_was_signed_before_them_can_be_sent_again(three: World) -> None:
    note = three.item()
    rotation = three.rotation("coach")
    first = [(await three.send(draft)).json() for draft in (note, rotation)]
    again = [await three.send(draft) for draft in (note, rotation)]
    assert [(each.status_code, each.json()) for each in again] == [(200, first[0]), (200, first[1])]


async def test_time_in_a_journal_never_falls(three: World) -> None:
    three.deployment.clock.move(-250)
    await three.log_in("coach")
    written = (await three.send(three.item())).json()
    assert written["time"] == three.deployment.clock() + 250


async def test_a_clock_that_is_a_little_ahead_is_taken(three: World) -> None:
    at = three.deployment.clock()
    assert await three.code(three.item(at=at + 301)) == "clock-skew"
    assert await three.code(three.item(at=at + 300)) == "ok"
    answer = await three.send(three.item(at=at + 301))
    assert answer.json()["time"] == at


async def test_a_refusal_names_the_after_that_was_expected(three: World) -> None:
    good = three.item()
    answer = await three.send(good.changed(after=digest("another")))
    assert answer.json()["after"] == good.body.after.hex()


async def test_a_version_that_is_taken_is_told_with_the_newest(three: World) -> None:
    goal = three.item("coach", ItemKind.GOAL)
    statement = await three.write(goal)
    answer = await three.send(three.item("coachee", ItemKind.GOAL, item=goal.body.item))
    assert answer.status_code == 409
    assert answer.json()["current"] == {"version": 1, "statement": statement.hex()}


async def test_an_account_without_a_part_in_it_is_told_nothing_of_an_engagement(three: World) -> None:
    nowhere = await three.http.get("/nowhere")
    for draft in (three.item("stranger"), three.closure("stranger"), three.opening(digest("x"), "stranger")):
        answer = await three.send(draft)
        assert (answer.status_code, answer.content) == (404, nowhere.content)
    assert await three.code(three.assent("contact")) == "not-found"


async def test_policys_codes_come_before_the_parts(three: World) -> None:
    draft = three.item("sponsor")
    assert await three.code(draft.with_parts(blob=None, seals=None)) == "role-refused"


async def test_a_key_that_was_replaced_in_the_engagement_is_stale(three: World) -> None:
    old = three.item()
    three.keys["coach"] = await three.write(three.rotation("coach"))
    assert await three.code(old) == "ok", "until the assent, the engagement knows the old key"
    three.generations["coach"] = 2
    assert await three.code(three.item()) == "key-stale"
    await three.write(three.assent("coach"))
    three.generations["coach"] = 1
    assert await three.code(three.item()) == "key-stale"
    three.generations["coach"] = 2
    assert await three.code(three.item()) == "ok"


async def test_a_generation_that_is_taken_is_said_so(three: World) -> None:
    draft = three.rotation("coach")
    other = three.rotation("coach")
    await three.write(draft)
    assert await three.code(other) == "generation-taken"


async def test_nobody_continues_somebody_elses_keys(three: World) -> None:
    draft = three.rotation("coach").changed(by=account("stranger"), key=sign_key("stranger").key)
    moved = draft.path.replace(account("coach").hex(), account("stranger").hex())
    answer = await three.http.post(moved, json=draft.json(), headers=bearer(three.tokens["stranger"]))
    assert answer.json()["code"] == "account-mismatch"


async def test_an_enrolment_token_makes_one_account(world: World) -> None:
    token = bearer(world.deployment.enrolment())
    first, second = (first_keys_draft(name, world.deployment.clock()) for name in ("one", "two"))
    made = await world.http.post("/v1/accounts", json=first.json(), headers=token)
    assert made.headers["location"] == f"/v1/accounts/{account('one').hex()}/keys"
    again = await world.http.post("/v1/accounts", json=first.json(), headers=token)
    assert (again.status_code, again.json()) == (200, made.json())
    before = world.deployment.digest()
    other = await world.http.post("/v1/accounts", json=second.json(), headers=token)
    assert (other.status_code, other.json()["code"]) == (401, "enrolment-ended")
    assert world.deployment.digest() == before
    token = bearer(world.deployment.enrolment())
    taken = await world.http.post("/v1/accounts", json=first.changed(id=short("x")).json(), headers=token)
    assert taken.json()["code"] == "generation-taken"


async def test_an_engagement_begins_once(three: World) -> None:
    three.newest = {key: value for key, value in three.newest.items() if len(key[1].subject) == 32}
    assert await three.code(three.contract_draft()) == "engagement-taken"


async def test_a_contract_that_follows_brings_no_salt(three: World) -> None:
    draft = three.contract_draft(supersedes=three.contract)
    assert await three.code(draft.with_parts(salt=write_base64(bytes(32)))) == "part-surplus"


async def test_a_keyring_that_follows_brings_no_salt(three: World) -> None:
    await three.write(three.keyring("coach"))
    draft = three.keyring("coach")
    assert await three.code(draft.with_parts(salt=write_base64(bytes(32)))) == "part-surplus"
    assert await three.code(three.keyring("coach", sequence=4)) == "sequence-taken"


async def test_a_fault_in_the_middle_of_a_write_leaves_nothing(three: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise Refused(Code.STORAGE_AWAY, retry_after_seconds=2)

    note = three.item()
    before = three.deployment.digest()
    with monkeypatch.context() as patched:
        patched.setattr(submitting, "store_parts", fail)
        assert (await three.send(note)).status_code == 503
    assert three.deployment.digest() == before
    assert await three.code(note) == "ok"


async def test_two_of_the_same_at_once_are_a_reason_to_come_again(three: World) -> None:
    note = three.item()
    await three.write(note)
    with three.deployment.context.storage.writing() as connection:  # as if the other one could not be seen yet
        connection.execute(text("UPDATE journals SET seq = seq - 1 WHERE kind = 3"))
    answer = await three.send(three.item("coachee"))
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert answer.headers["retry-after"] == "2"
    with three.deployment.context.storage.writing() as connection:
        connection.execute(text("UPDATE journals SET seq = seq + 1 WHERE kind = 3"))


async def test_two_signatures_are_for_keys_alone(three: World) -> None:
    draft = three.item()
    assert await three.code(replace(draft, seeds=(seed("coach"), seed("coach", 2)))) == "signature-invalid"
