"""While nobody answers, a write is signed on top of what this device last verified, and waits."""

import json

import httpx
import pytest

from tests.system.transports import IsAway
from tests.system.worlds import Three, World, three_people
from vault.client import AsyncVault, Unreachable, VerificationError
from vault.client.acts.disclosures import withdraw
from vault.client.sdk.asynchronous.engagements import AsyncEngagement


class Network:
    """Everybody's way to the deployment, away all at once."""

    def __init__(self) -> None:
        self.ways: list[IsAway] = []

    def wrap(self, inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        self.ways.append(IsAway(inner))
        return self.ways[-1]

    def away(self, away: bool) -> None:
        for each in self.ways:
            each.away = away


@pytest.fixture
async def network(world: World) -> Network:
    made = Network()
    world.wrap = made.wrap
    return made


async def reopen_away(three: Three, network: Network, name: str, vault: AsyncVault) -> AsyncVault:
    await three.world.close(vault)
    again = await three.world.unlock(name)
    network.away(True)
    return again


def at(vault: AsyncVault, engagement: AsyncEngagement) -> AsyncEngagement:
    """The engagement without asking what is new in it."""
    return AsyncEngagement(vault._session, vault._driver, bytes.fromhex(engagement.id))


async def test_notes_of_a_device_that_was_opened_without_a_network_wait_and_arrive(
    network: Network, world: World
) -> None:
    three = await three_people(world)
    await three.at_lenas.notes.add("before")
    lena = await reopen_away(three, network, "lena", three.lena)
    for text in ("first", "second"):
        with pytest.raises(Unreachable):
            await at(lena, three.at_lenas).notes.add(text)
    assert [each.type for each in lena.outbox] == ["item", "item"]
    network.away(False)
    assert await lena.send() == 2
    assert [note.body for note in await three.at_mareks.notes.list()] == ["before", "first", "second"]
    assert [note.body for note in await at(lena, three.at_lenas).notes.list()] == ["before", "first", "second"]


async def test_a_withdrawal_waits_too(network: Network, world: World) -> None:
    three = await three_people(world)
    summary = await three.at_mareks.summaries.add("mine")
    shown = await summary.preview(share_kind="progress", purpose="own_words")
    disclosure = await shown.disclose()
    marek = await reopen_away(three, network, "marek", three.marek)
    with pytest.raises(Unreachable):
        await marek._driver.run(
            withdraw(marek._session, bytes.fromhex(three.at_mareks.id), bytes.fromhex(disclosure.id))
        )
    network.away(False)
    assert len(await three.ana.inbox()) == 1
    await marek.send()
    assert await three.ana.inbox() == []


async def test_a_device_that_has_never_seen_the_engagement_signs_nothing(network: Network, world: World) -> None:
    three = await three_people(world)
    await three.world.close(three.lena)
    for file in (world.folder / "lena" / "journals").iterdir():
        file.unlink()
    lena = await three.world.unlock("lena")
    network.away(True)
    with pytest.raises(Unreachable):
        await at(lena, three.at_lenas).notes.add("lost")
    assert lena.outbox == []


async def test_what_was_remembered_is_verified_again_before_anything_is_signed_on_it(
    network: Network, world: World
) -> None:
    three = await three_people(world)
    await three.world.close(three.lena)
    file = world.folder / "lena" / "journals" / f"engagement-{three.at_lenas.id}.json"
    page = json.loads(file.read_bytes())
    page["data"][1]["time"] += 1
    file.write_text(json.dumps(page))
    lena = await three.world.unlock("lena")
    network.away(True)
    with pytest.raises(VerificationError):
        await at(lena, three.at_lenas).notes.add("on sand")
    assert lena.outbox == []


async def test_what_was_remembered_hides_nothing_once_the_deployment_answers(network: Network, world: World) -> None:
    three = await three_people(world)
    await three.at_lenas.notes.add("one")
    lena = await reopen_away(three, network, "lena", three.lena)
    with pytest.raises(Unreachable):
        await at(lena, three.at_lenas).notes.add("two")
    network.away(False)
    found = await at(lena, three.at_lenas).reload()
    assert not lena._session.verified.views[bytes.fromhex(found.id)].recalled
    assert [note.body for note in await found.notes.list()] == ["one"]
