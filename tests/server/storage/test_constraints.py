"""Each column of each table refuses what its class does not allow, on both databases."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import CheckConstraint, Column, Connection, LargeBinary, Table, delete, insert, text
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import DBAPIError

from tests.support.databases import SQLITE
from tests.support.postgres.databases import Databases
from vault.server.storage.columns import SLUG_MAXIMUM_CHARACTERS, DataClass
from vault.server.storage.engine import Storage
from vault.server.storage.schema import migrate
from vault.server.storage.tables import metadata

SENTENCE = "Marek said that he wants to leave."
TABLES = list(metadata.tables.values())


def rule_of(column: Column[Any]) -> str:
    """The CHECK constraint of a column, as text."""
    (rule,) = [one for one in column.constraints if isinstance(one, CheckConstraint)]
    return str(rule.sqltext.compile(dialect=DefaultDialect(), compile_kwargs={"literal_binds": True}))


def sizes_of(rule: str) -> tuple[int, int]:
    """The smallest and the largest length in bytes that a rule allows."""
    exact = re.search(r"length\(\w+\) = (\d+)", rule)
    if exact:
        return int(exact[1]), int(exact[1])
    smallest, largest = re.findall(r"length\(\w+\) BETWEEN (\d+) AND (\d+)", rule)[0]
    return int(smallest), int(largest)


def start_of(rule: str) -> bytes:
    found = re.search(r"'(CV\w\d|\{|c2sp[^']*)'", rule)
    return found[1].encode() if found else b""


def good(column: Column[Any]) -> Any:
    """A value that the column takes; journals are those of accounts."""
    rule = rule_of(column)
    match column.info["class"]:
        case _ if column.name == "subject":
            return bytes(32)
        case DataClass.SLUG:
            return "acme"
        case DataClass.WORD if listed := re.findall(r"'(\w+)'", rule):
            return listed[0]
        case DataClass.WORD:
            return int(re.findall(r"IN \((\d+)", rule)[0])
        case DataClass.COUNTER | DataClass.TIME:
            return int(re.findall(r"BETWEEN (\d+)", rule)[0])
        case _:
            start = start_of(rule)
            return start + bytes(sizes_of(rule)[0] - len(start))


def bad(column: Column[Any]) -> Iterator[Any]:
    """Values that the column must not take."""
    rule = rule_of(column)
    if not isinstance(column.type, LargeBinary):
        match column.info["class"]:
            case DataClass.SLUG:
                yield from (
                    "",
                    "Acme",
                    "acme ltd",
                    "1acme",
                    "ac\u00e9me",
                    "a" * (SLUG_MAXIMUM_CHARACTERS + 1),
                    SENTENCE,
                )
            case DataClass.WORD if "'" in rule:
                yield from ("", SENTENCE, good(column) + "x")
            case DataClass.WORD:
                yield from (-1, 99)
            case _:
                yield from (good(column) - 1, 2**53)
        return
    yield SENTENCE.encode()
    if column.name == "subject":
        yield from (bytes(16), bytes(31))
        return
    smallest, largest = sizes_of(rule)
    start = start_of(rule)
    yield start + bytes(smallest - 1 - len(start))
    yield start + bytes(largest + 1 - len(start))
    if start:
        yield bytes(smallest)
        yield SENTENCE.encode().ljust(smallest)


def without_foreign_keys(connection: Connection) -> None:
    """Rows may point to rows that are not there: each column is looked at by itself."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET session_replication_role = replica"))
    else:
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))


def takes(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    attempt = connection.begin_nested()
    try:
        connection.execute(insert(table).values(row))
    except DBAPIError:
        return False
    finally:
        attempt.rollback()
    return True


@pytest.fixture(scope="module")
def storage(engine: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    """One migrated database for all tables, since every row is rolled back."""
    url = f"sqlite:///{tmp_path_factory.mktemp('constraints')}/vault.sqlite3"
    if engine != SQLITE:
        made: Databases = request.getfixturevalue("postgres")
        url = made.new()
    opened = Storage(url)
    migrate(opened)
    yield opened
    opened.close()


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table.name))
def test_a_column_takes_its_class_and_nothing_else(storage: Storage, table: Table) -> None:
    row = {column.name: good(column) for column in table.columns}
    with storage.engine.connect() as connection, connection.begin() as everything:
        without_foreign_keys(connection)
        connection.execute(delete(table))  # of the log there is one row from the beginning
        assert takes(connection, table, row)
        taken = [
            f"{column.name}: {len(value) if isinstance(value, bytes) else value}"
            for column in table.columns
            for value in bad(column)
            if takes(connection, table, {**row, column.name: value})
        ]
        assert taken == []
        nullable = {column.name for column in table.columns if takes(connection, table, {**row, column.name: None})}
        if storage.is_sqlite and table.name == "leaves":
            nullable.remove("leaf")  # an integer that is the whole key: SQLite takes null for the next number
        assert nullable == {column.name for column in table.columns if column.nullable}
        everything.rollback()


def test_an_engagements_journal_has_an_engagement_for_its_subject(storage: Storage) -> None:
    journals = metadata.tables["journals"]
    row = {column.name: good(column) for column in journals.columns}
    with storage.engine.connect() as connection, connection.begin():
        assert takes(connection, journals, {**row, "kind": 3, "subject": bytes(16)})
        assert not takes(connection, journals, {**row, "kind": 3, "subject": bytes(32)})
        assert not takes(connection, journals, {**row, "kind": 1, "subject": bytes(16)})
