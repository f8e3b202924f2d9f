"""A deployment in a folder that goes away, served by the real command in processes of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from tests.resilience.faulting.clocked import CLOCK_FILE
from tests.server.deployments import SECRETS, URL
from vault.server.secrets_file import write_secrets
from vault.server.settings import SETTINGS_FILE
from vault.server.shutdown import SHUTDOWN_SECONDS
from vault.server.storage.engine import Storage
from vault.server.storage.schema import migrate

READY_SECONDS = 60
_TOLD_LINES = 20
_MORE_SECONDS = 5
_ROOT = Path(__file__).parents[3]
_MANY = "1000000"
_NO_LIMITS = {
    f"COACH_VAULT_LIMITS__{name}": _MANY
    for name in ("WRITES_PER_MINUTE", "CHALLENGES_PER_MINUTE", "CHALLENGES_OF_PEER_PER_MINUTE")
}


class Served:
    """The folder, and the processes that serve it."""

    def __init__(self, folder: Path, database: str, seen_as: str | None = None, workers: int = 1) -> None:
        """`database` is where the rows are; `seen_as` is another way to it, which the service takes."""
        self.folder, self.workers = folder, workers
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.storage = Storage(database)
        migrate(self.storage)
        self.process: subprocess.Popen[bytes] | None = None
        settings = f'url = "{URL}"\ndatabase = "{seen_as or database}"\n'
        (folder / SETTINGS_FILE).write_text(settings, encoding="ascii")
        write_secrets(folder, SECRETS)
        self.set_clock(0)

    def set_clock(self, offset_seconds: int) -> None:
        """How far the service's clock is from this machine's, from its next look on."""
        beside = self.folder / f"{CLOCK_FILE}.new"
        beside.write_text(str(offset_seconds))
        beside.replace(self.folder / CLOCK_FILE)

    def start(self) -> None:
        """Serve, and return when it is ready."""
        clocked = [sys.executable, "-m", "tests.resilience.faulting.clocked", str(self.folder)]
        command = [*clocked, "--port", str(self.port), "--workers", str(self.workers)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=_ROOT, env={**os.environ, **_NO_LIMITS}, stdout=log, stderr=log, start_new_session=True
            )
        self.wait()

    def wait(self) -> None:
        """Return when it is ready."""
        ends = time.monotonic() + READY_SECONDS
        while time.monotonic() < ends:
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/readyz").status_code == 200:
                    return
            time.sleep(0.02)
        told = (self.folder / "log").read_text(errors="replace").splitlines()[-_TOLD_LINES:]
        raise RuntimeError("the service did not come up; it said:\n" + "\n".join(told))

    def kill(self) -> None:
        """End all processes as a power cut would."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def stop(self, is_twice: bool) -> None:
        """Ask it to end, again after a second where `is_twice`. Raises: TimeoutExpired where it does not in time."""
        assert self.process is not None
        self.process.terminate()
        if is_twice:
            time.sleep(1)
            self.process.terminate()
        self.process.wait(SHUTDOWN_SECONDS + _MORE_SECONDS)

    def command(self, *words: str) -> None:
        """One command of the operator's on this deployment. Raises: CalledProcessError where it fails."""
        command = [sys.executable, "-m", "vault.server", *words, "--data", str(self.folder)]
        subprocess.run(command, cwd=_ROOT, check=True, capture_output=True)

    def worker_ids(self) -> list[int]:
        """The processes that answer: of several workers the children, else the one."""
        assert self.process is not None
        if self.workers == 1:
            return [self.process.pid]
        found = []
        for child in _children(self.process.pid):
            with suppress(OSError):
                if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                    found.append(child)
        return found


@contextmanager
def served(database: str | None = None, seen_as: str | None = None, workers: int = 1) -> Iterator[Served]:
    """A deployment over a SQLite file, or the database named; nothing is served before `start`."""
    with TemporaryDirectory(prefix="coach-vault-faults-", ignore_cleanup_errors=True) as folder:
        made = Served(Path(folder), database or f"sqlite:///{folder}/vault.sqlite3", seen_as, workers)
        try:
            yield made
        finally:
            made.kill()
            made.storage.close()


def _children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
