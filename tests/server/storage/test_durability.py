"""No database is used that acknowledges what a crash could take back, and whoever operates it is told why."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url, text
from structlog.testing import capture_logs

from tests.server.storage.clusters import NEEDS_BINARIES, order, three_on
from tests.server.world import World
from tests.support.databases import POSTGRESQL, only_on
from tests.support.postgres.cluster import running_postgres
from tests.support.postgres.databases import Databases
from vault.server.storage.durability import NotDurable
from vault.server.storage.engine import Storage
from vault.server.storage.sqlite import _prepare


class Careless(sqlite3.Connection):
    """A connection that does not do what it is told about the disk."""

    def cursor(self, *_: Any, **__: Any) -> Any:
        return super().cursor(CarelessCursor)


class CarelessCursor(sqlite3.Cursor):
    def execute(self, sql: str, parameters: Any = ()) -> "CarelessCursor":
        super().execute("PRAGMA synchronous=OFF" if sql == "PRAGMA synchronous=FULL" else sql, parameters)
        return self


def test_a_sqlite_connection_that_does_not_wait_for_the_disk_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "careless", factory=Careless)) as connection:
        with pytest.raises(NotDurable, match="synchronous is 0"):
            _prepare(connection, None)
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")


@only_on(POSTGRESQL)
@pytest.mark.parametrize("value", ["off", "local", "remote_write"])
async def test_a_database_that_commits_too_early_is_refused_and_its_operator_is_told(
    engine: str, postgres: Databases, tmp_path: Path, value: str
) -> None:
    url = postgres.new()
    name = make_url(url).database
    order(url, f"ALTER DATABASE {name} SET synchronous_commit = {value}")
    storage = Storage(url)
    with capture_logs() as logs, pytest.raises(NotDurable, match="synchronous_commit"), storage.reading():
        pass
    assert [(each["log_level"], each["error"]) for each in logs] == [
        ("critical", f"synchronous_commit is {value} for this database and role, and must be on")
    ]
    order(url, f"ALTER DATABASE {name} SET synchronous_commit = on")
    with storage.writing():
        pass
    storage.close()


@only_on(POSTGRESQL)
async def test_people_are_told_that_the_storage_is_away(three: World) -> None:
    url = three.deployment.context.settings.database
    name = make_url(url).database
    order(url, f"ALTER DATABASE {name} SET synchronous_commit = off")
    three.deployment.context.storage.close()
    try:
        answers = [await three.send(three.item()), await three.get("coach", "/journal")]
    finally:
        order(url, f"ALTER DATABASE {name} RESET synchronous_commit")
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(503, "storage-away")] * 2


@only_on(POSTGRESQL)
def test_a_stronger_setting_stays_and_none_changes_below_an_open_connection(engine: str, postgres: Databases) -> None:
    url = postgres.new()
    order(url, f"ALTER DATABASE {make_url(url).database} SET synchronous_commit = remote_apply")
    storage = Storage(url)
    with storage.writing() as connection:
        query = "SELECT setting, source FROM pg_settings WHERE name = 'synchronous_commit'"
        assert tuple(connection.execute(text(query)).one()) == ("remote_apply", "session")
    storage.close()


@NEEDS_BINARIES
def test_a_server_that_does_not_flush_is_refused() -> None:
    with running_postgres(fsync="off") as cluster:
        storage = Storage(cluster.url())
        with pytest.raises(NotDurable, match="fsync is off"), storage.reading():
            pass
        storage.close()


@NEEDS_BINARIES
async def test_a_commit_that_no_longer_waits_for_its_standby_is_not_acknowledged(tmp_path: Path) -> None:
    """PostgreSQL ends such a wait when a query is cancelled, warns, and calls the commit good."""
    with running_postgres() as cluster:
        url = cluster.url()
        async with three_on(tmp_path, url) as three:
            draft = three.item()
            before = (await three.get("coach", "/journal")).json()
            order(url, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "SELECT pg_reload_conf()")
            sending = asyncio.create_task(three.send(draft))
            waiting = await asyncio.to_thread(next_waiting, url, 0)
            assert (await three.get("coach", "/journal")).json() == before
            order(url, f"SELECT pg_cancel_backend({waiting})")
            await asyncio.to_thread(next_waiting, url, waiting)  # it looks for what it wrote, and waits once more
            assert not sending.done()
            order(url, "ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()")
            answer = await sending
            assert answer.status_code == 200
            assert (await three.send(draft)).content == answer.content


def next_waiting(url: str, but: int) -> int:
    """The process of a commit that waits for a standby, once there is one beside `but`."""
    with psycopg.connect(url, autocommit=True) as connection:
        while True:
            query = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND pid <> %s"
            row = connection.execute(query, (but,)).fetchone()
            if row is not None:
                return int(row[0])
