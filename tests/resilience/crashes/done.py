"""What was played already: one line a stop, in a file that belongs to one tree, so that a long run can be resumed."""

import hashlib
import json
import subprocess
from pathlib import Path

_ROOT = Path(__file__).parents[3]
_FOLDER = _ROOT / ".crashes"


class Done:
    """The file. Several processes may add to it."""

    def __init__(self, path: Path) -> None:
        """It need not be there yet."""
        self.path = path

    @classmethod
    def of_this_tree(cls) -> "Done":
        """Of the newest commit and of whatever has changed since."""
        commit = _git("rev-parse", "HEAD").strip()
        changes = _git("diff", "HEAD", "--", "src", "tests")
        more = "" if not changes else "-" + hashlib.sha256(changes.encode()).hexdigest()[:12]
        _FOLDER.mkdir(exist_ok=True)
        return cls(_FOLDER / f"{commit[:12]}{more}.jsonl")

    def add(self, name: str, problem: str | None) -> None:
        """One more stop was played."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"stop": name, "problem": problem}) + "\n")

    def read(self) -> dict[str, str | None]:
        """What was wrong by the name of each stop, None where nothing was."""
        if not self.path.exists():
            return {}
        lines = [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]
        return {line["stop"]: line["problem"] for line in lines}


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=_ROOT, check=True, capture_output=True, text=True).stdout
