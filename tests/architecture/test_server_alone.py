"""scripts/server-alone can fail: a server, or a test of it, that needs the client does not pass without it."""

from pathlib import Path

import pytest

from tests.architecture.trees import Tree, copy_tree

PASSING = "def test_the_whole_server_can_be_loaded() -> None:\n    import vault.server.app, vault.server.__main__"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """What the script needs, with one test in place of the server's own."""
    tree = copy_tree(
        tmp_path,
        "src",
        "migrations",
        "openapi",
        "alembic.ini",
        "scripts/_venv",
        "scripts/server-alone",
        "tests/conftest.py",
        "tests/support",
        "tests/engines.py",
    )
    tree.write("tests/server/test_alone.py", PASSING)
    return tree


def test_the_server_is_whole_without_client_and_auditor(tree: Tree) -> None:
    ran = tree.run("bash", "scripts/server-alone", "--numprocesses=0")
    assert ran.code == 0, ran.output
    assert "1 passed" in ran.output


def test_a_server_that_needs_the_client_fails_alone(tree: Tree) -> None:
    tree.write("src/vault/server/app.py", "import vault.client.device.clock")
    ran = tree.run("bash", "scripts/server-alone", "--numprocesses=0")
    assert ran.code == 1
    assert "No module named 'vault.client'" in ran.output


def test_a_test_of_the_server_that_needs_the_client_fails_alone(tree: Tree) -> None:
    tree.write("tests/server/test_alone.py", "def test_it() -> None:\n    import vault.client.device.clock")
    ran = tree.run("bash", "scripts/server-alone", "--numprocesses=0")
    assert ran.code == 1
    assert "No module named 'vault.client'" in ran.output
