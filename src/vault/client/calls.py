"""What an act asks of the outside, and what it gets: the seam between the client's logic and the network.

An act is a generator. It yields a `Call` and receives an `Answer`, or yields a `Take` and goes on once nobody else has
that turn. It never blocks, waits or opens a socket, so one act serves a driver with threads and one with a loop.
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TypeVar

from vault.client.errors import Unreachable

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request: `path` begins with a slash; `answer_bytes` bounds what may come back."""

    method: str
    path: str
    body: bytes | None = field(default=None, repr=False)
    credential: str | None = field(default=None, repr=False)
    answer_bytes: int = 1_048_576


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, media type, the seconds of `Retry-After` where there were any, the body."""

    status: int
    media_type: str = ""
    retry_after_seconds: int | None = None
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Take:
    """The turn with this name, until the act ends: writes to one journal follow each other."""

    name: str


Act = Generator[Call | Take, Answer, Value]
"""A thing that a person does, without any I/O of its own."""


def run_unanswered(act: Act[Value]) -> Value:
    """What the act returns while nobody answers: every call is unreachable at once. Raises: what the act raises."""
    away = Unreachable("the deployment does not answer")
    try:
        effect = next(act)
        while True:
            effect = act.throw(away) if isinstance(effect, Call) else act.send(Answer(status=0))
    except StopIteration as end:
        value: Value = end.value
        return value
