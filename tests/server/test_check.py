"""`check` means it: whatever is changed in a database in which people have lived, it says what and where."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.found import found
from tests.server.lived import lived_in
from tests.server.tampering import TABLES, Change, list_changes, make
from vault.server.__main__ import app

DATABASE = "vault.sqlite3"
MAY_BE_BLIND = {"apps", "enrolments", "tokens", "challenges", "attachments", "discarded_parts", "introductions"}


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str

    @property
    def members(self) -> dict[str, Any]:
        members: dict[str, Any] = json.loads(self.out)
        return members


def check(folder: Path, *options: str) -> Outcome:
    ran = CliRunner().invoke(app, ["check", "--data", str(folder), *options])
    return Outcome(ran.exit_code, ran.stdout)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lived") / "data"
    with lived_in(folder):
        pass
    return folder


@pytest.fixture
def copy(lived: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "copy"
    shutil.copytree(lived, folder)
    return folder


def test_a_life_in_which_nothing_was_changed_is_good(copy: Path) -> None:
    outcome = check(copy, "--json")
    assert outcome.code == 0, outcome.out
    assert outcome.members["good"] is True


@found("F38")
def test_every_single_change_of_every_table_is_found(lived: Path, tmp_path: Path) -> None:
    missed = []
    touched = set()
    blind = {(one["table"], column) for one in check(lived, "--json").members["blind"] for column in one["columns"]}
    for number, change in enumerate(list_changes(lived / DATABASE)):
        folder = tmp_path / str(number)
        shutil.copytree(lived, folder)
        if make(folder / DATABASE, change):
            touched.add((change.table, change.column))
            if not is_found(check(folder, "--json"), change) and (change.table, change.column) not in blind:
                missed.append(str(change))
        shutil.rmtree(folder)
    assert missed == []
    assert touched >= {(table.name, column.name) for table in TABLES for column in table.columns}


def is_found(outcome: Outcome, change: Change) -> bool:
    """Whether it says the table and the row, or a row that now takes its place."""
    rows = [row for row in outcome.members.get("rows", ()) if row["table"] == change.table]
    return outcome.code == 3 and bool(rows)
