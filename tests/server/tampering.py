"""Every single change of a database that leaves it well formed: cells, rows that are gone, added, or swapped.

Enumerated from the metadata, so that a new column is tampered with from its first day. CHECK constraints and unique
keys hold after each change, or the database itself would find it.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Executable,
    LargeBinary,
    Table,
    UniqueConstraint,
    and_,
    case,
    delete,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError

from vault.server.storage.engine import Storage
from vault.server.storage.tables import metadata

_WORDS = re.compile(r"IN \(([^)]*)\)")
_LENGTH = re.compile(r"(?:= |BETWEEN )(\d+)")
_FAR = 1_000
TABLES = list(metadata.sorted_tables)
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Tampering:
    """One change: of a cell, or of whole rows where no column is named; `rows` are those it touches, and become."""

    what: str
    table: Table
    column: str | None
    query: Executable
    rows: tuple[Row, ...]

    def __str__(self) -> str:
        return f"{self.what} {self.table.name}{'.' + self.column if self.column else ''}"


@contextmanager
def tampered(storage: Storage, tampering: Tampering) -> Iterator[Connection | None]:
    """A transaction in which that was done, and which is taken back; None where a unique key did not let it be."""
    with storage.engine.connect() as connection, connection.begin() as transaction:
        keys = "PRAGMA defer_foreign_keys = ON" if storage.is_sqlite else "SET LOCAL session_replication_role = replica"
        connection.execute(text(keys))
        try:
            with connection.begin_nested():
                is_done = connection.execute(tampering.query).rowcount > 0
        except IntegrityError:
            is_done = False
        yield connection if is_done else None
        transaction.rollback()


def list_tamperings(connection: Connection, table: Table) -> Iterator[Tampering]:
    """Of some rows each cell changed, of two rows each column exchanged, a row less, and a row more."""
    order = [table.c[column.name] for column in table.primary_key]
    rows = [dict(row) for row in connection.execute(select(table).order_by(*order)).mappings()]
    for column in table.columns:
        for row in _pick(rows, column.name):
            yield from _change_cells(table, column, row)
        yield from _swap(table, column, rows)
    for row in rows[:1] + rows[-1:]:
        yield Tampering("delete from", table, None, delete(table).where(_at(table, row)), (row,))
    if rows:
        made = _another(table, rows[-1])
        yield Tampering("insert into", table, None, insert(table).values(made), (made,))


def _pick(rows: list[dict[str, Any]], column: str) -> list[dict[str, Any]]:
    """The first and the last row that have a value there, and one that has none."""
    empty = [row for row in rows if row[column] is None]
    given = [row for row in rows if row[column] is not None]
    return [*given[:1], *given[1:][-1:], *empty[:1]]


def _change_cells(table: Table, column: Column[Any], row: dict[str, Any]) -> Iterator[Tampering]:
    values = [_other(column, row)]
    if column.nullable and row[column.name] is not None:
        values.append(None)
    for value in values:
        if value != row[column.name]:
            query = update(table).where(_at(table, row)).values({column.name: value})
            yield Tampering("change", table, column.name, query, (row, {**row, column.name: value}))


def _swap(table: Table, column: Column[Any], rows: list[dict[str, Any]]) -> Iterator[Tampering]:
    """Two rows exchange what they hold in a column that is no part of their primary key."""
    name = column.name
    pairs = [(one, other) for one, other in pairwise(rows) if one[name] != other[name]]
    if column.primary_key or not pairs:
        return
    one, other = pairs[0]
    value = case((_at(table, one), literal(other[name], column.type)), else_=literal(one[name], column.type))
    query = update(table).where(or_(_at(table, one), _at(table, other))).values({name: value})
    yield Tampering("swap in", table, name, query, (one, other))


def _another(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """A row like that one, with other values wherever no two rows may have the same."""
    named = [each.columns.keys() for each in table.constraints if isinstance(each, UniqueConstraint)]
    unique = {name for names in named for name in names} - {"kind", "subject", "engagement"}
    return {
        column.name: _other(column, row, by=_FAR) if column.primary_key or column.name in unique else row[column.name]
        for column in table.columns
    }


def _at(table: Table, row: Row) -> Any:
    return and_(*(table.c[column.name] == row[column.name] for column in table.primary_key))


def _other(column: Column[Any], row: dict[str, Any], by: int = 1) -> Any:
    """Another value that the column may hold, where it may hold another."""
    value = row[column.name]
    if isinstance(column.type, LargeBinary):
        return bytes(int(_match(_LENGTH, column))) if value is None else value[:-1] + bytes([value[-1] ^ 1])
    if _WORDS.search(_rule(column)) is None:
        return by if value is None else f"{value}x" if isinstance(value, str) else value + by
    words = [word.strip().strip("'") for word in _match(_WORDS, column).split(",")]
    if column.name == "kind" and "subject" in row:  # an engagement has 16 bytes, an account 32
        words = ["3", "4"] if len(row["subject"]) == 16 else ["1", "2", "5"]
    other = next((word for word in words if word != str(value)), str(value))
    return other if isinstance(value, str) else int(other)


def _rule(column: Column[Any]) -> str:
    return next(str(each.sqltext) for each in column.constraints if isinstance(each, CheckConstraint))


def _match(pattern: re.Pattern[str], column: Column[Any]) -> str:
    found = pattern.search(_rule(column))
    assert found is not None
    return found[1]
