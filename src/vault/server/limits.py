"""Rate limits: so many acts of one principal in a window of time, and not one word about anybody else.

Every limit counts what its own principal did, so nobody can spend somebody else's: a sponsor's limit says nothing about
a coachee. Challenges and slot headers have no principal yet; they are counted by peer, and by peer and account
together. An account alone would let anyone who knows it lock its owner out. Counts live in the memory of one worker.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from vault.protocol.problems import Code, Refused

KEYS_MAXIMUM = 100_000


class Limited(StrEnum):
    """What is counted."""

    ENROLMENTS = "enrolments"
    CHALLENGES = "challenges"
    CHALLENGES_OF_PEER = "challenges_of_peer"
    SLOT_HEADERS = "slot_headers"
    SLOT_HEADERS_OF_PEER = "slot_headers_of_peer"
    WRITES = "writes"
    WRITTEN_BYTES = "written_bytes"


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` acts, or bytes, in every window of `seconds`."""

    count: int
    seconds: int


@dataclass(slots=True)
class _Window:
    ends: int
    count: int


class Limits:
    """The counts of one worker."""

    def __init__(self, rates: dict[Limited, Rate], clock: Callable[[], int]) -> None:
        """`rates` names every member of `Limited`; `clock` gives Unix seconds."""
        self._rates = rates
        self._clock = clock
        self._windows: dict[tuple[Limited, str | bytes], _Window] = {}

    def take(self, limited: Limited, principal: str | bytes, amount: int = 1) -> None:
        """Count one act of `principal`, or `amount` bytes; what does not fit any more takes nothing.

        Raises: Refused(too-many) with the seconds until its window ends.
        """
        now = self._clock()
        rate = self._rates[limited]
        window = self._windows.get((limited, principal))
        if window is None or window.ends <= now:
            self._make_room(now)
            window = self._windows[limited, principal] = _Window(now + rate.seconds, 0)
        if window.count + amount > rate.count:
            raise Refused(Code.TOO_MANY, retry_after_seconds=window.ends - now)
        window.count += amount

    def _make_room(self, now: int) -> None:
        """Forget windows that have ended, then the oldest: a flood of principals must not fill the memory."""
        if len(self._windows) < KEYS_MAXIMUM:
            return
        self._windows = {key: window for key, window in self._windows.items() if window.ends > now}
        while len(self._windows) >= KEYS_MAXIMUM:
            del self._windows[next(iter(self._windows))]
