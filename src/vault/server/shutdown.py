"""How a server shuts down: asked once, it answers all who wait and goes, in bounded time; asked twice, it goes at once.

Whatever is cut off was not acknowledged, so a hard end loses nothing. The bound is the system's own alarm, which ends a
process even where a thread waits for a database that never answers.
"""

import signal
from collections.abc import Callable
from socket import socket
from types import FrameType

from uvicorn import Config
from uvicorn.supervisors import Multiprocess

SHUTDOWN_SECONDS = 20
"""From the first signal to the end, at most; what clients get to take their answers is within it."""

_ENDINGS = (signal.SIGTERM, signal.SIGINT)


def bound_shutdown(seconds: int = SHUTDOWN_SECONDS) -> None:
    """Let the first signal that this process is ended with begin the countdown, and the second one end it.

    Called in the main thread, after the handlers that drain are there: they run as before.
    """
    before = {number: signal.getsignal(number) for number in _ENDINGS}

    def end(number: int, frame: FrameType | None) -> None:
        for each in _ENDINGS:
            signal.signal(each, signal.SIG_DFL)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(seconds)
        drain = before[signal.Signals(number)]
        if callable(drain):
            drain(number, frame)

    for number in _ENDINGS:
        signal.signal(number, end)


class Workers(Multiprocess):
    """Several worker processes, each of which ends as above; asked twice, their parent ends them all."""

    def __init__(self, config: Config, sockets: list[socket], forget: Callable[[int], None]) -> None:
        """`forget` is told the process id of each worker that died and was replaced."""
        super().__init__(config, sockets)
        self._forget = forget

    def keep_subprocess_alive(self) -> None:
        """Replace workers that have died."""
        before = {process.pid for process in self.processes}
        super().keep_subprocess_alive()
        for gone in before - {process.pid for process in self.processes}:
            if gone is not None:
                self._forget(gone)

    def join_all(self) -> None:
        """Return when all have ended."""
        self.signal_queue.clear()
        for process in self.processes:
            while process.process.is_alive():
                process.process.join(0.1)
                if self.signal_queue:
                    process.process.kill()
