"""Names of constraints, and the options with which tables are made on SQLite."""

from sqlalchemy import MetaData, Table
from sqlalchemy.schema import SchemaItem


def new_metadata() -> MetaData:
    """A schema without tables, whose constraints are named by what they are about."""
    return MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )


def strict_table(metadata: MetaData, name: str, *parts: SchemaItem, rowid: bool = True) -> Table:
    """A table that is STRICT on SQLite; without a row id where rows are small and found by their key alone."""
    return Table(name, metadata, *parts, sqlite_strict=True, sqlite_with_rowid=rowid)
