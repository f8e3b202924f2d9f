"""A worker that dies or is stopped between queue and answer: nothing acknowledged is lost, and nothing stands twice."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.architecture.trees import ROOT
from tests.server.joining import bearer
from tests.server.world import Draft, World
from vault.protocol.ids import StatementId

WAIT_SECONDS = 60
EACH = 8


@contextmanager
def worker(world: World, *arguments: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A process over the database of the world, and its address."""
    settings = world.deployment.context.settings
    command = [sys.executable, "-m", "tests.server.dying", settings.database, settings.blobs, *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


async def send_all(world: World, url: str, drafts: list[Draft]) -> dict[StatementId, httpx.Response]:
    """The answers that came, by the statement they are to; all are sent at once."""
    async with httpx.AsyncClient(base_url=url, timeout=WAIT_SECONDS) as http:
        sending = (
            http.post(draft.path, json=draft.json(), headers=bearer(world.tokens[draft.name])) for draft in drafts
        )
        answers = await asyncio.gather(*sending, return_exceptions=True)
    assert all(isinstance(answer, httpx.Response | httpx.TransportError) for answer in answers)
    return {
        draft.statement.id: answer
        for draft, answer in zip(drafts, answers, strict=True)
        if isinstance(answer, httpx.Response)
    }


def notes(world: World) -> tuple[list[Draft], list[Draft]]:
    """Some notes one after the other, and some that can be sent at once: of every person the next one alone."""
    first = []
    for _ in range(EACH):
        draft = world.item()
        world.newest["coach", world.journal_of(draft.body)] = draft.statement.id
        first.append(draft)
    return first, [
        world.item("coach"),
        world.item("coachee"),
        *(world.rotation(name) for name in ("stranger", "contact")),
    ]


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_worker_that_dies_at_a_commit_loses_nothing_acknowledged_and_doubles_nothing(
    three: World, moment: str
) -> None:
    alone, together = notes(three)
    with worker(three, "SIGKILL", moment, str(EACH + 1)) as (process, url):
        acknowledged: dict[StatementId, httpx.Response] = {}
        for draft in alone:
            acknowledged |= await send_all(three, url, [draft])
        assert [answer.status_code for answer in acknowledged.values()] == [201] * EACH
        assert await send_all(three, url, together) == {}
        assert process.wait(WAIT_SECONDS) == -signal.SIGKILL
    again = {draft.statement.id: await three.send(draft) for draft in (*alone, *together)}
    for statement, answer in acknowledged.items():
        assert (again[statement].status_code, again[statement].content) == (200, answer.content)
    rest = [again[draft.statement.id].status_code for draft in together]
    assert set(rest) <= {200, 201}
    assert (200 in rest) == (moment == "after")
    entries = (await three.get("coach", "/journal")).json()["data"]
    assert len({entry["statement"] for entry in entries}) == len(entries) == 4 + EACH + 2


async def test_a_worker_that_is_told_to_stop_answers_all_whom_it_writes(three: World) -> None:
    alone, together = notes(three)
    with worker(three, "SIGTERM", "before", str(EACH + 1)) as (process, url):
        for draft in alone:
            await send_all(three, url, [draft])
        answers = await send_all(three, url, together)
        assert process.wait(WAIT_SECONDS) in (0, -signal.SIGTERM)
    assert answers
    assert {answer.status_code for answer in answers.values()} == {201}
    for draft in together:
        again = await three.send(draft)
        first = answers.get(draft.statement.id)
        assert (again.status_code, again.content) == ((201, again.content) if first is None else (200, first.content))
