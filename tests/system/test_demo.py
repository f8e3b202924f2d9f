"""scripts/demo as a newcomer runs it: on the sample notes, on anybody's folder, and what makes it fail."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.trees import ROOT
from tests.support.postgres.databases import IS_THERE
from tests.support.thief.loot import Verdict
from tests.support.thief.promises import Refusal, list_failures
from tests.support.thief.search import Found
from tests.support.thief.tables import digest, values
from vault.protocol.problems import PROBLEMS

NOTES = ROOT / "scripts/demonstration/notes"


def run_demo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    surroundings = {**os.environ, "COACH_VAULT_VENV": sys.prefix, "NO_COLOR": "1", "COLUMNS": "100"}
    command = [str(ROOT / "scripts/demo"), "--json", "figures.json", *arguments]
    return subprocess.run(command, cwd=folder, env=surroundings, capture_output=True, text=True, check=False)


def read_figures(folder: Path) -> dict[str, Any]:
    figures: dict[str, Any] = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    return figures


def require_all_as_promised(run: subprocess.CompletedProcess[str], figures: dict[str, Any]) -> None:
    assert run.returncode == 0, run.stderr
    assert "Traceback" not in run.stderr
    assert "\x1b" not in run.stdout
    for refusal in figures["refusals"]:
        assert PROBLEMS[refusal["code"]].status == refusal["status"]
    found = figures["search"]
    assert found["found"] == 0
    assert found["control_found"] == found["control_planted"] == found["places"] * found["spellings"]


ENGINES = [(), pytest.param(("--postgres",), marks=pytest.mark.skipif(not IS_THERE, reason="no PostgreSQL is there"))]


@pytest.mark.slow
@pytest.mark.parametrize("arguments", ENGINES, ids=["SQLite", "PostgreSQL"])
def test_the_sample_notes_are_kept_and_everybody_else_is_refused(arguments: tuple[str, ...], tmp_path: Path) -> None:
    run = run_demo(tmp_path, "--quiet", *arguments)
    figures = read_figures(tmp_path)
    require_all_as_promised(run, figures)
    assert run.stderr == ""
    files = list(NOTES.iterdir())
    assert (figures["files"], figures["people"]) == (len(files), 4)
    assert figures["bytes"] == sum(path.stat().st_size for path in files)
    lines = {line.strip() for path in files for line in path.read_text(encoding="utf-8").splitlines()}
    assert figures["lines"] == sum(len(line) >= 12 for line in lines)
    assert figures["statements"] > len(files)
    assert len(figures["refusals"]) >= 16
    assert len({refusal["code"] for refusal in figures["refusals"]}) >= 16
    assert len({refusal["who"] for refusal in figures["refusals"]}) >= 6
    for who in ("Ana, HR sponsor", "Lena, coach", "the coaching app's key", "What this does not show"):
        assert who in run.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["figures.json"]


def make_nasty(folder: Path) -> None:
    """What lies in the folders of other people."""
    folder.mkdir()
    contents = {
        "a note.txt": b"an ordinary line of text\n",
        "binary.bin": bytes(range(256)) * 8,
        "empty.txt": b"",
        "large.txt": b"x y z and so on\n" * 327_680,
        "mark.txt": b"\xef\xbb\xbfa line behind a mark\n",
        "nearly.bin": b"\x80" * 262_144,
        "odd\nname [red].txt": b"a file with an odd name\n",
        "sixteen.txt": "a line in sixteen bits\n".encode("utf-16"),
        "windows.txt": b"the first line\r\nthe second line\r\n",
        "zeros.bin": bytes(9_000),
        "schema.txt": b"CREATE TABLE statements\n",
        "one line.txt": b"word and " * 20_000,
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / os.fsdecode(b"no \xff utf-8.txt")).write_bytes(b"a name that is no text")
    (folder / "below").mkdir()
    (folder / "below" / "deeper.txt").write_bytes(b"a note in a folder below\n")
    (folder / ".hidden").write_bytes(b"a hidden file of somebody's")
    (folder / "nowhere").symlink_to("does-not-exist")
    (folder / "loop").symlink_to(".")
    os.mkfifo(folder / "pipe")


@pytest.mark.slow
def test_every_oddity_of_a_folder_gets_a_sentence_and_the_rest_goes_on(tmp_path: Path) -> None:
    make_nasty(tmp_path / "nasty")
    run = run_demo(tmp_path, "--sessions", "nasty")
    figures = read_figures(tmp_path)
    require_all_as_promised(run, figures)
    assert figures["files"] == 12
    for sentence in (
        "binary.bin: is no UTF-8 text; its bytes are sealed as they are",
        "empty.txt: is empty;",
        "large.txt: 5,242,880 bytes are too large for a note, which holds 262,144: left out",
        "mark.txt: begins with a byte order mark",
        "nearly.bin: too large for a note once its name stands beside it: left out",
        "odd\N{REPLACEMENT CHARACTER}name [red].txt: has an odd name",
        "no \N{REPLACEMENT CHARACTER} utf-8.txt: has an odd name",
        "sixteen.txt: begins with a byte order mark",
        "windows.txt: has Windows line ends",
        "1 hidden in .: left out",
        "nowhere: a link: left out",
        "loop: a link: left out",
        "pipe: not a file: left out",
        "of the lines stand in an empty server or its public description too: left out",
        "Marek opened 12 notes: every byte is the same",
    ):
        assert sentence in run.stderr


def test_a_folder_without_files_is_one_sentence_and_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    run = run_demo(tmp_path, "--sessions", "empty", "--quiet")
    assert run.returncode == 1
    assert "at least one file" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("arguments", [("--sessions", "nowhere"), ("--json", "nowhere/figures.json")])
def test_a_path_that_is_not_there_is_a_usage_error(arguments: tuple[str, str], tmp_path: Path) -> None:
    run = run_demo(tmp_path, *arguments)
    assert run.returncode == 2
    assert "Traceback" not in run.stderr


REFUSAL = Refusal("Ana", "asks for the journal", 404, "not-found", "not-found", unchanged=True)
VERDICT = Verdict([], places=("server log",), lines=1, searched_bytes=1, control_planted=1, control_found=1, missed=[])


def test_promises_that_were_kept_are_no_failures() -> None:
    assert list_failures([REFUSAL], True, VERDICT) == []


@pytest.mark.parametrize(
    "bad",
    [
        (replace(REFUSAL, status=200, code=""), True, VERDICT),
        (replace(REFUSAL, status=403), True, VERDICT),
        (replace(REFUSAL, code="role-refused"), True, VERDICT),
        (replace(REFUSAL, unchanged=False), True, VERDICT),
        (REFUSAL, False, VERDICT),
        (REFUSAL, True, replace(VERDICT, found=[Found("server log", 0, "raw", 3)])),
        (REFUSAL, True, replace(VERDICT, control_found=0, missed=[("server log", "raw")])),
    ],
    ids=["served", "another status", "another code", "tables changed", "second effect", "line found", "control missed"],
)
def test_every_promise_can_fail(bad: tuple[Refusal, bool, Verdict]) -> None:
    refusal, repeats_hold, verdict = bad
    assert len(list_failures([refusal], repeats_hold, verdict)) == 1


@pytest.mark.parametrize(
    "change", ["UPDATE t SET b = x'01'", "DELETE FROM t", "INSERT INTO t VALUES (2, x'00')", "CREATE TABLE u (c)"]
)
def test_the_digest_of_all_tables_sees_every_change(change: str, tmp_path: Path) -> None:
    path = tmp_path / "some.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE t (a INTEGER, b BLOB); INSERT INTO t VALUES (1, x'00')")
        before = digest(f"sqlite:///{path}")
        assert digest(f"sqlite:///{path}") == before
        connection.executescript(change)
    assert digest(f"sqlite:///{path}") != before


def test_values_are_whole_where_the_file_tears_them_apart(tmp_path: Path) -> None:
    path = tmp_path / "some.sqlite3"
    text = "".join(f"{number}," for number in range(4_000))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (a TEXT)")
        connection.execute("INSERT INTO t VALUES (?)", (text,))
        connection.commit()
    assert text.encode() not in path.read_bytes()
    assert text.encode() in values(f"sqlite:///{path}")
