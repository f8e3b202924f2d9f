"""Writes that append to no journal, so that the transparency log takes nothing of them."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from vault.server.sequencer.places import Turn
from vault.server.sequencer.queue import Queue

Value = TypeVar("Value")


async def put(queue: Queue, turn: Turn, write: Callable[[Connection], Value]) -> Value:
    """What `write` returned, once it is durable."""
    value, receipt = await queue.put(bytes(32), turn, lambda connection: lambda: (write(connection), None))
    assert receipt is None
    return value
