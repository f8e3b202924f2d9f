"""The servers that are measured: the service as an operator starts it, and its floor, each a process on loopback."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from os import environ, sysconf
from pathlib import Path

from scripts.benchmark.notes import AUDIENCE

ROOT = Path(__file__).parents[2]
_LOOPBACK = "127.0.0.1"
_READY_SECONDS = 60
_STOP_SECONDS = 20
_UNLIMITED = {
    f"COACH_VAULT_LIMITS__{name}": str(10**9)
    for name in ("WRITES_PER_MINUTE", "CHALLENGES_PER_MINUTE", "CHALLENGES_OF_PEER_PER_MINUTE", "ENROLMENTS_PER_HOUR")
}


class ServerError(Exception):
    """A server that does not come up; the message ends with its log."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; `start_seconds` from its start to its first answer."""

    name: str
    port: int
    process: int
    start_seconds: float

    @property
    def url(self) -> str:
        """As login statements name it."""
        return f"http://{_LOOPBACK}:{self.port}"

    def cpu_seconds(self) -> float:
        """What all its processes have used of the machine until now."""
        return sum(_cpu_seconds(each) for each in (self.process, *_children(self.process)))

    def resident_bytes(self) -> int:
        """What the largest of its processes has in memory now, shared libraries included."""
        processes = [self.process, *_children(self.process)]
        return max(_status_kib(each, "VmRSS") for each in processes) * 1024


def make_folder(folder: Path, database: str) -> str:
    """A data folder with an app, over a new database; the app's key."""
    _operate("init", str(folder), "--audience", AUDIENCE, "--database", database)
    return _operate("apps", "create", "bench", "--data", str(folder))["key"]


@contextmanager
def service(folder: Path, database: str, workers: int = 1) -> Iterator[Server]:
    """The service over a migrated database, with the secrets of a data folder."""
    port = _free_port()
    named = {"COACH_VAULT_DATABASE": database, "COACH_VAULT_URL": f"http://{_LOOPBACK}:{port}", **_UNLIMITED}
    command = ["-m", "vault.server", "serve", "--data", str(folder), "--port", str(port), "--workers", str(workers)]
    with _running("service", command, named, folder / f"service-{port}.log", port, "/readyz") as server:
        yield server


@contextmanager
def floor(folder: Path, database: str) -> Iterator[Server]:
    """The floor over a database that the service has made."""
    port = _free_port()
    command = ["-m", "scripts.benchmark.floor", database, str(port)]
    with _running("floor", command, {}, folder / f"floor-{port}.log", port, "/") as server:
        yield server


@contextmanager
def _running(
    name: str, command: list[str], named: Mapping[str, str], log: Path, port: int, path: str
) -> Iterator[Server]:
    with log.open("wb") as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env={**environ, "PYTHONPATH": str(ROOT), **named},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait(process, port, path, log)
            yield Server(name, port, process.pid, time.perf_counter() - began)
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, path: str, log: Path) -> None:
    """Return at the first answer. Raises: ServerError."""
    deadline = time.monotonic() + _READY_SECONDS
    request = f"GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n".encode()
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection((_LOOPBACK, port)) as connection:
                connection.sendall(request)
                if connection.recv(64).startswith((b"HTTP/1.1 200", b"HTTP/1.1 404")):
                    return
        except OSError:
            pass
        time.sleep(0.005)
    raise ServerError(f"a server does not answer; its log ends: {log.read_text(errors='replace')[-2_000:]}")


def _operate(*arguments: str) -> dict[str, str]:
    command = [sys.executable, "-m", "vault.server", *arguments, "--json"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise ServerError(f"coach-vault-server {arguments[0]} failed: {run.stderr.strip() or run.stdout.strip()}")
    answer: dict[str, str] = json.loads(run.stdout)
    return answer


def _children(process: int) -> list[int]:
    listed = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    return [int(each) for each in listed.split()]


def _status_kib(process: int, name: str) -> int:
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def _cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / sysconf("SC_CLK_TCK")  # utime and stime


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
