"""One idea a file: no module is longer than what can be read in one go, and none has a name that says nothing."""

import pytest

from tests.architecture.trees import ROOT, list_files, list_modules

MAXIMUM_LINES = 400
EMPTY_NAMES = {"base", "common", "helpers", "manager", "misc", "service", "util", "utils"}


def test_no_file_of_the_package_is_longer_than_400_lines() -> None:
    longer = {
        str(path.relative_to(ROOT)): lines
        for path in list_files("src")
        if path.suffix in {".py", ".sql"}
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > MAXIMUM_LINES
    }
    assert longer == {}, "split by idea"


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [path for path in list_modules("src", "tests") if path.stem in EMPTY_NAMES] == []


@pytest.mark.parametrize("folder", ["src/vault"])
def test_the_package_itself_is_empty_so_that_the_server_can_import_it(folder: str) -> None:
    assert (ROOT / folder / "__init__.py").read_bytes() == b""


def test_every_package_says_so_or_contracts_would_not_see_it() -> None:
    folders = {path.parent for path in list_modules("src/vault")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []
