from pathlib import Path

import httpx
import pytest

from tests.server.deployments import deployed
from tests.server.joining import bearer
from tests.server.world import World
from tests.support.people import account
from vault.protocol.limits import DAY_SECONDS, PERSON_TOKEN_SECONDS
from vault.protocol.problems import Refused
from vault.server import limits as module
from vault.server.limits import Limited, Limits, Rate
from vault.server.settings import LimitSettings


class Clock:
    now = 1_000

    def __call__(self) -> int:
        return self.now


def make(clock: Clock, count: int = 2, seconds: int = 60) -> Limits:
    return Limits(dict.fromkeys(Limited, Rate(count, seconds)), clock)


def test_one_act_more_than_the_rate_is_refused_until_the_window_ends() -> None:
    clock = Clock()
    limits = make(clock)
    limits.take(Limited.WRITES, b"a")
    clock.now += 10
    limits.take(Limited.WRITES, b"a")
    with pytest.raises(Refused) as refused:
        limits.take(Limited.WRITES, b"a")
    assert (refused.value.code, refused.value.retry_after_seconds) == ("too-many", 50)
    clock.now += 50
    limits.take(Limited.WRITES, b"a")


def test_nobody_spends_what_is_somebody_elses() -> None:
    limits = make(Clock(), count=1)
    limits.take(Limited.WRITES, b"coachee")
    with pytest.raises(Refused):
        limits.take(Limited.WRITES, b"coachee")
    limits.take(Limited.WRITES, b"sponsor")
    limits.take(Limited.CHALLENGES, b"coachee")


def test_a_flood_of_principals_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEYS_MAXIMUM", 3)
    clock = Clock()
    limits = make(clock, count=1)
    for name in (b"a", b"b", b"c", b"d"):
        limits.take(Limited.WRITES, name)
    with pytest.raises(Refused):
        limits.take(Limited.WRITES, b"d")
    limits.take(Limited.WRITES, b"a")  # the oldest was forgotten
    clock.now += 60
    limits.take(Limited.WRITES, b"e")  # all that have ended are forgotten
    assert len(limits._windows) == 1


def test_every_limit_has_a_rate_in_the_settings() -> None:
    assert LimitSettings().rates().keys() == set(Limited)


async def test_what_an_account_sends_in_a_day_is_bounded_in_bytes(tmp_path: Path) -> None:
    with deployed(tmp_path, LimitSettings(written_bytes_per_day=25_000)) as deployment:
        async with deployment.client() as http:
            world = World(deployment, http)
            await world.add("coach", "coachee")

            async def post(name: str, **headers: str) -> httpx.Response:
                content = b"{" + b" " * 9_998 + b"}"
                headers |= bearer(world.tokens[name]) | {"Content-Type": "application/json"}
                return await http.post(f"/v1/accounts/{account(name).hex()}/keys", headers=headers, content=content)

            answers = [await post("coach") for _ in range(3)]
            assert [answer.json()["code"] for answer in answers] == ["statement-required"] * 2 + ["too-many"]
            assert answers[-1].headers["retry-after"] == str(DAY_SECONDS)
            assert (await post("coachee")).json()["code"] == "statement-required"
            deployment.clock.move(PERSON_TOKEN_SECONDS)
            await world.log_in("coach")
            assert (await post("coach")).json()["code"] == "too-many"


async def test_parts_of_attachments_count_as_well(tmp_path: Path) -> None:
    with deployed(tmp_path, LimitSettings(written_bytes_per_day=25_000)) as deployment:
        async with deployment.client() as http:
            world = World(deployment, http)
            await world.add("coach")
            path = f"/v1/engagements/{'00' * 16}/attachments/{'00' * 16}/parts/1"
            headers = bearer(world.tokens["coach"])
            codes = [(await http.put(path, headers=headers, content=bytes(10_000))).json()["code"] for _ in range(3)]
            assert codes == ["schema", "schema", "too-many"]


def test_an_amount_that_does_not_fit_takes_nothing() -> None:
    limits = make(Clock(), count=10)
    limits.take(Limited.WRITES, b"a", 8)
    with pytest.raises(Refused):
        limits.take(Limited.WRITES, b"a", 3)
    limits.take(Limited.WRITES, b"a", 2)
