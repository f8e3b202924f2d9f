"""A person at the command line: one folder, one secret file, cheap slots, and what was heard."""

import json
from pathlib import Path
from typing import Any

import pytest

from vault.client.cli.application import run
from vault.protocol import slot


class Person:
    """Runs commands in this process."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], server: str) -> None:
        self.folder, self._capsys, self.server = folder, capsys, server
        self.secret = folder / "secret"
        self.secret.write_text("correct horse battery staple\n", encoding="utf-8")
        self.heard = ""

    def run(self, *words: str, code: int = 0, home: str = "home") -> str:
        """Standard output of one command that ends with `code`."""
        options = ["--home", str(self.folder / home), "--passphrase-file", str(self.secret)]
        self._capsys.readouterr()
        ended = run([*options, "--server", self.server, *words])
        out, self.heard = self._capsys.readouterr()
        assert ended == code, self.heard + out
        return out

    def ask(self, *words: str, code: int = 0, home: str = "home") -> dict[str, Any]:
        """The one JSON object."""
        answer = json.loads(self.run("--json", *words, code=code, home=home))
        assert isinstance(answer, dict)
        return answer


@pytest.fixture
def person(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Person:
    monkeypatch.setattr(slot, "MEMORY_NEW_KIB", slot.MEMORY_MINIMUM_KIB)
    return Person(tmp_path, capsys, "http://127.0.0.1:1")
