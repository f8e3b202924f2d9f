"""Nobody else on the machine reads who works with whom: every file is its owner's, whatever the umask."""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.server.operating import Operator
from vault.server.storage.engine import Storage

OTHERS = 0o077
OPEN_UMASKS = (0o000, 0o022, 0o002)


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def find_open(*places: Path) -> dict[str, str]:
    """Each file and folder at and below `places` that others may do something with, and its mode."""
    paths = [path for place in places for path in (place, *place.rglob("*"))]
    assert len(paths) > len(places)
    return {path.name: f"{path.stat().st_mode & 0o777:o}" for path in paths if path.stat().st_mode & OTHERS}


@pytest.mark.parametrize("mask", OPEN_UMASKS, ids=oct)
def test_what_init_makes_is_its_owners_alone(operator: Operator, mask: int) -> None:
    with umask(mask):
        assert operator.run("init", operator.folder).code == 0
    assert find_open(operator.folder) == {}


@pytest.mark.parametrize("mask", OPEN_UMASKS, ids=oct)
def test_the_files_beside_an_open_database_are_its_owners_alone(operator: Operator, mask: int) -> None:
    with umask(mask):
        operator.run("init", operator.folder)
        with closing(Storage(f"sqlite:///{operator.folder / 'vault.sqlite3'}")) as storage, storage.writing():
            assert {path.name for path in operator.folder.glob("*-*")} == {"vault.sqlite3-wal", "vault.sqlite3-shm"}
            assert find_open(operator.folder) == {}


@pytest.mark.parametrize("mask", OPEN_UMASKS, ids=oct)
def test_a_backup_and_what_is_restored_from_it_are_their_owners_alone(
    operator: Operator, tmp_path: Path, mask: int
) -> None:
    elsewhere = tmp_path / "elsewhere"
    with umask(mask):
        operator.run("init", operator.folder)
        assert operator.at_data("backup", tmp_path / "backup").code == 0
        elsewhere.mkdir(mode=0o700)
        for name in ("server.toml", "secrets.toml"):
            shutil.copy2(operator.folder / name, elsewhere)
        assert operator.run("restore", tmp_path / "backup", "--data", elsewhere).code == 0
        assert operator.run("check", "--data", elsewhere).code == 0
    assert find_open(tmp_path / "backup", elsewhere) == {}


def test_an_open_folder_that_is_empty_is_closed_by_init(operator: Operator) -> None:
    operator.folder.mkdir()
    operator.folder.chmod(0o755)
    assert operator.run("init", operator.folder).code == 0
    assert find_open(operator.folder) == {}


def test_an_open_folder_that_holds_something_is_refused_with_what_to_do(operator: Operator) -> None:
    operator.folder.mkdir()
    operator.folder.chmod(0o755)
    (operator.folder / "index.html").touch()
    outcome = operator.run("init", operator.folder)
    assert (outcome.code, outcome.err.count("\n")) == (1, 1)
    assert "chmod 700" in outcome.err
    assert [path.name for path in operator.folder.iterdir()] == ["index.html"]
    operator.folder.chmod(0o700)
    assert operator.run("init", operator.folder).code == 0


def test_a_folder_of_somebody_else_is_refused_with_what_to_do(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator.folder.mkdir()
    operator.folder.chmod(0o755)
    monkeypatch.setattr(Path, "chmod", _refused)
    outcome = operator.run("init", operator.folder)
    assert (outcome.code, outcome.err.count("\n")) == (1, 1)
    assert "owner" in outcome.err
    assert list(operator.folder.iterdir()) == []


def test_a_database_that_was_open_to_others_is_closed_when_it_is_opened(ready: Operator) -> None:
    database = ready.folder / "vault.sqlite3"
    database.chmod(0o644)
    assert ready.at_data("check").code == 0
    assert database.stat().st_mode & OTHERS == 0


def _refused(*_: object, **__: object) -> None:
    raise PermissionError(1, "Operation not permitted")
