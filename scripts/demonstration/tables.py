"""All tables of a SQLite file, read beside the server: a digest that changes with every change, and all values."""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path


def digest(database: Path) -> str:
    """The hash of every row of every table, 64 hex digits: equal exactly where nothing was changed."""
    hashed = hashlib.sha256()
    with closing(_open(database)) as connection:
        connection.execute("BEGIN")
        for table in _tables(connection):
            rows = sorted(hashlib.sha256(repr(row).encode()).digest() for row in _rows(connection, table))
            hashed.update(repr((table, len(rows))).encode() + b"".join(rows))
    return hashed.hexdigest()


def count(database: Path, table: str) -> int:
    """How many rows a table has."""
    with closing(_open(database)) as connection:
        (rows,) = connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()
        return int(rows)


def values(database: Path) -> bytes:
    """Every value of every table whole, one after another, and the schema: as who queries the database gets them."""
    with closing(_open(database)) as connection:
        parts = [
            value if isinstance(value, bytes) else str(value).encode()
            for table in ("sqlite_master", *_tables(connection))
            for row in _rows(connection, table)
            for value in row
        ]
    return b"\0".join(parts)


def _open(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, isolation_level=None)


def _tables(connection: sqlite3.Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]


def _rows(connection: sqlite3.Connection, table: str) -> Iterator[tuple[object, ...]]:
    yield from connection.execute(f'SELECT * FROM "{table}"')
