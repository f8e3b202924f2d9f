"""The operator's command as a person runs it: what was typed, both outputs, the exit code."""

import sys
from pathlib import Path

import pytest

from vault.server.__main__ import main


class Outcome:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object) -> Outcome:
    monkeypatch.setattr(sys, "argv", ["coach-vault-server", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    captured = capsys.readouterr()
    return Outcome(ended.value.code if isinstance(ended.value.code, int) else 0, captured.out, captured.err)


class Operator:
    """Somebody at a terminal, with one data folder."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self.monkeypatch, self.capsys, self.folder = monkeypatch, capsys, folder

    def run(self, *arguments: object) -> Outcome:
        return run(self.monkeypatch, self.capsys, *arguments)

    def at_data(self, *arguments: object) -> Outcome:
        return self.run(*arguments, "--data", self.folder)
