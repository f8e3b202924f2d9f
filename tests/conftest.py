"""What holds for every test: Hypothesis profiles, and the two engines on which tests of the server run.

That sockets reach loopback alone is an option in pyproject.toml.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.engines import Engines, is_whole
from tests.support.databases import ENGINES, SQLITE, NewDatabase, Pool, copied_file
from tests.support.postgres.databases import IS_THERE, Databases, new_databases

pytest_plugins = ["tests.support.sampling"]

# Argon2 and databases make a first example slow; a deadline would measure the machine, not the code.
everyday = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("everyday", everyday)
settings.register_profile("thorough", everyday, max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "everyday"))


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Engines(is_whole(config), IS_THERE), "engines")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Databases]:
    """A PostgreSQL server, started when the first test asks for it."""
    with new_databases() as databases:
        yield databases


@pytest.fixture(scope="session")
def pool(postgres: Databases) -> Iterator[Pool]:
    made = Pool(postgres)
    yield made
    made.close()


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Whoever asks for this runs once on each engine."""
    return str(request.param)


@pytest.fixture
def new_database(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewDatabase]:
    """Gives migrated databases without rows."""
    if engine == SQLITE:
        yield lambda: copied_file(tmp_path)
    else:
        found: Pool = request.getfixturevalue("pool")
        with found.lend() as lent:
            yield lent


@pytest.fixture
def database(new_database: NewDatabase) -> str:
    """The URL of a migrated database without rows."""
    return new_database()
