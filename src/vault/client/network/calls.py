"""What an act asks of the outside, and what it gets: the seam between the client's logic and the network.

An act is a generator. It yields a `Call` and receives an `Answer`, yields a `Take` and goes on once nobody else has
that turn, or yields a `Work` and goes on once that is done. It never blocks, waits or opens a socket, so one act serves
a driver with threads and one with a loop.
"""

from collections.abc import Callable, Generator
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
    headers: tuple[tuple[str, str], ...] = ()
    """Further ones; a body is JSON unless they say otherwise."""


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


@dataclass(frozen=True, slots=True)
class Work:
    """Something that keeps this device busy for a while: a driver on a loop does it in a thread."""

    do: Callable[[], None]

    def find_error(self) -> Exception | None:
        """Do it; what it raised."""
        try:
            self.do()
        except Exception as error:
            return error
        return None


Act = Generator[Call | Take | Work, Answer, Value]
"""A thing that a person does, without any I/O of its own."""


def run_unanswered(act: Act[Value]) -> Value:
    """What the act returns while nobody answers: every call is unreachable at once. Raises: what the act raises."""
    away = Unreachable("the deployment does not answer")
    try:
        effect = next(act)
        while True:
            error = away if isinstance(effect, Call) else effect.find_error() if isinstance(effect, Work) else None
            effect = act.send(Answer(status=0)) if error is None else act.throw(error)
    except StopIteration as end:
        value: Value = end.value
        return value
