"""A busy deployment is waited for as long as it asks; one that does not answer is not."""

import time
from pathlib import Path
from typing import cast

import pytest

from vault.client.cli import notes
from vault.client.cli.choices import Choices
from vault.client.cli.notes import PATIENCE_SECONDS, patiently
from vault.client.cli.opening import OpenHome
from vault.client.errors import Unreachable
from vault.protocol.problems import Code, Refused


class Busy:
    """A home whose network asks to wait so many times, or does not answer at all."""

    session = None

    def __init__(self, times: int, seconds: int | None) -> None:
        self.times, self.seconds = times, seconds

    def run(self, act: object) -> None:
        if self.times:
            self.times -= 1
            raise Unreachable("busy") from (
                None if self.seconds is None else Refused(Code.TOO_MANY, retry_after_seconds=self.seconds)
            )


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    found: list[int] = []
    monkeypatch.setattr(time, "sleep", found.append)
    monkeypatch.setattr(notes, "flush_all", lambda _session: None)
    return found


def wait(busy: Busy, choices: Choices) -> None:
    patiently(cast(OpenHome, busy), choices)


@pytest.fixture
def choices(tmp_path: Path) -> Choices:
    return Choices(home=tmp_path, server=None, as_json=False, quiet=True, passphrase_file=None)


def test_it_waits_as_long_as_it_is_asked_to(slept: list[int], choices: Choices) -> None:
    wait(Busy(3, 7), choices)
    assert slept == [7, 7, 7]


def test_it_gives_up_where_nobody_answers_or_an_hour_is_gone(slept: list[int], choices: Choices) -> None:
    with pytest.raises(Unreachable):
        wait(Busy(1, None), choices)
    assert slept == []
    with pytest.raises(Unreachable):
        wait(Busy(100, PATIENCE_SECONDS // 2), choices)
    assert slept == [PATIENCE_SECONDS // 2] * 2
