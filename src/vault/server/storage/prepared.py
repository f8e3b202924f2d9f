"""Queries that SQLAlchemy writes once for each engine, and that the driver then runs.

SQLAlchemy's own way from a cached query to its rows takes several times as long as SQLite needs to answer it. What
every write and every request asks is prepared; all else is executed as usual. Values are those that a driver takes as
they are: bytes, integers, words and null.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Select, Update
from sqlalchemy.dialects import sqlite

Values = Mapping[str, object]
_row_type: Callable[[str, list[str]], Any] = namedtuple


@dataclass(frozen=True, slots=True)
class _Written:
    """A query in one engine's words, with the values that stand in it already."""

    text: str
    fixed: dict[str, object]


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
        row = self._execute(connection, values).fetchone()
        return None if row is None else self._row._make(row)

    def list(self, connection: Connection, values: Values) -> "list[Any]":
        """All rows, in the order of the query. Raises: DBAPIError."""
        return [self._row._make(row) for row in self._execute(connection, values).fetchall()]

    def run(self, connection: Connection, values: Values) -> None:
        """Write once. Raises: DBAPIError."""
        self._execute(connection, values)

    def run_each(self, connection: Connection, rows: Iterable[Values]) -> None:
        """Write once for each of `rows`. Raises: DBAPIError."""
        written = self._write(connection.dialect)
        _call(connection, "executemany", written.text, [{**written.fixed, **row} for row in rows])

    def _execute(self, connection: Connection, values: Values) -> Any:
        written = self._write(connection.dialect)
        return _call(connection, "execute", written.text, {**written.fixed, **values})

    def _write(self, dialect: Dialect) -> _Written:
        written = self._written.get(dialect.name)
        if written is None:
            # SQLite's driver counts parameters by default; named ones are the same on both engines.
            named = sqlite.dialect(paramstyle="named") if dialect.name == "sqlite" else dialect
            compiled = self.query.compile(dialect=named)
            fixed = {name: bind.value for bind, name in compiled.bind_names.items() if not bind.required}
            written = self._written[dialect.name] = _Written(str(compiled), fixed)
        return written


def run_words(connection: Connection, words: str) -> None:
    """Let the driver run words without parameters. Raises: DBAPIError."""
    _call(connection, "execute", words)


def _call(connection: Connection, name: str, *arguments: Any) -> Any:
    """The cursor that has executed.

    Raises: DBAPIError, which SQLAlchemy makes of the driver's error; it ends a connection that is lost.
    """
    cursor = connection.connection.cursor()
    try:
        getattr(cursor, name)(*arguments)
    except Exception as error:
        connection._handle_dbapi_exception(error, None, None, None, None)
    return cursor
