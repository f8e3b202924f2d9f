"""A new device: slot header, challenge, fetch statement, keyring; nothing that another device or person could use."""

from typing import Any

import httpx
import pytest

from tests.server.joining import ask_challenge, bearer, login_statement, send_login
from tests.server.world import World
from tests.support.people import account, digest, seed, sign_key
from vault import ed25519
from vault.encoding import read_base64
from vault.protocol.ids import key_id
from vault.protocol.limits import KEYRING_TOKEN_SECONDS

COACH = account("coach")
PLACE = f"/v1/accounts/{COACH.hex()}"


@pytest.fixture
async def sealed(world: World) -> World:
    """The coach has a keyring with slots of kinds 2 and 3."""
    await world.add("coach", "coachee")
    await world.write(world.keyring("coach"))
    return world


async def fetch(world: World, kind: int, **changes: Any) -> httpx.Response:
    """The answer to a fetch statement for a slot of the coach, signed with that slot's fetch key."""
    challenge = await ask_challenge(world.http, COACH)
    secret = changes.pop("secret", fetch_seed(kind))
    key = key_id(1, ed25519.public_key(secret))
    now = world.deployment.clock()
    statement = login_statement("coach", challenge, now, **{"slot": kind, "key": key, "seeds": [secret], **changes})
    return await send_login(world.http, statement)


def fetch_seed(kind: int) -> bytes:
    return digest("fetch", "coach", kind)


async def test_a_slot_that_is_there_shows_its_header_and_looks_like_one_that_is_not(sealed: World) -> None:
    real = await sealed.http.get(f"{PLACE}/slots/2")
    absent = await sealed.http.get(f"{PLACE}/slots/1")
    unknown = await sealed.http.get(f"/v1/accounts/{account('nobody').hex()}/slots/2")
    draft = sealed.keyring("coach", sequence=1)
    assert read_base64(real.json()["header"]) == read_base64(draft.parts["slots"][0])[:64]
    assert {len(answer.content) for answer in (real, absent, unknown)} == {len(real.content)}
    assert {answer.status_code for answer in (real, absent, unknown)} == {200}
    assert real.headers.keys() == absent.headers.keys() == unknown.headers.keys()


async def test_a_fetch_is_worth_the_keyring_and_its_own_slot_for_five_minutes(sealed: World) -> None:
    answer = await fetch(sealed, 2)
    assert answer.status_code == 201
    made = answer.json()
    now = sealed.deployment.clock()
    assert made == {"token": made["token"], "scope": "keyring", "expires": now + KEYRING_TOKEN_SECONDS}
    served = (await sealed.http.get(f"{PLACE}/keyring", headers=bearer(made["token"]))).json()
    draft = sealed.keyring("coach", sequence=1)
    assert served["slots"] == [draft.parts["slots"][0]]
    assert served["entries"][0]["seq"] == 1
    sealed.deployment.clock.move(KEYRING_TOKEN_SECONDS)
    ended = await sealed.http.get(f"{PLACE}/keyring", headers=bearer(made["token"]))
    assert ended.json()["code"] == "credential-ended"


async def test_a_keyring_token_opens_nobody_elses_keyring(sealed: World) -> None:
    await sealed.write(sealed.keyring("coachee"))
    token = (await fetch(sealed, 3)).json()["token"]
    answer = await sealed.http.get(f"/v1/accounts/{account('coachee').hex()}/keyring", headers=bearer(token))
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (2, {"secret": seed("coach")}),  # the sign key is no fetch key
        (2, {"secret": fetch_seed(3)}),  # nor is that of another slot
        (1, {}),  # no such slot
        (2, {"key": sign_key("coach").key}),
        (2, {"seeds": [seed("coachee")]}),
        (2, {"url": "https://other.example"}),
    ],
)
async def test_another_key_or_another_slot_is_one_refusal(sealed: World, kind: int, changes: dict[str, Any]) -> None:
    answer = await fetch(sealed, kind, **changes)
    assert (answer.status_code, answer.json()["code"]) == (401, "login-refused")


async def test_the_slots_of_an_older_keyring_fetch_nothing(sealed: World) -> None:
    await sealed.write(sealed.keyring("coach", kinds=(3,)))
    assert (await fetch(sealed, 2)).json()["code"] == "login-refused"
    assert (await fetch(sealed, 3)).status_code == 201
