"""All tables of a database, read beside the server: a digest that changes with every change, and all values.

A database is named as the server names it: `sqlite:///` and an absolute path, or `postgresql://`.
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

_SQLITE = "sqlite:///"


def digest(database: str) -> str:
    """The hash of every row of every table, 64 hex digits: equal exactly where nothing was changed."""
    hashed = hashlib.sha256()
    with closing(_open(database)) as connection:
        for table in _tables(connection):
            rows = sorted(hashlib.sha256(repr(row).encode()).digest() for row in _rows(connection, table))
            hashed.update(repr((table, len(rows))).encode() + b"".join(rows))
    return hashed.hexdigest()


def count(database: str, table: str) -> int:
    """How many rows a table has."""
    with closing(_open(database)) as connection:
        (rows,) = connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()
        return int(rows)


def values(database: str) -> bytes:
    """Every value of every table whole, one after another, and the schema: as who queries the database gets them."""
    with closing(_open(database)) as connection:
        schema = "sqlite_master" if isinstance(connection, sqlite3.Connection) else "pg_class"
        parts = [
            value if isinstance(value, bytes) else str(value).encode()
            for table in (schema, *_tables(connection))
            for row in _rows(connection, table)
            for value in row
        ]
    return b"\0".join(parts)


def _open(database: str) -> Any:
    """A connection that sees one moment."""
    if not database.startswith(_SQLITE):
        import psycopg  # of an extra: who demonstrates on SQLite needs none

        server = psycopg.connect(database, autocommit=True)
        server.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return server
    path = Path(database.removeprefix(_SQLITE))
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None)
    connection.execute("BEGIN")
    return connection


def _tables(connection: Any) -> list[str]:
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        if isinstance(connection, sqlite3.Connection)
        else "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
    )
    return [name for (name,) in connection.execute(query)]


def _rows(connection: Any, table: str) -> Iterator[tuple[object, ...]]:
    yield from connection.execute(f'SELECT * FROM "{table}"')
