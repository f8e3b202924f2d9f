"""What every journey is given: a world around a fresh deployment. Slots are derived at the floor, to be fast."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.server.deployments import Deployment, deployed
from tests.server.replaying import compare_with_rows
from tests.support.databases import SQLITE
from tests.system.worlds import Three, World, leaving, three_people
from vault.protocol import slot


@pytest.fixture(autouse=True)
def cheap_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slot, "MEMORY_NEW_KIB", slot.MEMORY_MINIMUM_KIB)


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    """SQLite, unless a journey is marked to run on each: what differs between them is tested below."""
    return str(getattr(request, "param", SQLITE))


@pytest.fixture
def deployment(tmp_path: Path, database: str) -> Iterator[Deployment]:
    (tmp_path / "server").mkdir()
    with deployed(tmp_path / "server", database=database) as made:
        yield made
        if made.is_honest:  # whatever a journey wrote, policy must make the same of it
            with made.context.storage.reading() as connection:
                compare_with_rows(connection, made.context)


@pytest.fixture
async def world(deployment: Deployment, tmp_path: Path) -> AsyncIterator[World]:
    async with leaving(World(deployment, tmp_path / "people")) as made:
        yield made


@pytest.fixture
async def three(world: World) -> Three:
    return await three_people(world)
