"""People who write all the time, send again what was not answered, and take down what was acknowledged."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from hashlib import sha256
from time import monotonic, time
from typing import cast

import httpx

from tests.resilience.faulting.served import Served
from tests.resilience.faulting.truth import Lost, Truth
from tests.server.deployments import APP, AUDIENCE, SECRETS, Deployment
from tests.server.joining import bearer
from tests.server.world import SALT, Draft, World
from vault.server.clock import random_bytes
from vault.server.resources.apps.actions import create_app
from vault.server.resources.enrolments.actions import create_enrolment
from vault.tlog.signed_note import VerifierKey

READERS = ("coach", "coachee")
TIMEOUT_SECONDS = 15
_AGAIN_SECONDS = 0.02


class Load:
    """Writers of several engagements between one coach and one coachee."""

    def __init__(self, served: Served, log: VerifierKey) -> None:
        """Nobody has joined yet."""
        self.served, self.truth = served, Truth(log)
        self.offset = 0
        self.unanswered = 0
        self.refused: dict[str, int] = {}
        self.writing = True
        self.http = httpx.AsyncClient(base_url=served.url, timeout=TIMEOUT_SECONDS)
        self.people = World(cast(Deployment, _Outside(self)), self.http)
        self._logging_in = asyncio.Lock()
        self._stirred = asyncio.Event()

    def now(self) -> int:
        """The clock of all these people: that of the service, wherever it was set."""
        return int(time()) + self.offset

    async def join(self, engagements: int) -> list[World]:
        """Everybody has an account, and each engagement its contract."""
        create_app(self.served.storage, APP, random_bytes, self.now())
        await self.people.add(*READERS)
        made = []
        for number in range(engagements):
            world = World(self.people.deployment, self.http)
            world.engagement = sha256(b"engagement %d" % number).digest()[:16]
            world.tokens, world.keys, world.generations = (
                self.people.tokens,
                self.people.keys,
                self.people.generations,
            )
            await world.agree(READERS)
            made.append(world)
        return made

    async def until(self, reached: Callable[[], bool], seconds: float = 60) -> bool:
        """Whether it was reached in that time; it is looked at whenever an answer comes, or none."""
        ends = monotonic() + seconds
        while not reached():
            if monotonic() > ends:
                return False
            self._stirred.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stirred.wait(), 1)
        return True

    async def write_on(self, world: World, name: str) -> None:
        """One person's notes, one after the other, until told to stop; the last one is seen through."""
        while self.writing:
            draft = world.item(name)
            if await self.see_through(world, draft):
                world.newest[name, world.journal_of(draft.body)] = draft.statement.id

    async def see_through(self, world: World, draft: Draft) -> bool:
        """Send until there is an answer; whether the statement was taken. Raises: Lost for an answer nobody expects."""
        while True:
            answer = await self._send(world, draft)
            self._stirred.set()
            if answer is None or answer.status_code in (429, 503) or _is_cut_off(answer):
                self.unanswered += 1
                await asyncio.sleep(_AGAIN_SECONDS)
            elif answer.status_code == 401:
                await self._log_in(draft.name, world.tokens[draft.name])
            elif answer.status_code in (200, 201):
                self.truth.hear(SALT, answer.json())
                return True
            else:
                code = str(answer.json().get("code"))
                if code != "clock-skew":
                    raise Lost(f"a good statement was answered {answer.status_code} {code}")
                self.refused[code] = self.refused.get(code, 0) + 1
                return False

    async def watch(self) -> None:
        """Take down the checkpoints that everybody is shown."""
        while self.writing:
            try:
                answer = await self.http.get("/log/checkpoint")
                if answer.status_code == 200:
                    self.truth.see_signed(answer.content)
            except httpx.TransportError:
                self.unanswered += 1
            await asyncio.sleep(0.1)

    async def _send(self, world: World, draft: Draft) -> httpx.Response | None:
        try:
            return await self.http.post(draft.path, json=draft.json(), headers=bearer(world.tokens[draft.name]))
        except httpx.TransportError:
            return None

    async def _log_in(self, name: str, ended: str) -> None:
        async with self._logging_in:
            if self.people.tokens[name] != ended:
                return
            try:
                await self.people.log_in(name)
            except (AssertionError, httpx.TransportError):
                await asyncio.sleep(_AGAIN_SECONDS)


def _is_cut_off(answer: httpx.Response) -> bool:
    """Whether the service was ended while it answered: its own errors are problems, this one is a plain text."""
    return answer.status_code == 500 and answer.headers["content-type"].startswith("text/plain")


class _Outside:
    """What `World` asks of a deployment that runs in another process."""

    def __init__(self, load: Load) -> None:
        self.clock = load.now
        self._load = load

    def enrolment(self) -> str:
        return create_enrolment(self._load.served.storage, APP, 3_600, random_bytes, self._load.now()).token


@asynccontextmanager
async def loaded(served: Served, engagements: int = 4) -> AsyncIterator[Load]:
    """Load on a service that runs, for as long as the block lasts; at its end all statements have been answered.

    Raises: what a writer raises.
    """
    load = Load(served, SECRETS.tlog(AUDIENCE).verifier)
    worlds = await load.join(engagements)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(load.watch())
            for world in worlds:
                for name in READERS:
                    tasks.create_task(load.write_on(world, name))
            try:
                yield load
            finally:
                load.writing = False
    finally:
        await load.http.aclose()
