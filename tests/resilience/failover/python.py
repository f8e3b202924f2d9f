"""A virtual environment with Patroni that whoever runs PostgreSQL here can read, also where this process is root."""

import subprocess
import sys
from pathlib import Path

from tests.support.postgres.binaries import other_user

_LOCK = Path(__file__).parents[3] / "requirements" / "patroni.txt"
_CANDIDATES = ("/usr/bin/python3", "/usr/local/bin/python3", str(Path(sys.base_prefix) / "bin" / "python3"))


def make_patroni(folder: Path) -> Path:
    """The program `patroni`, installed below `folder`. Raises: RuntimeError; CalledProcessError."""
    place = folder / "python"
    _call(readable_python(), "-m", "venv", str(place))
    install = (
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--require-hashes",
        "--requirement",
        str(_LOCK),
    )
    _call(str(place / "bin" / "python"), "-m", "pip", *install)
    return place / "bin" / "patroni"


def readable_python() -> str:
    """A Python that the user who runs PostgreSQL may run too. Raises: RuntimeError where there is none."""
    wanted = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))"
    for candidate in _CANDIDATES:
        try:
            tried = subprocess.run([candidate, "-c", wanted], cwd="/", capture_output=True, check=False, **other_user())
        except OSError:
            continue
        if tried.returncode == 0:
            return candidate
    raise RuntimeError("expected a Python 3.11 or newer that every user of this machine can run, with venv")


def _call(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
