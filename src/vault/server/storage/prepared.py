"""Prepared queries: SQLAlchemy compiles each once for each engine, and the driver runs it.

SQLAlchemy's own way from a cached query to its rows takes several times as long as SQLite needs to answer it. What
every write and every request asks is prepared; all else is executed as usual. Values are those that a driver takes as
they are: bytes, integers, words and null.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Select, Update
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg

from vault.server.storage.driver import Value, driver_of

Values = Mapping[str, object]
_psycopg: Callable[..., Dialect] = psycopg.dialect
_row_type: Callable[[str, list[str]], Any] = namedtuple


@dataclass(frozen=True, slots=True)
class _Written:
    """A query in one engine's words, with the values that stand in it already."""

    text: str
    names: tuple[str, ...]
    fixed: dict[str, object]

    def order(self, values: Values) -> tuple[object, ...]:
        """The values of all parameters, in their order."""
        found = {**self.fixed, **values}
        return tuple([found[name] for name in self.names])


class Prepared:
    """A query with named parameters, run inside whatever transaction its connection is in."""

    def __init__(self, query: Select[*tuple[Any, ...]] | Insert | Update) -> None:
        """Nothing is compiled before it is first run."""
        self.query = query
        self._written: dict[str, _Written] = {}
        names = [str(column.key) for column in query.selected_columns] if isinstance(query, Select) else []
        self._row = _row_type("Row", names)

    def find(self, connection: Connection, values: Values) -> Any:
        """The first row, with its columns as attributes, or None. Raises: DBAPIError."""
        rows = self._ask(connection, values)
        return self._row._make(rows[0]) if rows else None

    def list(self, connection: Connection, values: Values) -> "list[Any]":
        """All rows, in the order of the query. Raises: DBAPIError."""
        return [self._row._make(row) for row in self._ask(connection, values)]

    def run(self, connection: Connection, values: Values) -> None:
        """Write once. Raises: DBAPIError, where writes are put off only from what comes next."""
        self.run_each(connection, [values])

    def run_each(self, connection: Connection, rows: Iterable[Values]) -> None:
        """Write once for each of `rows`. Raises: as `run`."""
        written = self._write(connection.dialect)
        with _DriverErrors(connection):
            driver_of(connection).write(written.text, [written.order(row) for row in rows])

    def _ask(self, connection: Connection, values: Values) -> Sequence[Any]:
        written = self._write(connection.dialect)
        with _DriverErrors(connection):
            return driver_of(connection).ask(written.text, written.order(values))

    def _write(self, dialect: Dialect) -> _Written:
        written = self._written.get(dialect.name)
        if written is None:
            # Both drivers take parameters that are counted.
            counting = sqlite.dialect() if dialect.name == "sqlite" else _psycopg(paramstyle="numeric_dollar")
            compiled = self.query.compile(dialect=counting)
            fixed = {name: bind.value for bind, name in compiled.bind_names.items() if not bind.required}
            names = tuple(compiled.positiontup or ())
            written = self._written[dialect.name] = _Written(str(compiled), names, fixed)
        return written


def run_words(connection: Connection, words: str) -> None:
    """Let the driver run words without parameters. Raises: DBAPIError."""
    with _DriverErrors(connection):
        driver_of(connection).ask(words, ())


def call_together(connection: Connection, callers: Sequence[Callable[[], Value]]) -> list[Value]:
    """What they return, in their order; they ask the database in step where that is faster.

    None of them writes, nor waits for another. Raises: what one of them does; DBAPIError.
    """
    with _DriverErrors(connection):
        return driver_of(connection).call_together(callers)


@contextmanager
def writing_later(connection: Connection) -> Iterator[None]:
    """What is written inside may fail with whatever is asked next, or at the end. Raises: DBAPIError."""
    with _DriverErrors(connection), driver_of(connection).writing_later():
        yield


class _DriverErrors:
    """Has SQLAlchemy make its error of the driver's, and end a connection that is lost. A class, since all pass it."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        pass

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        if error is not None and isinstance(error, self._connection.dialect.loaded_dbapi.Error):
            self._connection._handle_dbapi_exception(error, None, None, None, None)
