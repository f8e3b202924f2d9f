"""Scripts stand on tests/support and nothing else of tests; tests import no scripts, and run them by their commands."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.trees import ROOT, list_modules

SUPPORT = "tests.support"
FORBIDDEN = {"scripts": ("tests",), "tests": ("scripts",), "tests/support": ("tests", "scripts")}
"""For each folder, whose modules nothing in it imports, tests.support excepted."""


def list_imported(text: str) -> Iterator[str]:
    """Every module that a file names in an import, wherever in the file."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def find_forbidden(text: str, packages: tuple[str, ...]) -> list[str]:
    """What a file imports of the packages, but for what everybody may."""
    return [
        name
        for name in list_imported(text)
        if name.split(".")[0] in packages and not f"{name}.".startswith(f"{SUPPORT}.")
    ]


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_nobody_imports_what_is_not_theirs(folder: str) -> None:
    found = {
        str(path.relative_to(ROOT)): names
        for path in list_modules(folder)
        if (names := find_forbidden(Path(path).read_text(encoding="utf-8"), FORBIDDEN[folder]))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("folder", "line"),
    [
        ("scripts", "from tests.server.world import World"),
        ("scripts", "from tests import server"),
        ("scripts", "def late():\n    import tests.server.world as world"),
        ("scripts", "from tests.supporters import world"),
        ("tests", "from scripts.growth import assumptions"),
        ("tests", "import scripts.growth"),
        ("tests/support", "from tests.server.world import World"),
    ],
)
def test_each_import_that_is_not_theirs_is_found(folder: str, line: str) -> None:
    assert len(find_forbidden(line, FORBIDDEN[folder])) == 1


@pytest.mark.parametrize("line", ["from tests.support import postgres", "from tests.support.authoring import write"])
def test_everybody_may_stand_on_support(line: str) -> None:
    assert [find_forbidden(line, packages) for packages in FORBIDDEN.values()] == [[], [], []]
