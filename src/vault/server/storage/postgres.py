"""Connections to PostgreSQL that are durable, and that never wait for ever.

Nobody may be told that something is stored which a crash could take back, and no worker may stand still because a
database has vanished. A time limit is kept on this side of the connection: one of the server's would also end a
commit's wait for its standby, and then show to readers what a failover takes back.
"""

from collections.abc import Generator
from select import POLLIN, poll
from time import monotonic
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import Diagnostic
from sqlalchemy import Engine, ExceptionContext, create_engine, event
from sqlalchemy.exc import DisconnectionError

from vault.errors import VaultError
from vault.server.storage.durability import NotDurable
from vault.server.storage.together import TogetherConnection

Value = TypeVar("Value")

CONNECTIONS_MAXIMUM = 16
"""Of one worker."""
CONNECTION_WAIT_SECONDS = 3
"""How long somebody waits for one of them."""
ANSWER_SECONDS = 8.0
"""How long a request waits for one answer of the database."""
_LOOK_SECONDS = 0.1
_GONE = frozenset({"25006", "25P03", "57P01", "57P02", "57P03", "57P05"})
"""A server that takes no writes, has ended a session that stood still, is ended, has crashed, or starts."""
_DURABLE = frozenset({"on", "remote_apply"})
"""Values of synchronous_commit under which a commit is on the disk, and on that of each synchronous standby."""
_CONNECTING = {
    "connect_timeout": 3,  # for each host
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "application_name": "coach-vault",
}
_SESSION = {
    "lock_timeout": "4s",
    "idle_in_transaction_session_timeout": "15s",  # a worker that stands still in a transaction lets its locks go
    "client_connection_check_interval": "1s",  # and one that is gone has its query ended
    "statement_timeout": "0",  # see above
}
_PREPARE = ", ".join(
    [
        "SELECT current_setting('fsync'), current_setting('synchronous_commit')",
        # As it is, for this whole session: a change of the configuration does not reach a connection that was checked.
        "set_config('synchronous_commit', current_setting('synchronous_commit'), false)",
        *(f"set_config('{name}', '{value}', false)" for name, value in _SESSION.items()),
    ]
)


class DatabaseUrlError(VaultError):
    """A URL that names no PostgreSQL database; the message never repeats it, since it may hold a password."""


class Patience:
    """How long the connections of one storage wait for an answer: for ever, until somebody sets a bound."""

    seconds = float("inf")


class _Connection(TogetherConnection):
    """Ends itself where an answer does not come in time, or where a commit was not all that it should be."""

    patience = Patience()

    def wait(
        self, gen: Generator[Any, Any, Value], interval: float = _LOOK_SECONDS, timeout: float | None = None
    ) -> Value:
        """What the exchange with the server comes to. Raises: OperationalError, with the connection closed."""
        return super().wait(self._bounded(gen), interval, timeout)

    def _bounded(self, gen: Generator[Any, Any, Value]) -> Generator[Any, Any, Value]:
        ends = monotonic() + self.patience.seconds
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and monotonic() > ends:
                    self.pgconn.finish()
                    raise psycopg.OperationalError("the database did not answer in time")
                wanted = gen.send(ready)
        except StopIteration as stop:
            value: Value = stop.value
            return value

    def commit(self) -> None:
        """Commit. Raises: OperationalError, with the connection closed, where the server has stopped waiting for its
        standby: it says so in a warning, and calls the commit good.
        """
        notices: list[str | None] = []

        def keep(notice: Diagnostic) -> None:
            notices.append(notice.severity_nonlocalized)

        self.add_notice_handler(keep)
        try:
            super().commit()
        finally:
            self.remove_notice_handler(keep)
        if "WARNING" in notices:
            self.close()
            raise psycopg.OperationalError("the commit may not be on the standby")


def open_engine(url: str, patience: Patience) -> Engine:
    """An engine for a URL of libpq. Raises: DatabaseUrlError."""
    parameters = parameters_of(url)
    engine = create_engine(
        "postgresql+psycopg://",
        hide_parameters=True,  # they never stand in an error or a log line: they are what people sent
        pool_size=CONNECTIONS_MAXIMUM,
        max_overflow=0,
        pool_timeout=CONNECTION_WAIT_SECONDS,
        pool_use_lifo=True,
    )

    def connect(_dialect: object, _record: object, _arguments: object, made: dict[str, Any]) -> _Connection:
        # What is asked often is prepared by `exchange`; psycopg would let go of that too with every rollback.
        connection = _Connection.connect(**{**made, **parameters}, prepare_threshold=None)
        connection.patience = patience
        return connection

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "checkout", _require_alive)
    event.listen(engine, "handle_error", _find_ends)
    return engine


def parameters_of(url: str) -> dict[str, Any]:
    """What libpq is told: all that the URL says, and what it leaves open. Of several hosts the one that takes writes.

    Raises: DatabaseUrlError.
    """
    try:
        named = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise DatabaseUrlError(
            "expected a database like postgresql://user@host/name or postgresql://user@host1,host2/name"
        ) from None
    several = "," in str(named.get("host") or named.get("hostaddr") or "")
    return {**_CONNECTING, **({"target_session_attrs": "read-write"} if several else {}), **named}


def _prepare(connection: _Connection, _record: object) -> None:
    """Set what holds for the session. Raises: NotDurable, with the connection closed."""
    row = connection.execute(_PREPARE).fetchone()
    connection.commit()
    assert row is not None
    for setting, value, good in (("fsync", row[0], {"on"}), ("synchronous_commit", row[1], _DURABLE)):
        if value not in good:
            connection.close()
            raise NotDurable(f"{setting} is {value} for this database and role, and must be on")


def _require_alive(connection: _Connection, _record: object, _proxy: object) -> None:
    """An idle connection has nothing to read, unless its server has said good-bye. Costs no way to the server."""
    looked = poll()
    looked.register(connection.fileno(), POLLIN)
    if looked.poll(0):
        raise DisconnectionError("the server has closed this connection")


def _find_ends(context: ExceptionContext) -> None:
    """Connections to a server that is not there, or no longer takes writes, are ended, used or not."""
    if context.connection is None or getattr(context.original_exception, "sqlstate", None) in _GONE:
        context.is_disconnect = True
