"""A real server for the time of the demonstration: a process of its own on loopback, its folders known to the thief."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import environ
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from tests.support.postgres.databases import Databases

_LOOPBACK = "127.0.0.1"
_READY_SECONDS = 60
_STOP_SECONDS = 20


class DemonstrationError(Exception):
    """Something is not as this demonstration promises; the message is the sentence to show."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A running server: where it answers, what the app holds, where the server writes."""

    url: str
    app_key: str
    enrolments: tuple[str, ...]
    data: Path
    working: Path
    temporary: Path
    log: Path
    database: str
    """As the server names it."""
    databases: "Databases | None"
    """Where the database was made, where that is a PostgreSQL server."""


@contextmanager
def deployed(folder: Path, people: int, databases: "Databases | None" = None) -> Iterator[Deployment]:
    """A server below `folder` with one app and an enrolment token for each person, stopped at the end.

    Its database is a file, or a new one among `databases`. Raises: DemonstrationError where it does not come up.
    """
    data, working, temporary, log = (folder / name for name in ("data", "working", "temporary", "server.log"))
    working.mkdir()
    temporary.mkdir()
    url = f"http://{_LOOPBACK}:{_free_port()}"
    database = f"sqlite:///{data / 'vault.sqlite3'}" if databases is None else databases.new()
    elsewhere = () if databases is None else ("--database", database)
    _operate(working, "init", str(data), "--url", url, *elsewhere)
    app_key = _operate(working, "apps", "create", "acme", "--data", str(data))["key"]
    surroundings = {**environ, "TMPDIR": str(temporary), "SQLITE_TMPDIR": str(temporary)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*_command(), "serve", "--data", str(data)],
            cwd=working,
            env=surroundings,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait(process, url, log)
            tokens = _enrol(url, app_key, people)
            yield Deployment(url, app_key, tokens, data, working, temporary, log, database, databases)
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _command() -> list[str]:
    return [sys.executable, "-m", "vault.server"]


def _operate(working: Path, *arguments: str) -> dict[str, str]:
    """What an operator's command prints as JSON."""
    run = subprocess.run([*_command(), *arguments, "--json"], cwd=working, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise DemonstrationError(
            f"coach-vault-server {arguments[0]} failed: {run.stderr.strip() or run.stdout.strip()}"
        )
    answer: dict[str, str] = json.loads(run.stdout)
    return answer


def _enrol(url: str, app_key: str, people: int) -> tuple[str, ...]:
    """Enrolment tokens, as a coaching app asks for them with its key."""
    with httpx.Client(base_url=url, trust_env=False, headers={"Authorization": f"Bearer {app_key}"}) as client:
        answers = [client.post("/v1/enrolments", json={}).raise_for_status().json() for _ in range(people)]
    return tuple(answer["token"] for answer in answers)


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    with httpx.Client(base_url=url, trust_env=False) as client:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if client.get("/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
    raise DemonstrationError(f"the server does not answer; its log ends: {log.read_text(errors='replace')[-2_000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
