"""The server's clock and randomness: the one file that looks at the machine's."""

import secrets
import time

random_bytes = secrets.token_bytes
"""So many random bytes of the operating system."""


def unix_seconds() -> int:
    """Unix seconds, rounded down."""
    return int(time.time())


def monotonic_seconds() -> float:
    """Seconds of a clock that is never set back; for durations alone."""
    return time.monotonic()
