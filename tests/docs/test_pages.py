"""Pages that are made from code are fresh, and all pages together make a site in which every link leads somewhere."""

from pathlib import Path

import pytest

from tests.architecture.trees import ROOT, Tree, copy_tree

SITE = ("src", "docs", "scripts/_venv", "scripts/docs", "scripts/pages")
TOP = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE")


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """All that the pages are made of; what they name without being pages is there by name."""
    tree = copy_tree(tmp_path / "tree", *SITE, *TOP)
    for folder in ("tests/vectors", "tests/interop", "tests/policy"):
        (tree.root / folder).mkdir(parents=True)
    (tree.root / "tests/policy/table.csv").touch()
    return tree


def test_the_pages_made_from_code_say_what_the_code_says(tree: Tree) -> None:
    ran = tree.run("bash", "scripts/docs", "--check")
    assert ran.code == 0, ran.output


@pytest.mark.parametrize(
    ("file", "said", "page"),
    [
        ("src/vault/client/errors.py", "class UsageError", "docs/sdk.md"),
        ("src/vault/server/commands/sweep.py", "def sweep", "docs/cli.md"),
    ],
)
def test_a_page_that_says_something_else_than_the_code_is_found(tree: Tree, file: str, said: str, page: str) -> None:
    path = tree.root / file
    before, found, after = path.read_text(encoding="utf-8").partition(said)
    assert found
    path.write_text(before + found + after.replace('"""', '"""Otherwise. ', 1), encoding="utf-8")
    ran = tree.run("bash", "scripts/docs", "--check")
    assert ran.code == 1
    assert page in ran.output
    assert "Traceback" not in ran.output
    assert tree.run("bash", "scripts/docs", "--write").code == 0
    assert tree.run("bash", "scripts/docs", "--check").code == 0


def test_every_page_is_on_the_site(tree: Tree, tmp_path: Path) -> None:
    ran = tree.run("bash", "scripts/docs", str(tmp_path / "site"))
    assert ran.code == 0, ran.output
    pages = [path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")]
    for page in (*pages, Path("contributing.md"), Path("security.md"), Path("changelog.md")):
        assert (tmp_path / "site" / page.with_suffix(".html")).exists()


@pytest.mark.parametrize("link", ["[it](nowhere.md)", "[it](protocol.md#nowhere)", "[it](#nowhere)"])
def test_a_link_that_leads_nowhere_makes_no_site(tree: Tree, tmp_path: Path, link: str) -> None:
    tree.write("docs/limits.md", f"See {link}.")
    ran = tree.run("bash", "scripts/docs", str(tmp_path / "site"))
    assert ran.code == 1
    assert "nowhere" in ran.output
    assert "limits.md" in ran.output
    assert "Traceback" not in ran.output


def test_a_folder_that_holds_something_else_is_left_alone(tree: Tree, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/letter.txt").touch()
    ran = tree.run("bash", "scripts/docs", str(tmp_path / "mine"))
    assert ran.code == 1
    assert (tmp_path / "mine/letter.txt").exists()
