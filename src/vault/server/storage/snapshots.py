"""The whole database at one moment, as a SQLite file: what a backup is on either engine, and where a restore begins.

SQLite's own pages are copied while others write. The rows of PostgreSQL are read in one snapshot and go into the same
tables of a SQLite file, held by the same constraints; rows go the other way just so. So a backup of one engine is
restored into the other.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, Table, delete, func, insert, select, text

from vault.errors import VaultError
from vault.server.storage.engine import Storage
from vault.server.storage.history import Progress
from vault.server.storage.schema import migrate
from vault.server.storage.tables import metadata, tlog
from vault.tlog.frontier import Frontier

_PAGES = 4_096
_ROWS = 100
"""How many rows are held at once: of the largest, 26 MB."""


class SnapshotError(VaultError):
    """A copy that cannot be written or read."""


def take_snapshot(storage: Storage, path: Path, progress: Progress) -> None:
    """Write the database, as it is at one moment, into the new file `path`; durable when this returns.

    Raises: SnapshotError; Refused(storage-away).
    """
    with _sqlite_errors():
        if storage.is_sqlite:
            _copy_pages(storage, path, progress)
        else:
            with closing(Storage(f"sqlite:///{path}")) as copy:
                migrate(copy)
                # The source is let go before the copy is made durable, which takes its time: PostgreSQL ends who waits.
                with copy.writing() as target, storage.reading() as source:
                    copy_rows(source, target, progress)
        finish_file(path)


def copy_rows(source: Connection, target: Connection, progress: Progress) -> None:
    """Put all rows of `source` into the tables of `target`, which hold nothing of their own."""
    target.execute(delete(tlog))  # a new database begins with the row of an empty log
    for table in metadata.sorted_tables:
        total = source.execute(select(func.count()).select_from(table)).scalar_one()
        rows = source.execute(select(table).execution_options(yield_per=_ROWS))
        with _writer(target, table) as write:
            done = 0
            while batch := list(islice(rows, _ROWS)):
                write(batch)
                done += len(batch)
                progress(table.name, done, total)


def find_rows(connection: Connection) -> bool:
    """Whether a migrated database holds anything."""
    size = Frontier.parse(connection.execute(select(tlog.c.frontier)).scalar_one()).size
    return size > 0 or any(
        connection.execute(select(table).limit(1)).first() is not None
        for table in metadata.sorted_tables
        if table is not tlog
    )


def finish_file(path: Path) -> None:
    """Leave one file that needs no others beside it. Raises: SnapshotError."""
    with _sqlite_errors(), closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA journal_mode=DELETE")


def _copy_pages(storage: Storage, path: Path, progress: Progress) -> None:
    with storage.reading() as connection, closing(sqlite3.connect(path)) as copy:
        # A first query fixes the moment; without it each write of others would begin the copy anew.
        connection.execute(text("SELECT count(*) FROM sqlite_schema"))
        source = connection.connection.dbapi_connection
        if not isinstance(source, sqlite3.Connection):
            raise SnapshotError("expected a connection to SQLite")
        source.backup(copy, pages=_PAGES, progress=lambda _, left, total: progress("pages", total - left, total))


@contextmanager
def _writer(target: Connection, table: Table) -> Iterator[Callable[[list[Row[Any]]], None]]:
    """What writes rows into a table: COPY on PostgreSQL, one prepared statement on SQLite."""
    if target.dialect.name == "sqlite":
        query = insert(table)

        def write(rows: list[Row[Any]]) -> None:
            target.execute(query, [row._asdict() for row in rows])

        yield write
        return
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    driver: Any = target.connection.dbapi_connection
    with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as copy:

        def stream(rows: list[Row[Any]]) -> None:
            for row in rows:
                copy.write_row(row)

        yield stream


@contextmanager
def _sqlite_errors() -> Iterator[None]:
    """A disk that is full or gone, in one line."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise SnapshotError(f"the copy could not be written: {error}") from None
