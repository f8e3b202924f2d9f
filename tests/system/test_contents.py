"""What a list or an export shows comes by the page, and no page makes it less."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.server.deployments import Deployment
from tests.system.transports import Lies
from tests.system.worlds import World, leaving
from vault.client import terms
from vault.client.acts.exporting import ExportedFile, export_engagement
from vault.client.acts.items import show_items
from vault.client.errors import VerificationError, WithheldError
from vault.client.reading.views import refresh
from vault.client.sdk.asynchronous.engagements import AsyncEngagement
from vault.protocol.contents import join_contents, split_blobs, split_head
from vault.protocol.statements import Item

NOTES = 5
Pair = tuple[World, AsyncEngagement, AsyncEngagement, Lies]


@pytest.fixture
async def pair(deployment: Deployment, tmp_path: Path) -> Pair:
    """A coach with some notes, and a coachee who has read none of them yet."""
    made: list[Lies] = []

    def wrap(inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        made.append(Lies(inner))
        return made[-1]

    world = World(deployment, tmp_path / "people", wrap)
    lena = await world.join("lena")
    marek = await world.join("marek", lena.invite("Marek"), "Lena")
    at_lenas = await lena.propose(terms.two_way(coachee="Marek"))
    at_mareks = await marek.engagements.get(at_lenas.id)
    await at_mareks.assent()
    for number in range(NOTES):
        await at_lenas.notes.add(f"Session {number}", title=str(number))
    await at_lenas.notes.add("Mine", kind="private")
    return world, at_lenas, at_mareks, made[1]


def asked(transport: Lies, since: int = 0) -> tuple[int, int]:
    """How many pages, and how many single blobs."""
    paths = [path for _, path in transport.sent[since:]]
    return sum(path.endswith("/contents") for path in paths), sum("/blobs/" in path for path in paths)


def changed(change: Callable[[dict[str, Any], list[bytes]], None]) -> Callable[[str, bytes], bytes]:
    """Change the head and the blobs of each page."""

    def each(path: str, body: bytes) -> bytes:
        if not path.endswith("/contents"):
            return body
        raw, behind = split_head(body)
        head = json.loads(raw)
        blobs = split_blobs(behind, [one["size"] for one in head["data"]])
        change(head, blobs)
        return join_contents(json.dumps(head).encode(), blobs)

    return each


async def test_a_list_takes_one_page_and_the_next_list_only_what_is_new(pair: Pair) -> None:
    world, _at_lenas, at_mareks, transport = pair
    async with leaving(world):
        assert [note.body for note in await at_mareks.notes.list()] == [f"Session {each}" for each in range(NOTES)]
        assert asked(transport) == (1, 0)
        since = len(transport.sent)
        assert len(await at_mareks.notes.list()) == NOTES
        assert asked(transport, since) == (0, 0)


async def test_an_export_takes_one_page(pair: Pair) -> None:
    world, _at_lenas, at_mareks, transport = pair
    async with leaving(world):
        since = len(transport.sent)
        files = await at_mareks._driver.run(export_engagement(at_mareks._session, bytes.fromhex(at_mareks.id)))
        assert sum(isinstance(each, ExportedFile) and "/note/" in each.path for each in files) == NOTES
        assert asked(transport, since)[0] == 1


def leave_out(head: dict[str, Any], blobs: list[bytes]) -> None:
    del head["data"][1], blobs[1]


def say_gone(head: dict[str, Any], blobs: list[bytes]) -> None:
    head["data"][1]["size"] = None
    del blobs[1]


@pytest.mark.parametrize("change", [leave_out, say_gone])
async def test_what_a_page_leaves_out_is_withheld(pair: Pair, change: Any) -> None:
    world, _at_lenas, at_mareks, transport = pair
    async with leaving(world):
        transport.change = changed(change)
        with pytest.raises(WithheldError):
            await at_mareks.notes.list()


async def test_what_is_written_anew_meanwhile_is_no_lie(pair: Pair) -> None:
    """The journal was read before, and the page shows a newer version: the older one is asked for alone."""
    world, at_lenas, at_mareks, transport = pair
    async with leaving(world):
        session, run = at_mareks._session, at_mareks._driver.run
        view = await run(refresh(session, bytes.fromhex(at_mareks.id)))
        entries = [held for held in view.entries if isinstance(held.statement.body, Item)]
        await (await at_lenas.notes.list())[0].edit("Session 0, put right")
        shown = await run(show_items(session, view, entries[:3]))
        assert [item.content.body for item in shown] == [b"Session 0", b"Session 1", b"Session 2"]
        assert asked(transport)[1] == 1


@pytest.mark.parametrize("raw", [b"", b"\0\0\0\2{}", b"\0\0\0\xff{}", b"\0\0\0\x17" + b'{"data":[],"next":null}a'])
async def test_what_is_no_page_is_refused(pair: Pair, raw: bytes) -> None:
    world, _at_lenas, at_mareks, transport = pair
    async with leaving(world):
        transport.change = lambda path, body: raw if path.endswith("/contents") else body
        with pytest.raises(VerificationError):
            await at_mareks.notes.list()


async def test_pages_that_never_end_are_refused(pair: Pair) -> None:
    world, _at_lenas, at_mareks, transport = pair

    def same_again(head: dict[str, Any], blobs: list[bytes]) -> None:
        del head["data"][1:], blobs[1:]
        head["next"] = "1"

    async with leaving(world):
        transport.change = changed(same_again)
        with pytest.raises(VerificationError):
            await at_mareks.notes.list()
