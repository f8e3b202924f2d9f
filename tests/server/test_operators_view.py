"""What an operator sees of apps and enrolment tokens, and what an operator can end: never by people's names."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.server.deployments import Deployment, deployed
from tests.server.joining import bearer
from tests.server.operating import Operator
from tests.server.world import World
from tests.support.people import account
from vault.protocol.times import floor_to_day
from vault.server.clock import unix_seconds


def listed(operator: Operator, *arguments: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(operator.at_data(*arguments, "--json").out)["data"]
    return found


@pytest.fixture
def acme(ready: Operator) -> Operator:
    """An operator with one app, which has issued three tokens."""
    ready.at_data("apps", "create", "acme")
    for _ in range(3):
        assert ready.at_data("enrolments", "create", "acme").code == 0
    return ready


def test_open_tokens_are_listed_by_a_digest_and_their_end(acme: Operator) -> None:
    rows = listed(acme, "enrolments", "list")
    assert len({row["token"] for row in rows}) == 3
    assert all(row.keys() == {"token", "app", "expires", "state"} for row in rows)
    assert {(row["app"], row["state"]) for row in rows} == {("acme", "open")}
    assert all(row["expires"] > unix_seconds() for row in rows)
    lines = acme.at_data("enrolments", "list").out.splitlines()
    assert sorted(line.split()[0] for line in lines) == sorted(row["token"] for row in rows)


def test_a_token_is_revoked_by_the_beginning_of_its_digest(acme: Operator) -> None:
    first, *others = listed(acme, "enrolments", "list")
    outcome = acme.at_data("enrolments", "revoke", first["token"][:12])
    assert (outcome.code, outcome.out) == (0, "1 token revoked\n")
    assert [row["token"] for row in listed(acme, "enrolments", "list")] == [row["token"] for row in others]
    assert {row["state"] for row in listed(acme, "enrolments", "list", "--all")} == {"open", "ended"}


def test_all_open_tokens_of_an_app_are_revoked_together(acme: Operator) -> None:
    assert acme.at_data("enrolments", "revoke", "--app", "acme").out == "3 tokens revoked\n"
    assert listed(acme, "enrolments", "list") == []
    assert acme.at_data("enrolments", "revoke", "--app", "acme").out == "0 tokens revoked\n"


@pytest.mark.parametrize("arguments", [(), ("0123456789ab", "--app", "acme")])
def test_what_to_revoke_is_said_in_one_way(acme: Operator, arguments: tuple[str, ...]) -> None:
    assert acme.at_data("enrolments", "revoke", *arguments).code == 2


@pytest.mark.parametrize("token", ["0123456789ab", "not hex", "ab"])
def test_a_token_that_is_not_there_is_one_line(acme: Operator, token: str) -> None:
    outcome = acme.at_data("enrolments", "revoke", token)
    assert (outcome.code, outcome.err.count("\n")) == (1, 1)
    assert "enrolments list" in outcome.err
    assert len(listed(acme, "enrolments", "list")) == 3


def test_apps_are_listed_with_their_counts(acme: Operator) -> None:
    (row,) = listed(acme, "apps", "list")
    assert row["enrolments"] == {"issued": 3, "joined": 0, "open": 3}
    assert row["last_joined"] is None
    assert acme.at_data("apps", "list").out == "acme  3 issued, 0 joined, 3 open\n"


@pytest.fixture
async def joined(tmp_path: Path, operator: Operator) -> World:
    """Two people who are logged in, at a deployment whose folder the operator has."""
    operator.run("init", operator.folder)
    with deployed(tmp_path / "data", now=unix_seconds()) as deployment:
        async with deployment.client() as http:
            world = World(deployment, http)
            await world.add("coach", "coachee")
            return world


async def statuses(deployment: Deployment, world: World) -> list[int]:
    async with deployment.client() as http:
        paths = [(name, f"/v1/accounts/{account(name).hex()}/keys") for name in ("coach", "coachee")]
        return [(await http.get(path, headers=bearer(world.tokens[name]))).status_code for name, path in paths]


async def test_a_stolen_device_loses_its_tokens_and_nobody_else_does(joined: World, operator: Operator) -> None:
    outcome = operator.at_data("logins", "end", account("coach").hex())
    assert (outcome.code, outcome.out) == (0, "1 login token ended\n")
    assert "rotate" in outcome.err
    assert await statuses(joined.deployment, joined) == [401, 200]
    assert operator.at_data("logins", "end", account("coach").hex()).out == "0 login tokens ended\n"


@pytest.mark.parametrize("name", ["ab" * 32, "not an account"])
def test_an_account_that_is_not_there_is_one_line(ready: Operator, name: str) -> None:
    outcome = ready.at_data("logins", "end", name)
    assert (outcome.code, outcome.err.count("\n")) == (1, 1)


async def test_joined_people_are_counted_and_not_named(joined: World, operator: Operator) -> None:
    (row,) = listed(operator, "apps", "list")
    assert row["enrolments"] == {"issued": 2, "joined": 2, "open": 0}
    assert row["last_joined"] == floor_to_day(joined.deployment.clock())
    assert ", last joined 20" in operator.at_data("apps", "list").out
    everything = operator.at_data("enrolments", "list", "--all", "--json").out + json.dumps(row)
    assert [account(name).hex() for name in ("coach", "coachee") if account(name).hex() in everything] == []
