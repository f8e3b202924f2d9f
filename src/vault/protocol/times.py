"""Unix seconds, and their rounding to the day in what sponsors see."""

from vault.protocol.limits import DAY_SECONDS


def floor_to_day(seconds: int) -> int:
    """`seconds` rounded down to a multiple of 86,400."""
    return seconds - seconds % DAY_SECONDS


def is_whole_day(seconds: int) -> bool:
    """Whether `seconds` is a multiple of 86,400."""
    return seconds % DAY_SECONDS == 0
