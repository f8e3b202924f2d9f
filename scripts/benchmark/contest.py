"""Two servers in turn, A B A B, with the same requests: what one does in a second beside what the other does.

A machine has moods, so only pairs that were measured in one run are compared. What each needed of the processor for one
request is told too: that says more than the clock where other work goes on beside.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from scripts.benchmark import load, wrk
from scripts.benchmark.load import Load
from scripts.benchmark.servers import Server

Requests = Sequence[bytes]
Send = Callable[[int, Requests, int, int], Load]


@dataclass(slots=True)
class Side:
    """What one of the two did over all its turns."""

    answered: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.answered / self.seconds

    @property
    def cpu_milliseconds(self) -> float:
        """Of processor time, for one request."""
        return 1_000 * self.cpu_seconds / self.answered

    def add(self, server: Server, requests: Requests, clients: int, expected: int, send: Send) -> None:
        """One more turn."""
        before = server.cpu_seconds()
        turn = send(server.port, requests, clients, expected)
        self.cpu_seconds += server.cpu_seconds() - before
        self.answered += turn.answered
        self.seconds += turn.seconds
        self.latencies += turn.latencies

    def quantile_milliseconds(self, share: float) -> float:
        """The latency that this share stayed below."""
        return 1_000 * Load(self.answered, self.seconds, self.latencies).quantile(share)


def find_tool() -> tuple[str, Send]:
    """wrk where it is installed, else the generator of this folder, and its name."""
    return ("wrk", wrk.send_all) if wrk.find_wrk() else ("load.py", load.send_all)


def contend(
    servers: tuple[Server, Server],
    turns: Sequence[tuple[Requests, Requests]],
    clients: int,
    expected: int,
    send: Send,
) -> tuple[Side, Side]:
    """Both sides after all turns; each turn has the requests of the one and those of the other."""
    sides = Side(), Side()
    for turn in turns:
        for server, side, requests in zip(servers, sides, turn, strict=True):
            side.add(server, requests, clients, expected, send)
    return sides
