"""What one act adds to a real database: many of them go through the real write path, and the database is weighed.

`python -m tests.server.growing` prints the figures for both engines; docs/scaling.md reckons with them.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import httpx
from sqlalchemy import Column, LargeBinary, Table, func, select, text

from tests.server.deployments import Deployment, deployed
from tests.server.world import World
from tests.support.people import short
from tests.support.postgres.databases import Databases, new_databases
from vault.server.settings import LimitSettings
from vault.server.storage.engine import Storage
from vault.server.storage.schema import migrate
from vault.server.storage.tables import leaves, metadata

NO_LIMITS = LimitSettings(enrolments_per_hour=10**9, challenges_of_peer_per_minute=10**9, writes_per_minute=10**9)
_ENGAGEMENTS = 50
"""How many there are, one act in each by turns, as people write who do not wait for each other."""


_ACTS_BETWEEN_SWEEPS = 20
_SQLITE_BYTES = """
    SELECT (page_count - freelist_count) * page_size
    FROM pragma_page_count, pragma_freelist_count, pragma_page_size
"""
_POSTGRESQL_BYTES = """
    SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""


class Growth:
    """A deployment that is weighed after many acts of one kind."""

    def __init__(self, world: World) -> None:
        """Coach, coachee and sponsor have to be there, and nothing else."""
        self.world = world
        self._storage = world.deployment.context.storage
        self._contracts: dict[bytes, bytes] = {}
        self._number = 0

    async def weigh(self, act: Callable[["Growth"], Awaitable[object]], times: int) -> "Weight":
        """What one act adds to the database. Half as many go before, so that pages are as full as they come to be."""
        await self._repeat(act, times // 2)
        before = self._weight()
        await self._repeat(act, times)
        after = self._weight()
        return Weight(*(round((now - then) / times) for now, then in zip(after, before, strict=True)))

    async def weigh_journal(self) -> int:
        """Bytes of a note's entry as a reader of the journal is served it, without its receipt."""
        await self.write_note()
        [entry] = (await self.world.get("coach", "/items?limit=1")).json()["data"]
        return len(json.dumps({**entry, "receipt": ""}, separators=(",", ":")))

    async def _repeat(self, act: Callable[["Growth"], Awaitable[object]], times: int) -> None:
        for _ in range(times):
            self._number += 1
            await act(self)
            if self._number % _ACTS_BETWEEN_SWEEPS == 0:
                self._sweep()

    async def join(self) -> None:
        """A person with keys, a keyring, two ways to it, and a login."""
        name = f"person {self._number}"
        await self.world.add(name)
        await self.world.write(self.world.keyring(name))

    async def replace_keyring(self) -> None:
        """The next keyring of one person."""
        await self.world.write(self.world.keyring("coachee"))

    async def begin(self) -> None:
        """An engagement of three under a contract that all of them assent to."""
        self.world.engagement = short("engagement", self._number)
        self._contracts[self.world.engagement] = await self.world.agree()

    async def write_note(self) -> None:
        """A note of 4 KiB, sealed to two."""
        self._take_turns()
        await self.world.write(self.world.item("coach"))

    async def disclose(self) -> None:
        """A summary of 4 KiB, sealed to two, and its first opening."""
        self._take_turns()
        await self.world.write(self.world.opening(await self.world.write(self.world.disclosure())))

    def _take_turns(self) -> None:
        chosen = list(self._contracts.items())[:_ENGAGEMENTS]
        self.world.engagement, self.world.contract = chosen[self._number % len(chosen)]

    def _sweep(self) -> None:
        """Make the room of deleted rows free again, as PostgreSQL does by itself now and then."""
        if not self._storage.is_sqlite:
            with self._storage.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM"))

    def _weight(self) -> "Weight":
        columns = [
            (table, column)
            for table in metadata.sorted_tables
            for column in table.columns
            if isinstance(column.type, LargeBinary) and column is not leaves.c.receipt
        ]
        size = _SQLITE_BYTES
        if not self._storage.is_sqlite:
            size = _POSTGRESQL_BYTES
            self._sweep()
        with self._storage.reading() as connection:

            def total(table: Table, column: Column[Any]) -> int:
                return int(
                    connection.execute(select(func.sum(func.length(column))).select_from(table)).scalar_one() or 0
                )

            receipts = total(leaves, leaves.c.receipt)
            stored = int(connection.execute(text(size)).scalar_one()) - receipts
            entries = connection.execute(select(func.count()).select_from(leaves)).scalar_one()
            return Weight(entries, sum(total(*each) for each in columns), stored)


class Weight(NamedTuple):
    """Statements, the bytes that they, their content and their ids consist of, and what the database takes for them.

    Receipts are left out: they grow with the log.
    """

    statements: int
    content_bytes: int
    stored_bytes: int


async def start(deployment: Deployment, http: httpx.AsyncClient) -> Growth:
    """A deployment in which only those have joined who write to each other."""
    world = World(deployment, http)
    await world.add("coach", "coachee", "sponsor", "contact")
    return Growth(world)


async def weigh_everything(deployment: Deployment, times: int) -> None:
    """Print what each act weighs, done so many times and half as many before."""
    async with deployment.client() as http:
        growth = await start(deployment, http)
        for act in (Growth.begin, Growth.write_note, Growth.disclose, Growth.join, Growth.replace_keyring):
            print(f"  {act.__name__:<16} {await growth.weigh(act, times)}")
        print(f"  an entry as JSON {await growth.weigh_journal()}")


_ENGINES: tuple[tuple[str, AbstractContextManager[Databases | None]], ...] = (
    ("SQLite", nullcontext()),
    ("PostgreSQL", new_databases()),
)


def main(times: int) -> None:
    """Print the figures of both engines."""
    for engine, databases in _ENGINES:
        with TemporaryDirectory() as folder, databases as new:
            url = None
            if new is not None:
                url = new.new()
                storage = Storage(url)
                migrate(storage)
                storage.close()
            with deployed(Path(folder), NO_LIMITS, database=url) as deployment:
                print(engine)
                asyncio.run(weigh_everything(deployment, times))


if __name__ == "__main__":
    main(int(sys.argv[1]))
