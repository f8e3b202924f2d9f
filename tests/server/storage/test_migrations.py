"""The migrations lead up and down on both databases, and make exactly the tables that the code expects."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from vault.server.storage.engine import Storage
from vault.server.storage.schema import SchemaError, find_revision, head_revision, migrate, migrate_back, require_head
from vault.server.storage.tables import metadata


def test_the_migrations_make_the_tables_that_the_code_expects(storage: Storage) -> None:
    with storage.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert find_revision(connection) == head_revision()
    require_head(storage)


def test_every_constraint_of_the_code_is_in_the_migrated_database(storage: Storage) -> None:
    with storage.reading() as connection:
        inspector = inspect(connection)
        for table in metadata.tables.values():
            live = {check["name"] for check in inspector.get_check_constraints(table.name)}
            assert live == {f"ck_{table.name}_{column.name}" for column in table.columns}, table.name
            keys = {tuple(key["constrained_columns"]) for key in inspector.get_foreign_keys(table.name)}
            assert keys == {tuple(key.column_keys) for key in table.foreign_key_constraints}, table.name


def test_the_way_down_leaves_nothing_and_the_way_up_can_be_gone_again(storage: Storage) -> None:
    migrate_back(storage)
    with storage.reading() as connection:
        assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
        assert find_revision(connection) is None
    with pytest.raises(SchemaError, match="coach-vault-server migrate"):
        require_head(storage)
    migrate(storage)
    require_head(storage)


def test_a_migrated_database_is_migrated_again_without_a_change(storage: Storage) -> None:
    migrate(storage)
    require_head(storage)
