"""A PostgreSQL server that goes away at the end: a folder, a socket in it instead of a port, real durability."""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import quote

from tests.support.postgres.binaries import own, readable_binaries, run

SUPERUSER = "postgres"
_SETTINGS = {
    "listen_addresses": "",
    "log_parameter_max_length": "0",  # what people sent never stands in a log
    "shared_buffers": "32MB",
    "max_connections": "200",
}


@contextmanager
def running_postgres(**settings: str) -> Iterator["Cluster"]:
    """A cluster for as long as the block lasts; `settings` are those of postgresql.conf."""
    with place_for_clusters() as (folder, binaries):
        cluster = Cluster(folder, binaries, settings)
        cluster.make()
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()


@contextmanager
def place_for_clusters() -> Iterator[tuple[Path, Path]]:
    """A folder that is deleted at the end, and the folder of the programs."""
    folder = Path(mkdtemp(prefix="coach-vault-pg-"))
    try:
        folder.chmod(0o755)
        yield folder, readable_binaries(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Cluster:
    """One PostgreSQL server."""

    def __init__(self, folder: Path, binaries: Path, settings: dict[str, str] | None = None) -> None:
        """Nothing runs until it is made and started."""
        self.socket = own(folder / "socket")
        self.data, self._binaries = own(folder / "data"), binaries
        self._settings = {**_SETTINGS, **(settings or {})}

    def make(self) -> None:
        """An empty cluster."""
        self._run(
            "initdb", "--pgdata", self.data, "--username", SUPERUSER, "--auth=trust", "--no-sync", "--encoding=UTF8"
        )

    def follow(self, primary: "Cluster") -> None:
        """A copy of `primary` that takes over what is written there, and can be promoted."""
        source = f"host={primary.socket} user={SUPERUSER}"
        self._run("pg_basebackup", "--pgdata", self.data, "--dbname", source, "--write-recovery-conf", "--no-sync")

    def start(self) -> None:
        """Run; return when it answers."""
        options = " ".join(f"-c {name}={value}" for name, value in self._settings.items())
        self._run(
            "pg_ctl", "start", "--wait", "--silent", "--pgdata", self.data, "--log", self.data / "log",
            "--options", f"-k {self.socket} {options}",
        )  # fmt: skip

    def stop(self, mode: str = "immediate") -> None:
        """End it; `immediate` does as a crash does."""
        self._run("pg_ctl", "stop", "--wait", "--silent", f"--mode={mode}", "--pgdata", self.data)

    def promote(self) -> None:
        """Let a follower take writes."""
        self._run("pg_ctl", "promote", "--wait", "--silent", "--pgdata", self.data)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to its first process and to all that it has started."""
        for process in processes_of(self.data):
            os.kill(process, number)

    def bound_files(self, size: int | None) -> None:
        """No file may become larger for all that its first process has started by now, as on a full disk; None ends it.

        Raises: RuntimeError where that cannot be set.
        """
        for process in processes_of(self.data)[1:]:
            try:
                run(Path("prlimit"), ["--pid", str(process), f"--fsize={'unlimited' if size is None else size}:"])
            except RuntimeError:
                if _is_alive(process):
                    raise

    def crash(self) -> None:
        """Kill all its processes at once; what they leave behind is recovered by `start`."""
        end_processes(self.data)
        for lock in self.socket.glob(".s.PGSQL.*.lock"):
            lock.unlink()

    def url(self, name: str = SUPERUSER) -> str:
        """The URL of one of its databases."""
        return f"postgresql://{SUPERUSER}@/{name}?host={quote(str(self.socket), safe='')}"

    def _run(self, program: str, *arguments: str | Path) -> None:
        run(self._binaries / program, [str(argument) for argument in arguments])


def processes_of(data: Path) -> list[int]:
    """The first process of the server whose files lie in `data`, and all that it has started; none where it is down."""
    try:
        first = int((data / "postmaster.pid").read_text().split()[0])
        return [first, *_children(first)]
    except FileNotFoundError:
        return []


def end_processes(data: Path) -> None:
    """Kill all its processes at once, and return when they are gone."""
    ended = processes_of(data)
    for process in ended:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    while any(_is_alive(process) for process in ended):
        time.sleep(0.01)
    # Where the first process of a machine reaps no others, their ids look alive for ever.
    (data / "postmaster.pid").unlink(missing_ok=True)


def _children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _is_alive(process: int) -> bool:
    """Whether it still runs; one that has ended and was not reaped does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
