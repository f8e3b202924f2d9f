"""What goes wrong, each fault a function: it brings up what it needs, breaks it again and again, and looks each time.

A round is one breakage and what follows it. After each round everything that was acknowledged has to be there.
"""

import asyncio
import os
import resource
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from random import Random
from time import monotonic
from urllib.parse import quote

from tests.resilience.faulting.load import Load, loaded
from tests.resilience.faulting.proxy import Proxy, proxied
from tests.resilience.faulting.served import Served, served
from tests.resilience.faulting.truth import Lost
from tests.support.postgres.cluster import SUPERUSER, running_postgres
from vault.server.storage.engine import Storage

_HOUR_SECONDS = 3_600
_UNLIMITED = resource.RLIM_INFINITY


@dataclass
class Course:
    """How long to go on, by which dice, and who is told."""

    random: Random
    seconds: float
    tell: Callable[[str, int, Load, int], None]
    rounds: int = field(default=0, init=False)
    acknowledged: int = field(default=0, init=False)
    log_size: int = field(default=0, init=False)

    async def go(self, name: str, load: Load, breakage: Callable[[], Awaitable[None]]) -> None:
        """Break and look, until the time is over; at least once. Raises: Lost, HistoryError."""
        ends = monotonic() + self.seconds
        while self.rounds == 0 or monotonic() < ends:
            await self.wait(0.2, 1.5)
            await breakage()
            if not await self.goes_on(load):
                raise Lost("nobody is answered any more, a minute after the fault has ended")
            self.look(name, load)

    async def goes_on(self, load: Load) -> bool:
        """Whether people are answered again."""
        goal = len(load.truth.answers) + 20
        return await load.until(lambda: len(load.truth.answers) >= goal)

    def look(self, name: str, load: Load) -> None:
        """Hold what was acknowledged until now against what is stored. Raises: Lost, HistoryError."""
        kept = load.truth.require_kept(load.served.storage)
        self.rounds += 1
        self.acknowledged, self.log_size = len(load.truth.answers), kept.size
        self.tell(name, self.rounds, load, kept.size)

    async def wait(self, least: float, most: float) -> None:
        """Some time, by the dice."""
        await asyncio.sleep(self.random.uniform(least, most))


async def kill_server(course: Course) -> None:
    """The one process of a service on SQLite is killed under load, and started again."""
    with served() as service:
        service.start()
        async with loaded(service) as load:

            async def breakage() -> None:
                service.kill()
                await asyncio.to_thread(service.start)

            await course.go("kill-server", load, breakage)


async def stop_server(course: Course) -> None:
    """A service is asked to end under load, once or twice, and does so in time; some rounds its database is frozen."""
    with running_postgres() as cluster, served(cluster.url(), workers=2) as service:
        service.start()
        async with loaded(service) as load:

            async def breakage() -> None:
                is_frozen, is_twice = course.random.random() < 0.5, course.random.random() < 0.5
                if is_frozen:
                    cluster.signal(signal.SIGSTOP)
                try:
                    await asyncio.to_thread(service.stop, is_twice)
                finally:
                    cluster.signal(signal.SIGCONT)
                await asyncio.to_thread(service.start)

            await course.go("stop-server", load, breakage)


async def kill_worker(course: Course) -> None:
    """One of two workers on PostgreSQL is killed under load; its parent starts another."""
    with running_postgres() as cluster, served(cluster.url(), workers=2) as service:
        service.start()
        async with loaded(service) as load:

            async def breakage() -> None:
                for worker in course.random.sample(service.worker_ids(), 1):
                    with suppress(ProcessLookupError):
                        os.kill(worker, signal.SIGKILL)

            await course.go("kill-worker", load, breakage)


async def kill_postgres(course: Course) -> None:
    """PostgreSQL, all its processes, is killed under load and recovers; the service goes on by itself."""
    with running_postgres() as cluster, served(cluster.url(), workers=2) as service:
        service.start()
        async with loaded(service) as load:

            async def breakage() -> None:
                await asyncio.to_thread(cluster.crash)
                await course.wait(0, 1)
                await asyncio.to_thread(cluster.start)

            await course.go("kill-postgres", load, breakage)


