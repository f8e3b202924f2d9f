"""What nobody has signed proves nothing: a garbled answer fails once, and the next one is believed."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.server.deployments import Deployment
from tests.system.transports import Lies
from tests.system.worlds import Three, World, leaving, three_people
from vault.client import VerificationError
from vault.errors import VaultError


def in_page(member: str, value: object) -> Callable[[str, bytes], bytes]:
    """The last entry of each journal page with another member."""

    def garble(path: str, body: bytes) -> bytes:
        if not path.endswith(("/journal", "/keys")):
            return body
        page = json.loads(body)
        if page.get("data"):
            page["data"][-1][member] = value
        return json.dumps(page).encode()

    return garble


def flipped(end: str) -> Callable[[str, bytes], bytes]:
    """One byte of what is at such an address is another."""

    def garble(path: str, body: bytes) -> bytes:
        return body[:-9] + bytes([body[-9] ^ 1]) + body[-8:] if end in path and len(body) > 9 else body

    return garble


GARBLED = {
    "seq": in_page("seq", 1),
    "time": in_page("time", 4_000_000_000),
    "head": in_page("head", "00" * 32),
    "statement": in_page("statement", "00" * 32),
    "receipt": in_page("receipt", "c2sp.org/tlog-proof@v1\n"),
    "checkpoint": flipped("/log/checkpoint"),
    "tile": flipped("/log/tile/0"),
    "entries": flipped("/log/tile/entries"),
    "cut tile": lambda path, body: body[:-32] if "/log/tile" in path else body,
}


@pytest.fixture
async def garbling(deployment: Deployment, tmp_path: Path) -> tuple[Three, list[Lies]]:
    made: list[Lies] = []

    def wrap(inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        made.append(Lies(inner))
        return made[-1]

    return await three_people(World(deployment, tmp_path / "people", wrap)), made


@pytest.mark.parametrize("what", sorted(GARBLED))
async def test_an_open_vault_goes_on_after_a_garbled_answer(garbling: tuple[Three, list[Lies]], what: str) -> None:
    three, transports = garbling
    async with leaving(three.world):
        await three.at_mareks.notes.list()
        await three.at_lenas.notes.add("Session 1")
        await three.ana.rotate()
        transports[1].change = GARBLED[what]
        failed = 0
        for act in (three.at_mareks.notes.list, three.marek.checkpoint, three.marek.people.list):
            try:
                await act()
            except VerificationError:
                failed += 1
        three.world.deployment.clock.move(86_400)
        try:
            await three.at_mareks.notes.list()
        except VaultError:
            failed += 1
        assert failed > 0
        transports[1].change = lambda _path, body: body
        assert [note.body for note in await three.at_mareks.notes.list()] == ["Session 1"]
        await three.marek.checkpoint()
        three.marek.invite("Pia")
        await three.world.close(three.marek)
        again = await three.world.unlock("marek")
        assert not again._session.identity.is_due, "closing has stored the keyring"
