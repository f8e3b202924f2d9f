"""Databases of both engines that a test may break: what holds on one has to hold on the other."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.databases import SQLITE
from tests.support.postgres.databases import Databases
from vault.server.storage.engine import Storage
from vault.server.storage.schema import migrate


@pytest.fixture
def storage(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    """A migrated database of its own."""
    url = f"sqlite:///{tmp_path}/own.sqlite3"
    if engine != SQLITE:
        made: Databases = request.getfixturevalue("postgres")
        url = made.new()
    opened = Storage(url)
    migrate(opened)
    yield opened
    opened.close()
