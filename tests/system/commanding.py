"""People at the command line of one real server process: each a folder of her own, introduced by invitations."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from vault.client.cli.application import run
from vault.protocol import slot

PROGRAMS = Path(sys.executable).parent


class Terminal(StringIO):
    """Standard input where somebody sits who answers."""

    def isatty(self) -> bool:
        """Yes."""
        return True


@dataclass
class People:
    """A deployment, a folder of homes, and a passphrase file."""

    url: str
    folder: Path
    tokens: list[str]
    engagement: str = ""
    heard: str = ""
    accounts: dict[str, str] = field(default_factory=dict)

    def options(self, name: str) -> list[str]:
        """What stands before every command of that person."""
        home, secret = str(self.folder / name), str(self.folder / "secret")
        return ["--home", home, "--server", self.url, "--passphrase-file", secret]

    def run(self, name: str, *words: str, code: int = 0) -> str:
        """Standard output of one command that ends with `code`."""
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            ended = run([*self.options(name), *words])
        self.heard = err.getvalue()
        assert ended == code, self.heard + out.getvalue()
        assert "Traceback" not in self.heard
        return out.getvalue()

    def ask(self, name: str, *words: str, code: int = 0) -> dict[str, Any]:
        """The one JSON object."""
        answer = json.loads(self.run(name, "--json", *words, code=code))
        assert isinstance(answer, dict)
        return answer

    def answer(self, name: str, answers: str, *words: str, code: int = 0) -> str:
        """As `run`, where somebody sits at the terminal and types these answers."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stdin", Terminal(answers))
            return self.run(name, *words, code=code)

    def join(self, name: str, inviter: str = "lena") -> None:
        """A new person, invited by an old one; each calls the other by the name of her folder, capitalised."""
        if not (self.folder / inviter).exists():
            self.run(inviter, "identity", "new", "--enrolment", self.tokens.pop())
        code = self.ask(inviter, "invite", name.title())["invitation"]
        self.run(name, "join", code, "--name", inviter.title(), "--enrolment", self.tokens.pop())

    def text(self, name: str, content: str) -> str:
        """A new file."""
        path = self.folder / name
        path.write_text(content, encoding="utf-8")
        return str(path)

    def titles(self, name: str, prefix: str) -> list[str]:
        """The titles of notes that begin with `prefix`, sorted."""
        found = self.ask(name, "note", "list")["data"]
        return sorted(each["title"] for each in found if each["title"].startswith(prefix))


@contextmanager
def serving(folder: Path, count: int = 7) -> Iterator[People]:
    """People around a server of its own, with tokens for so many; slots are derived at the floor, to be fast."""
    (folder / "secret").write_text("correct horse battery staple\n", encoding="utf-8")
    command = [str(PROGRAMS / "coach-vault-server"), "try", "--json", "--people", str(count)]
    with (
        pytest.MonkeyPatch.context() as patch,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server,
    ):
        patch.setattr(slot, "MEMORY_NEW_KIB", slot.MEMORY_MINIMUM_KIB)
        try:
            assert server.stdout is not None
            told = json.loads(server.stdout.readline())
            yield People(told["url"], folder, told["enrolments"])
        finally:
            server.terminate()
