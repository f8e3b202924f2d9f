"""What an open database really has, held against the data ledger: nothing undeclared, nothing of another type."""

from sqlalchemy import Connection, inspect

from vault.reconcile.ledger import LEDGER
from vault.server.storage.columns import DataClass
from vault.server.storage.tables import metadata

_BYTES = frozenset({"BLOB", "BYTEA"})
_INTEGERS = frozenset({"INTEGER", "BIGINT"})

# No class but these two has a type that holds text, and each of both is held to its words or letters by a constraint.
_TYPES = dict.fromkeys(DataClass, _BYTES) | {
    DataClass.COUNTER: _INTEGERS,
    DataClass.TIME: _INTEGERS,
    DataClass.WORD: _INTEGERS | {"TEXT"},
    DataClass.SLUG: frozenset({"TEXT"}),
}
_ALEMBIC = "alembic_version"


def class_of(table: str, column: str) -> DataClass:
    """The class of a declared column. Raises: KeyError for a column that `tables` does not have."""
    if table == _ALEMBIC:
        return DataClass.WORD  # Alembic's own: the name of one of the migrations
    data_class = metadata.tables[table].columns[column].info["class"]
    assert isinstance(data_class, DataClass)
    return data_class


def find_undeclared(connection: Connection) -> list[str]:
    """What this database has and the ledger does not declare, or the other way round, as sentences; ideally none."""
    inspector = inspect(connection)
    found = [f"table {name} is missing" for name in LEDGER.keys() - set(inspector.get_table_names())]
    found += [f"view {name} is not declared" for name in inspector.get_view_names()]
    for table in inspector.get_table_names():
        if table not in LEDGER:
            found.append(f"table {table} is not declared")
            continue
        declared = LEDGER[table].columns
        live = {column["name"]: str(column["type"]).partition("(")[0] for column in inspector.get_columns(table)}
        constrained = {check["name"] for check in inspector.get_check_constraints(table)}
        found += [f"column {table}.{name} is missing" for name in declared.keys() - live.keys()]
        found += [f"column {table}.{name} is not declared" for name in live.keys() - declared.keys()]
        if table == _ALEMBIC:
            continue
        for name in live.keys() & declared.keys():
            if live[name] not in _TYPES[class_of(table, name)]:
                found.append(f"column {table}.{name} has the type {live[name]}, which its class does not allow")
            if f"ck_{table}_{name}" not in constrained:
                found.append(f"column {table}.{name} has no constraint that holds it to its class")
    return sorted(found)
