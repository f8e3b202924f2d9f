"""docs/rest.md is run as it stands: in one shell, against a real server that `coach-vault-server try` brings up."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.trees import ROOT, TOOLS
from tests.docs.walks import Step, read_steps

PAGE = (ROOT / "docs/rest.md").read_text(encoding="utf-8")
MARK = "--- end of step ---"


@pytest.fixture
def exports(tmp_path: Path) -> Iterator[dict[str, str]]:
    """What `try` prints for a shell."""
    command = [str(TOOLS / "coach-vault-server"), "try"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tmp_path) as server:
        try:
            assert server.stdout is not None
            found: dict[str, str] = {}
            for line in server.stdout:
                match = re.fullmatch(r"export (\w+)=(\S+)\n", line)
                if match:
                    found[match[1]] = match[2]
                elif found:
                    break
            yield found
        finally:
            server.terminate()


def run_walk(steps: list[Step], exports: dict[str, str], folder: Path) -> tuple[list[str], str]:
    """What each step prints, in one bash that lasts from the first to the last; and what all complain of."""
    script = "\n".join(f"{step.command}\necho '{MARK}'" for step in steps)
    environment = {
        **exports,
        "PATH": f"{TOOLS}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
    }
    command = ["bash", "-c", script]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    printed = done.stdout.split(f"{MARK}\n")
    assert len(printed) == len(steps) + 1, done.stderr
    return printed[:-1], done.stderr


@pytest.mark.slow
@pytest.mark.skipif(
    not shutil.which("jq") or not shutil.which("curl"), reason="the page is for people with curl and jq"
)
def test_every_block_of_the_walk_prints_what_the_page_says(exports: dict[str, str], tmp_path: Path) -> None:
    steps = read_steps(PAGE)
    assert len(steps) > 30
    printed, complaints = run_walk(steps, exports, tmp_path)
    wrong = [(step, lines) for step, lines in zip(steps, printed, strict=True) if not step.matches(lines)]
    assert wrong == [], complaints


def test_a_step_that_prints_something_else_is_noticed() -> None:
    [step] = read_steps("```console\n$ echo one\nt...o\n```\n")
    assert step == Step("echo one", ("t...o",))
    assert step.matches("two\n")
    assert not step.matches("one\n")
    assert not step.matches("two\nthree\n")
