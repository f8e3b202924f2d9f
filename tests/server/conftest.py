"""What every test of the server is given: a real deployment, and a client that speaks to it over ASGI."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.server.deployments import Deployment, deployed
from tests.server.operating import Operator
from tests.server.replaying import compare_with_rows
from tests.server.storage.s3 import S3, running_s3
from tests.server.world import World


@pytest.fixture
def deployment(tmp_path: Path, database: str) -> Iterator[Deployment]:
    """A server over a new database, once on each engine."""
    with deployed(tmp_path, database=database) as made:
        yield made
        if made.is_honest:  # whatever a test wrote, policy must make the same of it
            with made.context.storage.reading() as connection:
                compare_with_rows(connection, made.context)


@pytest.fixture
async def http(deployment: Deployment) -> AsyncIterator[httpx.AsyncClient]:
    async with deployment.client() as client:
        yield client


@pytest.fixture
def world(deployment: Deployment, http: httpx.AsyncClient) -> World:
    """Nobody has joined yet."""
    return World(deployment, http)


@pytest.fixture
async def three(world: World) -> World:
    """Coach, coachee and sponsor under a contract; a contact and a stranger beside them."""
    await world.add("coach", "coachee", "sponsor", "contact", "stranger")
    await world.agree()
    return world


@pytest.fixture(scope="session")
def s3() -> Iterator[S3]:
    """An S3 server, started when the first test asks for it."""
    with running_s3() as running:
        yield running


@pytest.fixture
def operator(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Operator:
    """Somebody at a terminal, whose data folder is not made yet."""
    return Operator(monkeypatch, capsys, tmp_path / "data")


@pytest.fixture
def ready(operator: Operator) -> Operator:
    """The same, with a data folder."""
    assert operator.run("init", operator.folder).code == 0
    return operator
