"""The one door to the database: SQLite or PostgreSQL, transactions that read and transactions that write.

A reading transaction sees one moment of the database from its first query to its last. A writing one is the only one of
its kind on SQLite; on PostgreSQL the journal's row is locked by whoever appends to it.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock
from typing import Any, TypeVar

from anyio import to_thread
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnection

from vault.protocol.problems import Refused

Value = TypeVar("Value")

RETRY_AFTER_SECONDS = 2
_BUSY_MILLISECONDS = 5_000
_CONNECTIONS_MORE = 40
_BEGIN_OPTION = "vault_begin"
_CONFLICTS = frozenset({"40001", "40P01"})
"""What PostgreSQL calls a serialization failure and a deadlock."""


class Conflict(Refused):
    """Two transactions stood in each other's way and this one was taken back: it can be made again at once."""


class Storage:
    """An open database."""

    def __init__(self, url: str) -> None:
        """Open `url`: `sqlite:///folder/file` or `postgresql://user@host/name`. Nothing is created or migrated here."""
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        # Parameters never stand in an error or a log line: they are what people sent.
        self.engine: Engine = create_engine(parsed, hide_parameters=True, max_overflow=_CONNECTIONS_MORE)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
            self._reading: dict[str, Any] = {}
            self._writing: dict[str, Any] = {_BEGIN_OPTION: "BEGIN IMMEDIATE"}
            # SQLite lets one write at a time and has all others ask again and again; here they wait for their turn.
            self._turn: AbstractContextManager[object] = Lock()
        else:
            self._reading = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            self._writing = {"isolation_level": "READ COMMITTED"}
            self._turn = nullcontext()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection inside a transaction that sees one moment and changes nothing. Raises: as `writing`."""
        with _storage_errors(), self.engine.connect() as connection:
            connection = connection.execution_options(**self._reading)
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection inside a transaction that commits when the block ends and rolls back when it raises.

        Raises: Refused(storage-away) where the database cannot be reached, Refused(busy) where all connections are
        taken, Conflict where another transaction went first, IntegrityError where a constraint does not hold.
        """
        with self._turn, _storage_errors(), self.engine.connect() as connection:
            connection = connection.execution_options(**self._writing)
            with connection.begin():
                yield connection

    async def read(self, query: Callable[[Connection], Value]) -> Value:
        """What `query` answers inside `reading`.

        On SQLite it runs here and now, which is faster than a hop to a thread; PostgreSQL is waited for in one.
        """
        if self.is_sqlite:
            return self._read(query)
        return await to_thread.run_sync(self._read, query)

    def _read(self, query: Callable[[Connection], Value]) -> Value:
        with self.reading() as connection:
            return query(connection)

    def sweep(self) -> None:
        """Let nothing of deleted rows stay behind in SQLite's write-ahead log; does nothing where readers hold it."""
        if self.is_sqlite:
            with _storage_errors(), self.engine.connect() as connection:
                connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


@contextmanager
def _storage_errors() -> Iterator[None]:
    """A database that is away is a lawful no; a constraint that does not hold is the caller's to explain."""
    try:
        yield
    except IntegrityError:
        raise
    except NoConnection as error:
        raise Refused("busy", retry_after_seconds=RETRY_AFTER_SECONDS) from error
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) in _CONFLICTS:
            raise Conflict("busy", retry_after_seconds=RETRY_AFTER_SECONDS) from error
        raise Refused("storage-away", retry_after_seconds=RETRY_AFTER_SECONDS) from error


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where `_begin_sqlite` says, not where the driver guesses
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={_BUSY_MILLISECONDS}",
        "secure_delete=ON",  # a deleted row is overwritten, so that a copy of the file does not hold it
        "temp_store=MEMORY",
        "trusted_schema=OFF",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    begin = connection.get_execution_options().get(_BEGIN_OPTION, "BEGIN")
    connection.execute(text(begin))
