import pytest

from vault.protocol.problems import Refused
from vault.server import limits as module
from vault.server.limits import Limited, Limits, Rate
from vault.server.settings import LimitSettings


class Clock:
    now = 1_000

    def __call__(self) -> int:
        return self.now


def make(clock: Clock, count: int = 2, seconds: int = 60) -> Limits:
    return Limits(dict.fromkeys(Limited, Rate(count, seconds)), clock)


def test_one_act_more_than_the_rate_is_refused_until_the_window_ends() -> None:
    clock = Clock()
    limits = make(clock)
    limits.take(Limited.WRITES, b"a")
    clock.now += 10
    limits.take(Limited.WRITES, b"a")
    with pytest.raises(Refused) as refused:
        limits.take(Limited.WRITES, b"a")
    assert (refused.value.code, refused.value.retry_after_seconds) == ("too-many", 50)
    clock.now += 50
    limits.take(Limited.WRITES, b"a")


def test_nobody_spends_what_is_somebody_elses() -> None:
    limits = make(Clock(), count=1)
    limits.take(Limited.WRITES, b"coachee")
    with pytest.raises(Refused):
        limits.take(Limited.WRITES, b"coachee")
    limits.take(Limited.WRITES, b"sponsor")
    limits.take(Limited.CHALLENGES, b"coachee")


def test_a_flood_of_principals_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEYS_MAXIMUM", 3)
    clock = Clock()
    limits = make(clock, count=1)
    for name in (b"a", b"b", b"c", b"d"):
        limits.take(Limited.WRITES, name)
    with pytest.raises(Refused):
        limits.take(Limited.WRITES, b"d")
    limits.take(Limited.WRITES, b"a")  # the oldest was forgotten
    clock.now += 60
    limits.take(Limited.WRITES, b"e")  # all that have ended are forgotten
    assert len(limits._windows) == 1


def test_every_limit_has_a_rate_in_the_settings() -> None:
    assert LimitSettings().rates().keys() == set(Limited)
