"""The one door to the database: SQLite or PostgreSQL, transactions that read and transactions that write.

A reading transaction sees one moment of the database from its first query to its last. A writing one is the only one of
its kind on SQLite; on PostgreSQL the journal's row is locked by whoever appends to it.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock, local
from typing import Any, TypeVar

from anyio import fail_after, to_thread
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnection

from vault.protocol.problems import Code, Refused
from vault.server.clock import monotonic_seconds
from vault.server.logs import log_not_durable
from vault.server.metrics import count_commit
from vault.server.storage import sqlite
from vault.server.storage.durability import RETRY_AFTER_SECONDS as RETRY_AFTER_SECONDS
from vault.server.storage.durability import NotDurable

Value = TypeVar("Value")

_POSTGRESQL = "postgresql://"
_TURN_SECONDS = 5
_CONFLICTS = frozenset({"40001", "40P01", "55P03"})
"""What PostgreSQL calls a serialization failure, a deadlock, and a lock that did not come in time."""


class Again(Refused):
    """Nothing is wrong with what was asked for; the same transaction may go through when it is made again.

    So may one whose commit was not answered: whoever writes looks first for what is there already, and waits there for
    whoever is still writing it.
    """


class Conflict(Again):
    """Two transactions stood in each other's way, and this one was taken back."""


class Lost(Again):
    """There was no connection, or it ended, and with it the transaction, unless it was just being committed."""


class Storage:
    """An open database."""

    def __init__(self, url: str) -> None:
        """Open `url`: `sqlite:///folder/file`, or `postgresql://user@host/name` with all that libpq takes, so also
        several hosts. Nothing is created or migrated here, and nobody is asked yet.

        Raises: VaultError for a URL that is neither.
        """
        self.is_sqlite = not url.startswith(_POSTGRESQL)
        self._lookers: list[Connection] = []
        self._of_thread = local()
        if self.is_sqlite:
            self.engine = sqlite.open_engine(url)
            self._reading: dict[str, Any] = {}
            self._writing: dict[str, Any] = {sqlite.BEGIN_OPTION: "BEGIN IMMEDIATE"}
            # SQLite lets one write at a time and has all others ask again and again; here they wait for their turn.
            self._turn: AbstractContextManager[object] = Lock()
        else:
            # Its driver is an extra: who stays with SQLite needs none.
            from vault.server.storage.postgres import Patience, open_engine

            self._patience = Patience()
            self.engine = open_engine(url, self._patience)
            self._reading = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            self._writing = {"isolation_level": "READ COMMITTED"}
            self._turn = nullcontext()

    def answer_in_time(self) -> None:
        """From here on a database that does not answer for seconds is away: people wait. Commands may wait longer."""
        if not self.is_sqlite:
            from vault.server.storage.postgres import ANSWER_SECONDS

            self._patience.seconds = ANSWER_SECONDS

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
        taken, Again where the transaction may go through when it is made again, IntegrityError where a constraint does
        not hold.
        """
        with self._turn, _storage_errors(), self.engine.connect() as connection:
            connection = connection.execution_options(**self._writing)
            with connection.begin():
                yield connection
                written = monotonic_seconds()
            count_commit(monotonic_seconds() - written)

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """A connection in no transaction, for one prepared query: that sees one moment by itself. Raises: as `writing`.

        Every request asks one, and beginning, ending and the way to the pool would cost more than the query. On SQLite
        each thread keeps a connection for it.
        """
        with _storage_errors():
            if self.is_sqlite:
                yield self._find_looker()
            else:
                with self.engine.connect() as connection:
                    yield connection.execution_options(isolation_level="AUTOCOMMIT")

    def _find_looker(self) -> Connection:
        found: Connection | None = getattr(self._of_thread, "looker", None)
        if found is None:
            found = self._of_thread.looker = self.engine.connect()
            self._lookers.append(found)
        return found

    async def read(self, query: Callable[[Connection], Value]) -> Value:
        """What `query` answers inside `reading`.

        On SQLite it runs here and now, which is faster than a hop to a thread; PostgreSQL is waited for in one, once
        more where a first try can be made again. Raises: as `reading`; Refused(busy) where no thread is free in time.
        """
        return await self._ask(self.reading, query)

    async def look(self, query: Callable[[Connection], Value]) -> Value:
        """What the one prepared query of `query` answers inside `looking`. Raises: as `read`."""
        return await self._ask(self.looking, query)

    async def _ask(
        self, inside: Callable[[], AbstractContextManager[Connection]], query: Callable[[Connection], Value]
    ) -> Value:
        def ask() -> Value:
            with inside() as connection:
                return query(connection)

        def ask_again() -> Value:
            try:
                return ask()
            except Again:
                return ask()

        if self.is_sqlite:
            return ask()
        try:
            with fail_after(_TURN_SECONDS):  # bounds the wait for a thread; the thread has bounds of its own
                return await to_thread.run_sync(ask_again)
        except TimeoutError:
            raise Refused(Code.BUSY, retry_after_seconds=RETRY_AFTER_SECONDS) from None

    def sweep(self) -> None:
        """Let nothing of deleted rows stay behind in SQLite's write-ahead log; does nothing where readers hold it."""
        if self.is_sqlite:
            with _storage_errors(), self.engine.connect() as connection:
                connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close all connections; nobody may be looking any more."""
        while self._lookers:
            self._lookers.pop().close()
        self._of_thread = local()
        self.engine.dispose()


@contextmanager
def _storage_errors() -> Iterator[None]:
    """A database that is away is a lawful no; a constraint that does not hold is the caller's to explain."""
    try:
        yield
    except NotDurable as error:
        log_not_durable(error.finding)
        raise
    except IntegrityError:
        raise
    except NoConnection as error:
        raise Refused(Code.BUSY, retry_after_seconds=RETRY_AFTER_SECONDS) from error
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        if state in _CONFLICTS:
            raise Conflict(Code.BUSY, retry_after_seconds=RETRY_AFTER_SECONDS) from error
        if error.connection_invalidated:
            raise Lost(Code.STORAGE_AWAY, retry_after_seconds=RETRY_AFTER_SECONDS) from error
        raise Refused(Code.STORAGE_AWAY, retry_after_seconds=RETRY_AFTER_SECONDS) from error
