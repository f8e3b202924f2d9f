"""Every column is declared, and a migrated database has those columns and no others."""

import pytest
from sqlalchemy import Text, UniqueConstraint, text

from vault.reconcile.ledger import LEDGER, list_blind
from vault.reconcile.ledger.declaring import Readers
from vault.server.storage.catalogue import find_undeclared
from vault.server.storage.columns import DataClass
from vault.server.storage.data_page import visibility
from vault.server.storage.engine import Storage
from vault.server.storage.inspection import InspectionError, require_declared
from vault.server.storage.tables import metadata


def test_the_ledger_declares_each_column_of_each_table_and_no_others() -> None:
    declared = {(table, column) for table, one in LEDGER.items() for column in one.columns}
    tables = {(table.name, column.name) for table in metadata.tables.values() for column in table.columns}
    assert declared - tables == {("alembic_version", "version_num")}
    assert tables - declared == set()


def test_the_key_of_a_table_tells_its_rows_apart() -> None:
    for name, table in metadata.tables.items():
        unique = [set(each.columns.keys()) for each in table.constraints if isinstance(each, UniqueConstraint)]
        assert set(LEDGER[name].key) in [{column.name for column in table.primary_key}, *unique], name


def test_what_nothing_explains_is_told_with_its_reason() -> None:
    told = {(each.table, column) for each in list_blind() for column in each.columns}
    unexplained = {
        (name, column)
        for name, table in LEDGER.items()
        for column in table.columns
        if table.explained_by(column).startswith("nothing: ")
    }
    assert told == unexplained
    assert all(each.reason for each in list_blind())


def test_a_migrated_database_holds_what_is_declared(storage: Storage) -> None:
    require_declared(storage)


@pytest.mark.parametrize(
    ("sabotage", "found"),
    [
        ("ALTER TABLE items ADD COLUMN title TEXT", "column items.title is not declared"),
        ("CREATE TABLE remarks (remark TEXT)", "table remarks is not declared"),
        ("CREATE VIEW everything AS SELECT payload FROM statements", "view everything is not declared"),
        ("ALTER TABLE items DROP COLUMN erased", "column items.erased is missing"),
        ("DROP TABLE holdings", "table holdings is missing"),
    ],
)
def test_what_is_not_declared_is_found(storage: Storage, sabotage: str, found: str) -> None:
    with storage.writing() as connection:
        connection.execute(text(sabotage))
        assert find_undeclared(connection) == [found]
    with pytest.raises(InspectionError, match=found):
        require_declared(storage)


def test_a_column_of_another_type_or_without_its_constraint_is_found(storage: Storage) -> None:
    with storage.writing() as connection:
        connection.execute(text("DROP TABLE withdrawals"))
        kind = "BLOB" if storage.is_sqlite else "BYTEA"
        columns = f"engagement {kind} NOT NULL, disclosure {kind} NOT NULL, seq TEXT NOT NULL"
        connection.execute(text(f"CREATE TABLE withdrawals ({columns})"))
        assert find_undeclared(connection) == [
            "column withdrawals.disclosure has no constraint that holds it to its class",
            "column withdrawals.engagement has no constraint that holds it to its class",
            "column withdrawals.seq has no constraint that holds it to its class",
            "column withdrawals.seq has the type TEXT, which its class does not allow",
        ]


def test_no_column_holds_text_but_words_of_a_list_and_the_name_of_an_app() -> None:
    texts = [column for table in metadata.tables.values() for column in table.columns if isinstance(column.type, Text)]
    assert {column.info["class"] for column in texts} == {DataClass.WORD, DataClass.SLUG}
    assert {f"{column.table.name}.{column.name}" for column in texts if column.info["class"] is DataClass.SLUG} == {
        "apps.app",
        "enrolments.app",
    }


def test_what_is_sealed_is_sealed_for_the_operator_too() -> None:
    sealed = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if visibility(column.info["class"]) == "sealed"
    }
    assert sealed == {"keyrings.blob", "slots.slot", "blobs.blob", "seals.seal"}


def test_nothing_that_recognises_a_credential_is_served_to_anyone() -> None:
    for table, column in (("apps", "key_sha256"), ("enrolments", "token_sha256"), ("tokens", "token_sha256")):
        assert LEDGER[table].readers_of(column) in {Readers.NOBODY, Readers.OPERATOR}
