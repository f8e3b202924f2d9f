"""Keys, keyrings and introductions over HTTP."""

import hashlib
from dataclasses import replace

from tests.server.joining import ask_challenge, bearer, login_statement, send_login
from tests.server.world import World
from tests.support.people import account, digest
from vault.encoding import read_base64, write_base64
from vault.protocol.ids import key_id
from vault.protocol.limits import INTRODUCTION_SECONDS
from vault.protocol.vocabulary import KeysReason


async def test_anyone_who_knows_an_account_reads_its_keys(world: World) -> None:
    await world.add("coach", "stranger")
    await world.rotate("coach")
    path = f"/v1/accounts/{account('coach').hex()}/keys"
    entries = (await world.get("stranger", path)).json()["data"]
    assert [entry["seq"] for entry in entries] == [1, 2]
    assert [len(entry["envelope"]["signatures"]) for entry in entries] == [1, 2]
    assert (await world.get("stranger", f"{path}?after=1&limit=1")).json() == {"data": entries[1:], "next": None}


async def test_after_keys_are_retired_no_others_follow(world: World) -> None:
    await world.add("coach")
    await world.write(world.rotation("coach", KeysReason.RETIRE))
    world.generations["coach"] = 1
    draft = world.rotation("coach")
    assert await world.code(draft.changed(generation=3)) == "key-chain"


async def test_a_keyring_is_served_to_its_owner_alone(world: World) -> None:
    await world.add("coach", "stranger")
    path = f"/v1/accounts/{account('coach').hex()}/keyring"
    assert (await world.get("coach", path)).status_code == 404
    await world.write(world.keyring("coach"))
    second = world.keyring("coach", kinds=(1, 2, 3))
    await world.write(second)
    view = (await world.get("coach", path)).json()
    assert view["blob"] == second.parts["blob"]
    assert view["slots"] == second.parts["slots"]
    assert view["salt"] == write_base64(digest("keyring salt", "coach"))
    assert [entry["seq"] for entry in view["entries"]] == [1, 2]
    assert [entry["seq"] for entry in (await world.get("coach", f"{path}?after=1")).json()["entries"]] == [2]
    assert (await world.get("stranger", path)).status_code == 404


async def test_a_fetch_key_reads_its_own_slot_and_no_other(world: World) -> None:
    await world.add("coach")
    draft = world.keyring("coach", kinds=(2, 3))
    await world.write(draft)
    public = world.fetch_public("coach", 3)
    challenge = await ask_challenge(world.http, account("coach"))
    statement = login_statement(
        "coach", challenge, world.deployment.clock(),
        type="fetch", slot=3, key=key_id(1, public), seeds=[digest("fetch", "coach", 3)],
    )  # fmt: skip
    token = (await send_login(world.http, statement)).json()
    assert token["scope"] == "keyring"
    path = f"/v1/accounts/{account('coach').hex()}/keyring"
    view = (await world.http.get(path, headers=bearer(token["token"]))).json()
    assert view["slots"] == [draft.parts["slots"][1]]
    answer = await world.http.get("/v1/engagements", headers=bearer(token["token"]))
    assert answer.json()["code"] == "credential-wrong"


async def test_a_slot_with_parameters_below_the_floor_is_no_slot(world: World) -> None:
    await world.add("coach")
    draft = world.keyring("coach", kinds=(2,))
    raw = bytearray(read_base64(draft.parts["slots"][0]))
    raw[8:12] = (2).to_bytes(4, "big")
    ref = draft.body.slots[0].model_copy(update={"sha256": hashlib.sha256(raw).digest()})
    wrong = draft.changed(slots=(ref,)).with_parts(slots=[write_base64(bytes(raw))])
    assert await world.code(wrong) == "slot-shape"
    other = draft.body.slots[0].model_copy(update={"fetch": bytes(32)})
    assert await world.code(draft.changed(slots=(other,))) == "key-invalid"


async def test_an_introduction_is_delivered_to_the_one_who_invited_for_a_month(world: World) -> None:
    await world.add("coach", "coachee", "sponsor")
    drafts = [world.introduction(name, "coach") for name in ("coachee", "sponsor")]
    for draft in drafts:
        answer = await world.send(draft)
        assert (answer.status_code, answer.json()) == (201, {"statement": draft.statement.id.hex()})
        assert (await world.send(draft)).status_code == 200
    first = (await world.get("coach", "/v1/introductions?limit=1")).json()
    rest = (await world.get("coach", f"/v1/introductions?limit=1&after={first['next']}")).json()
    envelopes = [draft.statement.envelope.to_json() for draft in drafts]
    assert sorted(map(str, first["data"] + rest["data"])) == sorted(map(str, envelopes))
    assert rest["next"] is None
    assert (await world.get("coachee", "/v1/introductions")).json()["data"] == []
    world.deployment.clock.move(INTRODUCTION_SECONDS)
    await world.log_in("coach", "coachee")
    assert (await world.get("coach", "/v1/introductions")).json()["data"] == []
    await world.write(world.introduction("coachee", "coach"))
    assert len((await world.get("coach", "/v1/introductions")).json()["data"]) == 1


async def test_an_introduction_to_nobody_is_refused(world: World) -> None:
    await world.add("coach")
    assert await world.code(world.introduction("coach", "nobody")) == "not-found"


async def test_an_introduction_is_signed_with_the_newest_key(world: World) -> None:
    await world.add("coach", "coachee")
    old = world.introduction("coachee", "coach")
    await world.rotate("coachee")
    assert await world.code(old) == "key-stale"
    assert await world.code(replace(world.introduction("coachee", "coach"), path="/v1/introductions")) == "ok"