async def fill_disk(course: Course) -> None:
    """No file of the service can grow any more, for a while: as where the disk is full."""
    with served() as service:
        service.start()
        async with loaded(service) as load:

            async def breakage() -> None:
                process = service.worker_ids()[0]
                log = service.folder / "vault.sqlite3-wal"
                full = max(log.stat().st_size, 4096) + course.random.randrange(60_000)
                resource.prlimit(process, resource.RLIMIT_FSIZE, (full, _UNLIMITED))
                goal = load.unanswered + 3
                await load.until(lambda: load.unanswered >= goal, seconds=5)
                await course.wait(0, 0.5)
                resource.prlimit(process, resource.RLIMIT_FSIZE, (_UNLIMITED, _UNLIMITED))

            await course.go("fill-disk", load, breakage)


async def fill_postgres(course: Course) -> None:
    """No file of PostgreSQL can grow any more, for a while: it refuses to write, or ends itself and recovers."""
    with running_postgres() as cluster, served(cluster.url(), workers=2) as service:
        service.start()
        async with loaded(service) as load:

            async def breakage() -> None:
                full = course.random.randrange(1 << 14, 1 << 22)
                cluster.bound_files(full)
                goal = load.unanswered + 3
                await load.until(lambda: load.unanswered >= goal, seconds=5)
                await course.wait(0, 0.5)
                cluster.bound_files(None)

            await course.go("fill-postgres", load, breakage)


async def lose_database(course: Course) -> None:
    """The way to PostgreSQL is slow, is cut, vanishes and swallows what it is given, in turns by the dice."""
    async with _distant() as (proxy, service), loaded(service) as load:

        async def slow() -> None:
            proxy.delay_seconds = course.random.uniform(0.01, 0.1)
            await course.wait(0.5, 2)
            proxy.delay_seconds = 0

        async def cut() -> None:
            proxy.cut()

        async def vanish() -> None:
            await proxy.vanish()
            await course.wait(0.2, 2)
            await proxy.start()

        async def swallow() -> None:
            proxy.swallow(True)
            await course.wait(0.5, 12)
            proxy.swallow(False)

        left: list[Callable[[], Awaitable[None]]] = []

        async def breakage() -> None:
            if not left:
                left.extend(course.random.sample([slow, cut, vanish, swallow], 4))
            await left.pop()()

        await course.go("lose-database", load, breakage)


async def turn_clock(course: Course) -> None:
    """The clock of the service jumps by hours, either way: times in journals never fall, tokens end and are renewed."""
    with served() as service:
        service.start()
        async with loaded(service) as load:

            async def breakage() -> None:
                load.offset = course.random.randrange(-12 * _HOUR_SECONDS, 12 * _HOUR_SECONDS)
                service.set_clock(load.offset)

            await course.go("turn-clock", load, breakage)


async def back_up(course: Course) -> None:
    """No fault: backups are taken under load by the real command, and each is one moment of what was acknowledged."""
    with served() as service:
        service.start()
        async with loaded(service) as load:

            async def breakage() -> None:
                before = len(load.truth.answers)
                folder = service.folder / f"backup-{course.rounds}"
                await asyncio.to_thread(service.command, "backup", str(folder))
                with closing(Storage(f"sqlite:///{folder}/vault.sqlite3")) as copy:
                    load.truth.require_backed_up(copy, before)

            await course.go("back-up", load, breakage)


FAULTS: dict[str, Callable[[Course], Awaitable[None]]] = {
    "kill-server": kill_server,
    "stop-server": stop_server,
    "kill-worker": kill_worker,
    "kill-postgres": kill_postgres,
    "fill-disk": fill_disk,
    "fill-postgres": fill_postgres,
    "lose-database": lose_database,
    "turn-clock": turn_clock,
    "back-up": back_up,
}


@asynccontextmanager
async def _distant() -> AsyncIterator[tuple[Proxy, Served]]:
    """A service that reaches PostgreSQL over a proxy; whoever looks goes around it."""
    with running_postgres() as cluster:
        async with proxied(f"{cluster.socket}/.s.PGSQL.5432") as proxy:
            seen_as = f"postgresql://{SUPERUSER}@{quote('127.0.0.1')}:{proxy.port}/{SUPERUSER}"
            with served(cluster.url(), seen_as, workers=2) as service:
                await asyncio.to_thread(service.start)
                yield proxy, service
