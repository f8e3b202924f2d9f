"""The objects for a thread are those for a loop, without `async` and `await`: they are made, never written by hand."""

import sys
from pathlib import Path

from tests.architecture.trees import ROOT, Tree

FOLDER = "src/vault/client/sdk"


def check(tree: Tree) -> int:
    """The exit code of the check, run on that tree."""
    return tree.run(sys.executable, "scripts/make-synchronous", "--check").code


def copy(folder: Path) -> Tree:
    """The few files that the check looks at, and what formats them."""
    for name in ("scripts/make-synchronous", "pyproject.toml"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((ROOT / name).read_bytes())
    for path in (ROOT / FOLDER).rglob("*.py"):
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return Tree(folder)


def test_the_synchronous_objects_are_made_from_the_asynchronous_ones(tmp_path: Path) -> None:
    assert check(copy(tmp_path)) == 0


def test_a_synchronous_object_that_was_changed_by_hand_is_noticed(tmp_path: Path) -> None:
    tree = copy(tmp_path)
    (tmp_path / FOLDER / "synchronous/people.py").write_text("# by hand\n")
    assert check(tree) == 1
