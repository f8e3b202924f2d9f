"""Where records come from: the rows of each table, all as they were at one moment, in the order that is asked for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

Record = Mapping[str, Any]
"""A row: its columns by their names in the data ledger, each bytes, an integer, a word or None."""


class Source(Protocol):
    """The tables of the data ledger at one moment."""

    def rows(
        self, table: str, order: Sequence[str], kind: int | None = None, columns: Sequence[str] = ()
    ) -> Iterator[Record]:
        """The rows of a table, few in memory at once, by the columns of `order` ascending, bytes as bytes.

        Of one kind of journal where `kind` is its number; with these columns alone where some are named. Several are
        read at the same time.
        """

    def count(self, table: str) -> int:
        """How many rows the table has."""


class Stream:
    """The rows of a table in the order of one column, taken group by group."""

    def __init__(self, rows: Iterator[Record], by: str) -> None:
        """`rows` ascend by the column `by`, which holds bytes."""
        self._rows = rows
        self._by = by
        self._ahead = next(rows, None)

    @property
    def group(self) -> bytes | None:
        """The value that the next rows have in common; None at the end."""
        value = None if self._ahead is None else self._ahead[self._by]
        return value if isinstance(value, bytes) else None

    def take(self, group: bytes) -> Iterator[Record]:
        """The next rows, as long as they belong to `group`."""
        while self._ahead is not None and self._ahead[self._by] == group:
            row, self._ahead = self._ahead, next(self._rows, None)
            yield row


def list_groups(streams: Iterable[Stream]) -> Iterator[bytes]:
    """Every group that any stream has, ascending; what of it nobody has taken is passed over."""
    known = list(streams)
    while ahead := [stream.group for stream in known if stream.group is not None]:
        group = min(ahead)
        yield group
        for stream in known:
            for _ in stream.take(group):
                pass
