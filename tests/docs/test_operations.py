"""The console blocks of docs/operations/index.md are run as they stand, in one shell and in a folder that goes away."""

import re
import subprocess
from pathlib import Path

from tests.architecture.trees import ROOT, TOOLS
from tests.docs.walks import Step, read_steps

PAGE = (ROOT / "docs/operations/index.md").read_text(encoding="utf-8")
MARK = "--- end of step ---"
WAIT_SECONDS = 300


def runnable(command: str, port: int) -> str:
    """The command, at a port of its own, and waited for until it serves."""
    ready = f"until (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null; do sleep 0.1; done"
    return re.sub(r"serve &$", f"serve --port {port} >/dev/null 2>&1 &\n{ready}", command)


def run_steps(steps: list[Step], folder: Path, port: int) -> tuple[list[str], str]:
    script = "\n".join(f"{runnable(step.command, port)}\necho '{MARK}'" for step in steps)
    environment = {"PATH": f"{TOOLS}:/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        check=False,
    )
    return done.stdout.split(f"{MARK}\n")[:-1], done.stderr


def test_every_command_of_the_page_prints_what_it_says(tmp_path: Path, unused_tcp_port: int) -> None:
    steps = read_steps(PAGE)
    printed, complaints = run_steps(steps, tmp_path, unused_tcp_port)
    assert len(printed) == len(steps) > 10, complaints
    wrong = [(step, lines) for step, lines in zip(steps, printed, strict=True) if not step.matches(lines)]
    assert wrong == [], complaints
    assert (tmp_path / "backup-1" / "manifest.json").is_file()
    assert (tmp_path / "elsewhere" / "vault.sqlite3").is_file()
