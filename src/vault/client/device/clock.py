"""The client's one door to the clock."""

import time


def unix_seconds() -> int:
    """The device's clock, Unix seconds."""
    return int(time.time())
