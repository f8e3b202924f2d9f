"""Backup, restore and the way forward by the commands alone: an operator's and a person's."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.server.serving import wait_until_ready
from tests.system.commanding import PROGRAMS, People
from vault.protocol import slot

WAIT_SECONDS = 60


class Operator:
    """A data folder and the port at which it is served."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.url = f"http://127.0.0.1:{port}"

    def run(self, *words: str) -> str:
        command = [str(PROGRAMS / "coach-vault-server"), *words, "--data", str(self.folder)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    @contextmanager
    def serving(self) -> Iterator[None]:
        command = [str(PROGRAMS / "coach-vault-server"), "serve", "--data", str(self.folder), "--port", str(self.port)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            try:
                wait_until_ready(self.url)
                yield
            finally:
                server.terminate()
                server.wait(WAIT_SECONDS)


@pytest.fixture
def operator(tmp_path: Path, unused_tcp_port: int) -> Operator:
    made = Operator(tmp_path / "data", unused_tcp_port)
    command = [str(PROGRAMS / "coach-vault-server"), "init", str(made.folder), "--url", made.url]
    subprocess.run(command, check=True, capture_output=True)
    made.run("apps", "create", "acme")
    return made


@pytest.fixture
def people(operator: Operator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> People:
    monkeypatch.setattr(slot, "MEMORY_NEW_KIB", slot.MEMORY_MINIMUM_KIB)
    (tmp_path / "secret").write_text("correct horse battery staple\n", encoding="utf-8")
    tokens = [operator.run("enrolments", "create", "acme") for _ in range(2)]
    return People(operator.url, tmp_path, tokens)


@pytest.mark.slow
def test_people_are_told_and_go_on_by_their_own_decision(operator: Operator, people: People, tmp_path: Path) -> None:
    with operator.serving():
        people.ask("lena", "identity", "new", "--enrolment", people.tokens.pop())
        code = people.ask("lena", "invite", "Marek")["invitation"]
        people.ask("marek", "join", code, "--name", "Lena", "--enrolment", people.tokens.pop())
        people.ask("lena", "contract", "new", "two-way", "--coachee", "Marek", "--yes")
        people.ask("marek", "contract", "assent", "--yes")
        people.ask("lena", "note", "add", people.text("one", "one"))
        people.run("lena", "rollback", "accept", "--yes", code=2)
        operator.run("backup", str(tmp_path / "backup"))
        people.ask("lena", "note", "add", people.text("two", "two"))
    for file in operator.folder.glob("vault.sqlite3*"):
        file.unlink()
    operator.run("restore", str(tmp_path / "backup"))
    assert all(line.endswith(": good") for line in operator.run("check", "--quick").splitlines())
    with operator.serving():
        people.run("lena", "note", "list", code=3)
        assert "`coach-vault rollback show`" in people.heard
        shown = people.run("lena", "rollback", "show", code=1)
        assert "entries are there still" in shown
        assert "item  yours" in shown
        assert "1 statements that this device can send again" in shown
        assert "Ask them, not over this server" in people.heard
        people.run("lena", "rollback", "accept", code=2)  # nobody can be asked here
        assert people.ask("lena", "rollback", "accept", "--yes")["sent"] == 1
        assert people.titles("lena", "") == ["one", "two"]
        assert people.run("lena", "rollback", "show") == "nothing has gone back\n"
        assert people.ask("lena", "rollback", "again")["sent"] == 0


def test_an_operators_commands_speak_json(operator: Operator, tmp_path: Path) -> None:
    assert '"log":{"size":0' in operator.run("backup", str(tmp_path / "backup"), "--json")
    command = [str(PROGRAMS / "coach-vault-server"), "backup", str(tmp_path / "backup"), "--data", str(operator.folder)]
    again = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (again.returncode, again.stdout) == (1, "")
    assert "nothing is ever overwritten" in again.stderr
