"""A time as people read it. Total: whatever a signer or a server says, there is something to show."""

from datetime import UTC, datetime

_LAST_SHOWN = 253_402_300_799
"""The end of the year 9999, the last that a calendar here knows."""


def show_moment(seconds: int) -> str:
    """A time in UTC, to the minute: 2026-11-24 21:55 UTC; what no calendar here knows is told as before or after it."""
    if seconds < 0:
        return "before 1970"
    if seconds > _LAST_SHOWN:
        return "after the year 9999"
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
