"""Connections to SQLite that are durable. The database is in this process: each question is answered at once."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

from vault.errors import VaultError
from vault.server.private_files import require_private_file
from vault.server.storage.driver import Value, Values
from vault.server.storage.durability import NotDurable
from vault.server.storage.prepared import run_words

BEGIN_OPTION = "vault_begin"
"""The execution option with the words that begin a transaction."""
_PREFIX = "sqlite:///"
_BUSY_MILLISECONDS = 5_000
_CONNECTIONS_MORE = 40
_FULL = 2


class _Connection(sqlite3.Connection):
    """Asks and writes as it is told."""

    def ask(self, words: str, values: Values) -> list[Any]:
        return self.execute(words, values).fetchall()

    def write(self, words: str, rows: Sequence[Values]) -> None:
        self.executemany(words, rows)

    def call_together(self, callers: Sequence[Callable[[], Value]]) -> list[Value]:
        return [call() for call in callers]

    def writing_later(self) -> AbstractContextManager[None]:
        return nullcontext()


def open_engine(url: str) -> Engine:
    """An engine for a file. Raises: VaultError for a URL of another kind."""
    if not url.startswith(_PREFIX):
        raise VaultError("expected a database like sqlite:///file or postgresql://user@host/name")
    # Parameters never stand in an error or a log line: they are what people sent.
    engine = create_engine(
        url, hide_parameters=True, max_overflow=_CONNECTIONS_MORE, connect_args={"factory": _Connection}
    )
    event.listen(engine, "do_connect", _make_private)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _make_private(_dialect: object, _record: object, arguments: list[Any], _options: object) -> None:
    """The files that SQLite makes beside a database have its mode. Raises: OpenToOthersError."""
    with suppress(OSError):  # where no file can be made, SQLite says so
        require_private_file(Path(arguments[0]))


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where `_begin` says, not where the driver guesses
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
    (found,) = cursor.execute("PRAGMA synchronous").fetchone()
    cursor.close()
    if found != _FULL:
        connection.close()
        raise NotDurable(f"PRAGMA synchronous is {found}, and must be {_FULL} (FULL)")


def _begin(connection: Connection) -> None:
    run_words(connection, connection.get_execution_options().get(BEGIN_OPTION, "BEGIN"))
