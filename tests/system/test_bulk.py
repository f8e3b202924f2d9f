"""Many files as notes over a network that loses answers: each file becomes one note, whatever was lost."""

import httpx
import pytest

from tests.system.transports import LosesAnswers
from tests.system.worlds import Three, World, three_people
from vault.client import AsyncVault, Unreachable
from vault.client.acts.bulk import add_file
from vault.client.acts.items import Text
from vault.client.acts.joining import flush_all
from vault.client.device.waiting import FileKey
from vault.protocol.problems import Refused
from vault.protocol.vocabulary import ItemKind


@pytest.fixture
async def network(world: World) -> list[LosesAnswers]:
    """Every network that the people of this test use, in the order in which they open."""
    made: list[LosesAnswers] = []

    def wrap(inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        made.append(LosesAnswers(inner))
        return made[-1]

    world.wrap = wrap
    return made


class DropsNotes(httpx.AsyncBaseTransport):
    """Carries everything but notes, while `drops`."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner, self.drops = inner, False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.drops and is_note(request):
            raise httpx.ConnectError("no route", request=request)
        return await self.inner.handle_async_request(request)


def is_note(request: httpx.Request) -> bool:
    return request.method == "POST" and request.url.path.endswith("/items")


async def add(vault: AsyncVault, key: FileKey) -> None:
    await vault._driver.run(add_file(vault._session, key, ItemKind.NOTE, Text(b"one", "one.txt")))


async def test_a_note_whose_answer_was_lost_is_remembered_and_sent_again_not_made_again(
    network: list[LosesAnswers], world: World
) -> None:
    three: Three = await three_people(world)
    key = FileKey.of(bytes.fromhex(three.at_lenas.id), "/one.txt", b"one")
    for each in network:
        each.loses = is_note
    with pytest.raises(Unreachable):
        await add(three.lena, key)
    statement = three.lena._session.outbox.progress.get(key)
    assert statement is not None
    three.world.open.remove(three.lena)
    three.lena._session.home.close()  # as after kill -9: nothing more is saved

    again = await world.unlock("lena")
    assert again._session.outbox.progress.get(key) == statement
    assert await again._driver.run(flush_all(again._session)) == 1
    assert [note.title for note in await three.at_mareks.notes.list()] == ["one.txt"]


async def test_a_note_that_was_refused_is_not_remembered(three: Three) -> None:
    await three.at_mareks.close()
    key = FileKey.of(bytes.fromhex(three.at_lenas.id), "/one.txt", b"one")
    with pytest.raises(Refused):
        await add(three.lena, key)
    assert three.lena._session.outbox.progress.get(key) is None


async def test_a_note_that_is_refused_when_it_is_sent_later_is_forgotten_so_that_it_can_be_added_again(
    world: World,
) -> None:
    networks: list[DropsNotes] = []

    def wrap(inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        networks.append(DropsNotes(inner))
        return networks[-1]

    world.wrap = wrap
    three = await three_people(world)
    keys = [FileKey.of(bytes.fromhex(three.at_lenas.id), path, b"one") for path in ("/one.txt", "/other.txt")]
    for each in networks:
        each.drops = True
    for key in keys:
        with pytest.raises(Unreachable):
            await add(three.lena, key)
    assert all(three.lena._session.outbox.progress.get(key) for key in keys)
    for each in networks:
        each.drops = False
    await three.at_mareks.close()
    await three.lena._driver.run(flush_all(three.lena._session))
    assert [three.lena._session.outbox.progress.get(key) for key in keys] == [None, None]
    assert [each.refused for each in three.lena.outbox] == ["engagement-closed", "engagement-closed"]


def test_another_content_or_place_is_another_file() -> None:
    keys = {FileKey.of(bytes(16), path, content) for path in ("/a", "/b") for content in (b"", b"x")}
    assert len(keys) == 4
    assert FileKey.of(bytes(16), "/a", b"") in keys
