"""A copy of the tree to sabotage, and the real tools to run in it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent

_LEFT_OUT = shutil.ignore_patterns("__pycache__", "node_modules", ".*")


@dataclass(frozen=True)
class Ran:
    """What a tool left: its exit code, and all that it printed."""

    code: int
    output: str


@dataclass(frozen=True)
class Tree:
    """A copy of what the tools look at; what is written here harms nobody."""

    root: Path

    def write(self, name: str, text: str) -> None:
        """Add `text` at the end of the file `name`, which is made, with its packages, where it is missing."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        for folder in path.relative_to(self.root / "src/vault").parents[:-1] if name.startswith("src/vault/") else ():
            (self.root / "src/vault" / folder / "__init__.py").touch()
        with path.open("a", encoding="utf-8") as file:
            file.write(f"\n{text}\n")

    def replace(self, name: str, old: str, new: str) -> None:
        """Put `new` where `old` stands once in the file `name`."""
        path = self.root / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"expected {old!r} once in {name}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def run(self, *command: str) -> Ran:
        """Run a tool of this virtual environment on the copy."""
        # The editable installation points at the real tree: the copy's package has to come first.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
        environment |= {"PYTHONPATH": str(self.root / "src"), "NO_COLOR": "1", "COLUMNS": "200"}
        environment |= {"COACH_VAULT_VENV": str(TOOLS.parent), "PATH": f"{TOOLS}{os.pathsep}{environment['PATH']}"}
        done = subprocess.run(
            command,
            cwd=self.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return Ran(done.returncode, done.stdout + done.stderr)


def copy_tree(target: Path, *names: str) -> Tree:
    """A copy of pyproject.toml and of the named folders and files under `target`."""
    for name in ("pyproject.toml", *names):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=_LEFT_OUT)
        elif (ROOT / name).exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    return Tree(target)


def list_files(*folders: str) -> Iterator[Path]:
    """Every file of ours below `folders`, in order; what tools leave behind is left out."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            parts = path.relative_to(ROOT).parts
            if path.is_file() and not {"__pycache__", "node_modules"} & set(parts):
                yield path


def list_modules(*folders: str) -> Iterator[Path]:
    """Every Python module below `folders`, and the Python scripts among the files that have no ending."""
    for path in list_files(*folders):
        if path.suffix == ".py" or (not path.suffix and path.read_bytes().startswith(b"#!/usr/bin/env python")):
            yield path
