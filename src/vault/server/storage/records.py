"""The rows of the database as plain records, all of one transaction that reads: what `vault.reconcile` is given."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from vault.server.storage.columns import DataClass
from vault.server.storage.tables import metadata

_ROWS, _LARGE_ROWS = 1_000, 100
"""How many rows of one table are held at once; of the largest, 26 MB."""
_LARGE = frozenset({DataClass.BLOB, DataClass.PAYLOAD})


class DatabaseRecords:
    """The tables of the data ledger at the moment that the transaction of a connection sees."""

    def __init__(self, connection: Connection) -> None:
        """The connection is inside `Storage.reading`."""
        self._connection = connection

    def rows(
        self, table: str, order: Sequence[str], kind: int | None = None, columns: Sequence[str] = ()
    ) -> Iterator[dict[str, Any]]:
        """As `vault.reconcile.records.Source`. Raises: Refused(storage-away)."""
        found = metadata.tables[table]
        picked = [found.c[name] for name in columns or found.c.keys()]
        query = select(*picked).order_by(*(found.c[name] for name in order))
        if kind is not None:
            query = query.where(found.c.kind == kind)
        is_large = any(column.info["class"] in _LARGE for column in picked)
        names = [column.name for column in picked]
        held = _LARGE_ROWS if is_large else _ROWS
        for row in self._connection.execute(query.execution_options(yield_per=held)):
            yield dict(zip(names, row, strict=True))

    def count(self, table: str) -> int:
        """How many rows the table has."""
        return int(self._connection.execute(select(func.count()).select_from(metadata.tables[table])).scalar_one())
