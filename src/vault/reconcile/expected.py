"""The rows that statements make, collected while journals are replayed, then held against the rows that are there."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256

from vault.reconcile.findings import Code, Finding, Value
from vault.reconcile.ledger import LEDGER
from vault.reconcile.ledger.declaring import Explained
from vault.reconcile.records import Record

Key = tuple[Value, ...]
"""The values of a row's key, in the order of the ledger."""

COMPARED: dict[str, tuple[str, ...]] = {
    name: tuple(
        column
        for column in table.columns
        if column not in table.key and table.explained_by(column) in (Explained.VALUE, Explained.HASH)
    )
    for name, table in LEDGER.items()
}
"""The columns of each table that follow from statements, beside its key."""
_HASHED = {
    name: frozenset(column for column in table.columns if table.explained_by(column) is Explained.HASH)
    for name, table in LEDGER.items()
}


class Expected:
    """Rows of some tables by their keys, with every column that statements explain; of sealed bytes the SHA-256."""

    def __init__(self) -> None:
        """No rows yet."""
        self._tables: dict[str, dict[Key, list[Value]]] = defaultdict(dict)

    def put(self, table: str, **values: Value) -> None:
        """There is such a row. Raises: KeyError where a column that statements explain is not among `values`."""
        key = tuple([values[name] for name in LEDGER[table].key])
        self._tables[table][key] = [values[name] for name in COMPARED[table]]

    def change(self, table: str, key: Key, **values: Value) -> None:
        """The row has these values from now on. Raises: KeyError where there is none."""
        row = self._tables[table][key]
        for name, value in values.items():
            row[COMPARED[table].index(name)] = value

    def drop(self, table: str, key: Key) -> None:
        """The row is gone, where there was one."""
        self._tables[table].pop(key, None)

    def holds(self, table: str, key: Key) -> bool:
        """Whether there is such a row."""
        return key in self._tables[table]

    def value(self, table: str, key: Key, column: str) -> Value:
        """What the row holds there. Raises: KeyError where there is none."""
        return self._tables[table][key][COMPARED[table].index(column)]

    def list_keys(self, table: str) -> list[Key]:
        """The keys of all rows of a table."""
        return list(self._tables[table])

    def compare(
        self, table: str, rows: Iterable[Record], is_excused: Callable[[Record], bool] = lambda _: False
    ) -> Iterator[Finding]:
        """What differs: rows that are not expected and not excused, other values, then rows that are not there.

        The expected rows of the table are used up by it.
        """
        expected = self._tables.pop(table, {})
        names = LEDGER[table].key
        for row in rows:
            key = tuple([row[name] for name in names])
            values = expected.pop(key, None)
            if values is not None:
                yield from _compare_values(table, row, values)
            elif not is_excused(row):
                yield Finding(Code.ROW_UNEXPLAINED, table, name_key(table, row))
        for key in expected:
            yield Finding(Code.ROW_MISSING, table, dict(zip(names, key, strict=True)))


def _compare_values(table: str, row: Record, values: list[Value]) -> Iterator[Finding]:
    hashed = _HASHED[table]
    for name, value in zip(COMPARED[table], values, strict=True):
        found = row[name]
        if name in hashed and isinstance(found, bytes):
            if sha256(found).digest() != value:
                yield Finding(Code.CONTENT_DIFFERS, table, name_key(table, row), name)
        elif found != value:
            yield Finding(Code.VALUE_DIFFERS, table, name_key(table, row), name)


def name_key(table: str, row: Record) -> dict[str, Value]:
    """The columns that tell a row apart from the others of its table."""
    return {name: row[name] for name in LEDGER[table].key}
