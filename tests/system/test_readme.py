"""The README's five minutes, as somebody would copy them: its server, its commands, its Python."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROGRAMS = Path(sys.executable).parent
TOKENS_OF_A_TRIAL = 6
PASSPHRASE = "correct horse battery staple"


@pytest.fixture
def trial() -> Iterator[dict[str, str]]:
    """`coach-vault-server try`, and the variables that it tells people to export."""
    command = [str(PROGRAMS / "coach-vault-server"), "try", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            told = json.loads(server.stdout.readline())
            tokens = {f"ENROLMENT_{number}": token for number, token in enumerate(told["enrolments"], 1)}
            yield {"VAULT": told["url"], "APP": told["app"], **tokens}
        finally:
            server.terminate()


def shown(language: str) -> str:
    """The one block of that language."""
    (block,) = re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return str(block)


def test_no_enrolment_token_is_used_twice_by_whoever_follows_all_of_it() -> None:
    in_commands = re.findall(r"^    \$ .*\$ENROLMENT_(\d)", README, re.MULTILINE)
    ((first, end),) = re.findall(r"range\((\d), (\d)\)", shown("python"))
    used = [*map(int, in_commands), *range(int(first), int(end))]
    assert sorted(used) == list(range(1, TOKENS_OF_A_TRIAL + 1))


@pytest.mark.slow
def test_the_python_of_the_readme_runs_as_it_stands(
    trial: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("getpass.getpass", lambda: PASSPHRASE)
    for name, value in trial.items():
        monkeypatch.setenv(name, value)
    exec(compile(shown("python"), "README.md", "exec"), {"__name__": "readme"})
    printed = capsys.readouterr().out.splitlines()
    assert "Session 1 ['Lena', 'you']" in printed
    assert printed[-4:-2] == ["I practise saying no.", "I practise saying no."]
    assert printed[-1] == "disclosure-ended"


@pytest.mark.slow
def test_the_commands_of_the_readme_run_as_they_stand(trial: dict[str, str], tmp_path: Path) -> None:
    secret = tmp_path / "passphrase"
    secret.write_text(PASSPHRASE, encoding="utf-8")
    environment = {**os.environ, **trial, "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"}
    environment |= {"COACH_VAULT_PASSPHRASE_FILE": str(secret)}
    steps = re.findall(r"^    \$ (?!coach-vault-server try)(.*)$", README, re.MULTILINE)
    assert len(steps) >= 8
    # A person is asked for a yes; here nobody can be asked.
    script = "\n".join(["set -e", *(re.sub(r"contract (assent|new .*)$", r"\g<0> --yes", step) for step in steps)])
    command = ["bash", "-c", script]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    listed = done.stdout.splitlines()[-2:]
    assert {title for line in listed for title in ("session-1.txt", "The file itself") if line.endswith(title)} == {
        "session-1.txt",
        "The file itself",
    }
