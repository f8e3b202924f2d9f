"""Every single change of a database that leaves it well formed: cells, rows that are gone, added, or swapped.

Enumerated from the metadata, so that a new column is tampered with from its first day. CHECK constraints and keys hold
after each change, or the database itself would find it.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import CheckConstraint, Column, LargeBinary, Table, UniqueConstraint

from vault.reconcile.ledger import LEDGER
from vault.server.storage.tables import metadata

_WORDS = re.compile(r"IN \(([^)]*)\)")
TABLES = list(metadata.sorted_tables)


@dataclass(frozen=True)
class Change:
    """One change: of a cell, or of rows where no column is named."""

    table: str
    column: str | None
    words: str
    values: tuple[object, ...]
    keys: tuple[dict[str, object], ...]
    """Of the rows that were touched, before."""

    def __str__(self) -> str:
        return f"{self.table}.{self.column}" if self.column else f"{self.words.split()[0].lower()} {self.table}"


def list_changes(path: Path) -> Iterator[Change]:
    """A change of each cell of some rows of each table, a row less, and two rows swapped in each column."""
    with closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        for table in TABLES:
            rows = [dict(row) for row in database.execute(f'SELECT * FROM "{table.name}"')]
            for column in table.columns:
                for row in _pick(rows, column.name):
                    yield from _change_cell(table, column, row)
                yield from _swap(table, column, rows)
            for row in rows[:1] + rows[-1:]:
                where, values = _where(table, row)
                yield Change(table.name, None, f'DELETE FROM "{table.name}" WHERE {where}', values, (_key(table, row),))
            if rows:
                yield from _add(table, rows[-1])


def make(path: Path, change: Change) -> bool:
    """Whether the change could be made: one that breaks a unique key cannot."""
    with closing(sqlite3.connect(path)) as database, suppress(sqlite3.IntegrityError):
        done = database.execute(change.words, change.values).rowcount
        database.commit()
        return done > 0
    return False


def _pick(rows: list[dict[str, Any]], column: str) -> list[dict[str, Any]]:
    """The first row, the last one, and one of those that differ in whether they have a value there."""
    empty = [row for row in rows if row[column] is None]
    given = [row for row in rows if row[column] is not None]
    return [*given[:1], *given[1:][-1:], *empty[:1]]


def _change_cell(table: Table, column: Column[Any], row: dict[str, Any]) -> Iterator[Change]:
    values = [_other(column, row)]
    if column.nullable and row[column.name] is not None:
        values.append(None)
    for value in values:
        yield _set(table, column, row, value)


def _set(table: Table, column: Column[Any], row: dict[str, Any], value: object) -> Change:
    where, found = _where(table, row)
    words = f'UPDATE "{table.name}" SET "{column.name}" = ? WHERE {where}'
    return Change(table.name, column.name, words, (value, *found), (_key(table, row),))


def _swap(table: Table, column: Column[Any], rows: list[dict[str, Any]]) -> Iterator[Change]:
    """Two rows of one table exchange what they hold in a column that is no part of their key."""
    name = column.name
    pairs = [(one, other) for one, other in pairwise(rows) if one[name] != other[name]]
    if column.primary_key or not pairs:
        return
    one, other = pairs[0]
    (here, first), (there, second) = _where(table, one), _where(table, other)
    words = f'UPDATE "{table.name}" SET "{name}" = CASE WHEN {here} THEN ? ELSE ? END WHERE ({here}) OR ({there})'
    values = (*first, other[name], one[name], *first, *second)
    yield Change(table.name, name, words, values, (_key(table, one), _key(table, other)))


def _add(table: Table, row: dict[str, Any]) -> Iterator[Change]:
    """A row like another one, under a key of its own and with other values wherever no two may be equal."""
    made = dict(row)
    for column in table.columns:
        if column.primary_key or _is_unique(table, column):
            made[column.name] = _other(column, row, by=1_000)
    names = ", ".join(f'"{name}"' for name in made)
    marks = ", ".join("?" for _ in made)
    words = f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})'
    yield Change(table.name, None, words, tuple(made.values()), (_key(table, made),))


def _is_unique(table: Table, column: Column[Any]) -> bool:
    named = [each.columns.keys() for each in table.constraints if isinstance(each, UniqueConstraint)]
    return any(column.name in names for names in named) and column.name not in ("kind", "subject", "engagement")


def _where(table: Table, row: dict[str, Any]) -> tuple[str, tuple[object, ...]]:
    names = [column.name for column in table.primary_key]
    return " AND ".join(f'"{name}" = ?' for name in names), tuple(row[name] for name in names)


def _key(table: Table, row: dict[str, Any]) -> dict[str, object]:
    return {name: row[name] for name in LEDGER[table.name].key}


def _other(column: Column[Any], row: dict[str, Any], by: int = 1) -> object:
    """Another value that the column may hold."""
    value = row[column.name]
    if isinstance(column.type, LargeBinary):
        if value is None:
            return bytes(_length(column))
        return value[:-1] + bytes([value[-1] ^ 1])
    words = _words(column)
    if not words:
        return by if value is None else f"{value}x" if isinstance(value, str) else value + by
    if column.name == "kind" and "subject" in row:  # an engagement has 16 bytes, an account 32
        words = ["3", "4"] if len(row["subject"]) == 16 else ["1", "2", "5"]
    others = [word for word in words if word != str(value)]
    if not others:
        return value
    return others[0] if isinstance(value, str) else int(others[0])


def _words(column: Column[Any]) -> list[str]:
    found = _WORDS.search(_rule(column))
    return [] if found is None else [word.strip().strip("'") for word in found[1].split(",")]


def _length(column: Column[Any]) -> int:
    found = re.search(r"(?:= |BETWEEN )(\d+)", _rule(column))
    assert found is not None
    return int(found[1])


def _rule(column: Column[Any]) -> str:
    return next(str(each.sqltext) for each in column.constraints if isinstance(each, CheckConstraint))
