"""A sample is chosen by its seed, and a whole run leaves nothing out."""

from pathlib import Path

import pytest

from tests.architecture.trees import Tree, copy_tree

CASES = """
import pytest

@pytest.mark.sampled(3)
@pytest.mark.parametrize("case", range(20))
def test_one(case: int) -> None:
    pass

def test_another() -> None:
    pass
"""


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A tree with one enumeration of twenty cases, and one test that is none."""
    tree = copy_tree(tmp_path, "tests/support/sampling.py")
    tree.write("tests/conftest.py", 'pytest_plugins = ["tests.support.sampling"]')
    tree.write("tests/test_cases.py", CASES)
    return tree


def ran(tree: Tree, *arguments: str) -> tuple[set[str], str]:
    """The tests that ran, and the last line."""
    done = tree.run("python", "-m", "pytest", "-v", "-p", "no:cacheprovider", *arguments, "tests")
    assert done.code == 0, done.output
    lines = done.output.splitlines()
    return {line.split(" ")[0] for line in lines if " PASSED" in line}, lines[-1]


def test_the_same_seed_chooses_the_same_cases_and_another_one_others(tree: Tree) -> None:
    chosen, closing = ran(tree, "--randomly-seed=7")
    assert len(chosen) == 4
    assert "17 deselected" in closing
    assert ran(tree, "--randomly-seed=7")[0] == chosen
    assert ran(tree, "--randomly-seed=8")[0] != chosen


def test_all_processes_of_a_run_choose_the_same(tree: Tree) -> None:
    assert "4 passed" in ran(tree, "-n", "2")[1]


def test_a_whole_run_leaves_nothing_out(tree: Tree) -> None:
    assert "21 passed" in ran(tree, "--whole")[1]
