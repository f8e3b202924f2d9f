from pathlib import Path

import httpx
import pytest

from tests.server.deployments import SECRETS, Deployment, deployed
from tests.support.people import account
from vault.encoding import read_base64
from vault.protocol.slot import SlotHeader, fake_slot_header
from vault.server.settings import LimitSettings


def place(of: bytes, kind: object) -> str:
    return f"/v1/accounts/{of.hex()}/slots/{kind}"


@pytest.mark.parametrize("kind", [1, 2, 3])
async def test_who_is_not_there_has_a_slot_header_that_never_changes(
    deployment: Deployment, http: httpx.AsyncClient, kind: int
) -> None:
    first, second = [await http.get(place(account("Nobody"), kind)) for _ in range(2)]
    assert first.status_code == 200
    assert first.content == second.content
    raw = read_base64(first.json()["header"])
    assert raw == fake_slot_header(SECRETS.server_secret, account("Nobody"), kind)
    header = SlotHeader.parse(raw)
    assert (header.kind, header.account) == (kind, account("Nobody"))
    assert header == SlotHeader.new(kind, account("Nobody"), header.salt)


async def test_another_account_has_another_header(http: httpx.AsyncClient) -> None:
    answers = [await http.get(place(account(name), 1)) for name in ("Nobody", "Somebody")]
    assert answers[0].json()["header"] != answers[1].json()["header"]


@pytest.mark.parametrize("kind", [0, 4, "x", "01", "-1", "1.0", "%201"])
async def test_a_kind_that_does_not_exist_is_not_found(http: httpx.AsyncClient, kind: object) -> None:
    answer = await http.get(place(account("Nobody"), kind))
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_whoever_asks_for_too_many_slot_headers_waits(tmp_path: Path, database: str) -> None:
    limits = LimitSettings(slot_headers_per_minute=2, slot_headers_of_peer_per_minute=3)
    with deployed(tmp_path, limits, database=database) as deployment:
        async with deployment.client("192.0.2.1") as http:
            statuses = [(await http.get(place(account("Nobody"), 1))).status_code for _ in range(3)]
            assert statuses == [200, 200, 429]
            assert (await http.get(place(account("Lena"), 1))).status_code == 429
        async with deployment.client("192.0.2.2") as http:
            assert (await http.get(place(account("Nobody"), 1))).status_code == 200
