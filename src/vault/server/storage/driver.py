"""The interface to an engine's driver, below SQLAlchemy, that the write path uses on both engines."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar, cast

from sqlalchemy import Connection

Value = TypeVar("Value")
Values = tuple[object, ...]
"""Of the parameters of a query, in their order."""


class Driver(Protocol):
    """A connection of a driver. What it raises is its own: `errors_of` is the way to SQLAlchemy's."""

    def ask(self, words: str, values: Values) -> list[Any]:
        """All rows of the answer."""
        ...

    def write(self, words: str, rows: Sequence[Values]) -> None:
        """Write once for each of `rows`."""
        ...

    def call_together(self, callers: Sequence[Callable[[], Value]]) -> list[Value]:
        """What they return, in their order. They only ask, and none waits for what another has asked."""
        ...

    def writing_later(self) -> AbstractContextManager[None]:
        """Inside, what is written may wait until something is asked, or until the end, and fail only there."""
        ...


def driver_of(connection: Connection) -> Driver:
    """The driver's own connection."""
    return cast(Driver, connection.connection.driver_connection)
