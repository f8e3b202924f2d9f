"""`check` means it: whatever is changed in a database in which people have lived, it says what and where."""

import asyncio
import json
import shutil
import sqlite3
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from sqlalchemy import Connection, Table, select
from typer.testing import CliRunner

from tests.server.deployments import AUDIENCE, SECRETS, deployed
from tests.server.deployments import Deployment as Deployed
from tests.server.grown import grow
from tests.server.lived import BEFORE, STATEMENTS, UPLOADS, lived_in
from tests.server.replaying import deployment_of, silent
from tests.server.tampering import TABLES, Row, Tampering, list_tamperings, tampered
from tests.support.databases import POSTGRESQL, SQLITE
from vault.reconcile.everything import Deployment, reconcile
from vault.reconcile.findings import Finding
from vault.reconcile.ledger import LEDGER, list_blind
from vault.server.__main__ import app
from vault.server.commands import check as command
from vault.server.resources.attachments.content import find_wrong_content
from vault.server.storage.blob_store_folder import FolderBlobs
from vault.server.storage.engine import Storage
from vault.server.storage.records import DatabaseRecords
from vault.server.storage.schema import migrate
from vault.server.storage.tables import tiles

DATABASE = "vault.sqlite3"
DEPLOYMENT = Deployment(AUDIENCE, SECRETS.deployment(), SECRETS.tlog(AUDIENCE).verifier)
BLIND = {(each.table, column) for each in list_blind() for column in each.columns}
UNCHANGEABLE = {("tlog", "id")}
"""There is one row, and a constraint that it has this number."""
SAMPLE = 8
"""On PostgreSQL one change of so many."""


@dataclass(frozen=True)
class Lived:
    """A data folder that nobody changes, and its database open."""

    folder: Path
    storage: Storage

    def look(self, connection: Connection) -> list[Finding]:
        """What the command finds in rows and in content, within one transaction."""
        found = list(reconcile(DatabaseRecords(connection), DEPLOYMENT, silent))
        blobs = FolderBlobs(self.folder / "attachments")
        return found + asyncio.run(find_wrong_content(_Inside(connection), blobs, silent))


class _Inside(Storage):
    """A storage that is read within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def read(self, query: Any) -> Any:
        return query(self._connection)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, engine: str, request: pytest.FixtureRequest) -> Iterator[Lived]:
    folder = tmp_path_factory.mktemp("lived") / "data"
    url = f"sqlite:///{folder}/{DATABASE}"
    if engine == POSTGRESQL:
        url = request.getfixturevalue("postgres").new()
        with closing(Storage(url)) as storage:
            migrate(storage)
    with lived_in(folder, None if engine == SQLITE else url):
        pass
    with closing(Storage(url)) as storage:
        yield Lived(folder, storage)


def says(found: list[Finding], tampering: Tampering) -> bool:
    """Whether a finding names the table, and the row as it was or as it became."""
    return any(
        finding.table == tampering.table.name and names(finding, row) for finding in found for row in tampering.rows
    )


def names(finding: Finding, row: Row) -> bool:
    return all(row[name] == value for name, value in finding.key.items() if name in row)


def is_blind(tampering: Tampering) -> bool:
    """Whether the change is in the list that the command prints."""
    table = tampering.table.name
    columns = [tampering.column] if tampering.column else list(LEDGER[table].columns)
    is_of_upload = any(row.get("attachment") in UPLOADS for row in tampering.rows)
    is_gone = table == "introductions" and tampering.what == "delete from"
    return is_of_upload or is_gone or all((table, column) in BLIND for column in columns)


def test_a_life_in_which_nothing_was_changed_is_good(lived: Lived) -> None:
    with lived.storage.reading() as connection:
        assert [finding.sentence for finding in lived.look(connection)] == []
        assert DatabaseRecords(connection).count("statements") == STATEMENTS


@pytest.mark.slow
@pytest.mark.sampled(24)
@pytest.mark.parametrize("table", [table for table in TABLES if table is not tiles], ids=lambda table: table.name)
def test_every_single_change_of_a_table_is_found_where_it_is(lived: Lived, table: Table) -> None:
    require_found(lived, table, SAMPLE if not lived.storage.is_sqlite else 1)


def require_found(lived: Lived, table: Table, every: int) -> None:
    with lived.storage.reading() as connection:
        tamperings = list(list_tamperings(connection, table))
    changed, missed = set(), []
    for tampering in tamperings[::every]:
        with tampered(lived.storage, tampering) as connection:
            if connection is None:
                continue
            changed.add((table.name, tampering.column))
            if not is_blind(tampering) and not says(lived.look(connection), tampering):
                missed.append(str(tampering))
    assert missed == []
    if every == 1:
        assert changed >= {(table.name, column.name) for column in table.columns} - UNCHANGEABLE


@pytest.mark.slow
def test_every_single_change_of_the_tiles_is_found_where_it_is(tmp_path: Path) -> None:
    with deployed(tmp_path, now=BEFORE) as deployment:
        assert asyncio.run(grow(deployment, 1, 540)) == 548
        with deployment.context.storage.reading() as connection:
            assert len(connection.execute(select(tiles)).all()) == 2
        require_found(Lived(tmp_path, deployment.context.storage), tiles, 1)


def test_what_cannot_be_found_is_about_tokens_limits_challenges_uploads_and_the_operator() -> None:
    assert {each.table for each in list_blind()} == {
        "apps", "enrolments", "challenges", "tokens", "introductions", "attachments", "discarded_parts",
    }  # fmt: skip
    assert {column for table, column in BLIND if table == "attachments"} == {"touched"}
    assert {column for table, column in BLIND if table == "introductions"} == set()


# How long it takes, and in how much memory

LONG_STATEMENTS, LONG_SECONDS = 100_000, 120
"""What two cores have to do; it takes one of them half of that."""


def reconcile_all(deployment: Deployed) -> list[Finding]:
    with deployment.context.storage.reading() as connection:
        return list(reconcile(DatabaseRecords(connection), deployment_of(deployment.context), silent))


@contextmanager
def untraced() -> Iterator[None]:
    """Nothing looks at the lines that run meanwhile."""
    before = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(before)


@pytest.mark.slow
def test_a_hundred_thousand_statements_take_two_minutes_at_most(tmp_path: Path) -> None:
    with deployed(tmp_path, now=BEFORE) as deployment:
        statements = asyncio.run(grow(deployment, 8, 500))
        with untraced():  # what a tracer of coverage takes is not the check's
            began = process_time()
            assert reconcile_all(deployment) == []
            took = process_time() - began
    assert took / statements < LONG_SECONDS / LONG_STATEMENTS, f"{took:.1f} s of one core for {statements} statements"


@pytest.mark.slow
def test_memory_grows_with_the_longest_journal_and_not_with_their_number(tmp_path: Path) -> None:
    peaks = []
    for engagements in (7, 14):  # enough to fill what is read ahead
        folder = tmp_path / str(engagements)
        folder.mkdir()
        with deployed(folder, now=BEFORE) as deployment:
            asyncio.run(grow(deployment, engagements, 150))
            reconcile_all(deployment)  # what is kept once is not counted
            tracemalloc.start()
            assert reconcile_all(deployment) == []
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    few, many = peaks
    assert many < 1.5 * few, f"{few:,} and {many:,} bytes"


# The command


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def members(self) -> dict[str, Any]:
        members: dict[str, Any] = json.loads(self.out)
        return members


def check(folder: Path, *options: str) -> Outcome:
    ran = CliRunner().invoke(app, ["check", "--data", str(folder), *options])
    return Outcome(ran.exit_code, ran.stdout, ran.stderr)


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("life") / "data"
    with lived_in(folder):
        pass
    return folder


@pytest.fixture
def copy(life: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "copy"
    shutil.copytree(life, folder)
    return folder


def test_good_is_said_of_everything_with_the_list_of_what_was_not_looked_at(copy: Path) -> None:
    outcome = check(copy)
    assert (outcome.code, outcome.err) == (0, "")
    good, _, blind = outcome.out.partition("explained by no statement, and so not looked at:\n")
    names = ("secrets", "schema", "data ledger", "stored rows", "statements", "log", "attachments", "clock")
    assert good == "".join(f"{name}: good\n" for name in names)
    assert "  apps (app, key_sha256, disabled, made): it is the operator's own\n" in blind
    assert "  attachments: uploads that no item names yet, but for their length\n" in blind
    members = check(copy, "--json").members
    assert members["good"] is True
    assert members["rows"] == []
    assert {(each["table"], column) for each in members["blind"] for column in each["columns"]} == BLIND


_TWO_BLOBS = """
    UPDATE blobs SET blob = (SELECT blob FROM blobs AS other WHERE other.rowid = 3 - blobs.rowid) WHERE rowid < 3
"""
_NO_WITHDRAWAL = "UPDATE disclosures SET withdrawn = 0; DELETE FROM withdrawals"
_ROLES = """
    UPDATE memberships SET role = iif(role = 'coach', 'coachee', iif(role = 'coachee', 'coach', role))
"""
_PAYLOAD = """
    UPDATE statements SET payload = CAST(replace(CAST(payload AS TEXT), '"progress"', '"themes"') AS BLOB)
    WHERE type = 'disclosure'
"""
_SIGNATURE = """
    UPDATE statements SET signature = (SELECT signature FROM statements WHERE kind = 1 LIMIT 1) WHERE kind = 4
"""
_NEWEST = """
    DELETE FROM statements WHERE type = 'closure';
    UPDATE journals SET (seq, time, head) = (
        SELECT seq, time, head FROM statements
        WHERE statements.kind = 3 AND statements.subject = journals.subject ORDER BY seq DESC LIMIT 1
    ) WHERE kind = 3
"""
_JOURNAL = "DELETE FROM statements WHERE kind = 4; DELETE FROM journals WHERE kind = 4"
_ALL_OF_A_JOURNAL = """
    DELETE FROM statements WHERE kind = 4; DELETE FROM journals WHERE kind = 4; DELETE FROM leaves WHERE kind = 4;
    DELETE FROM openings WHERE of IN (SELECT statement FROM escalations); DELETE FROM escalations;
    DELETE FROM memberships WHERE role = 'contact'; DELETE FROM seals WHERE purpose = 4;
    DELETE FROM blobs WHERE substr(blob, 6, 1) = x'22'
"""
_OLDER = """
    UPDATE tlog SET checkpoint = (
        SELECT substr(receipt, instr(receipt, CAST(char(10, 10) AS BLOB)) + 2) FROM leaves WHERE leaf = 20
    )
"""
_SWEEP = "INSERT INTO discarded_parts SELECT engagement, place FROM attachment_parts LIMIT 1"
ATTACKS = {
    "two blobs are swapped": (_TWO_BLOBS, "blobs", "content-differs"),
    "a withdrawal is taken back": (_NO_WITHDRAWAL, "disclosures", "value-differs"),
    "roles are swapped": (_ROLES, "memberships", "value-differs"),
    "a payload says something else": (_PAYLOAD, "statements", "statement-id"),
    "a signature is another's": (_SIGNATURE, "statements", "signature-wrong"),
    "the newest statement is deleted, and its journal moved back": (_NEWEST, "leaves", "row-unexplained"),
    "a whole journal is deleted": (_JOURNAL, "leaves", "row-unexplained"),
    "a whole journal is deleted, with its leaves and all its rows": (_ALL_OF_A_JOURNAL, "leaves", "log-gap"),
    "the newest leaves are cut off": ("DELETE FROM leaves WHERE leaf > 49", "leaves", "row-missing"),
    "an older checkpoint is put back": (_OLDER, "tlog", "root-differs"),
    "bytes that an attachment needs are given to the sweep": (_SWEEP, "discarded_parts", "place-discarded"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_told_by_table_row_and_code_with_exit_code_3(copy: Path, attack: str) -> None:
    words, table, code = ATTACKS[attack]
    with closing(sqlite3.connect(copy / DATABASE)) as database:
        database.executescript(words)
    outcome = check(copy, "--json")
    assert outcome.code == 3
    assert (table, code) in {(row["table"], row["code"]) for row in outcome.members["rows"]}, outcome.out
    told = check(copy)
    assert told.code == 3
    assert f"({code})\n" in told.out


def test_content_that_is_gone_or_another_is_told_by_its_part(copy: Path) -> None:
    files = sorted(path for path in (copy / "attachments").rglob("*") if path.is_file())
    with closing(sqlite3.connect(copy / DATABASE)) as database:
        named = {bytes(row[0]).hex() for row in database.execute("SELECT place FROM attachment_parts")}
        uploads = {bytes(row[0]).hex() for row in database.execute(
            "SELECT place FROM attachment_parts NATURAL JOIN (SELECT engagement, attachment FROM attachments "
            "WHERE item IS NULL)"
        )}  # fmt: skip
    lost, changed, *_ = [path for path in files if path.name in named - uploads]
    lost.unlink()
    changed.write_bytes(bytes(len(changed.read_bytes())))
    outcome = check(copy, "--json")
    assert outcome.code == 3
    codes = {row["code"] for row in outcome.members["rows"] if row["table"] == "attachment_parts"}
    assert codes == {"content-lost", "content-differs"}
    assert outcome.members["findings"]["statements"] is None
    assert check(copy, "--quick").code == 3  # the length of what is lost


def test_quick_does_not_read_what_was_signed(copy: Path) -> None:
    with closing(sqlite3.connect(copy / DATABASE)) as database:
        database.executescript("UPDATE memberships SET role = 'coach'")
    assert check(copy).code == 3
    outcome = check(copy, "--quick", "--json")
    assert outcome.code == 0
    assert "statements" not in outcome.members["findings"]


def test_a_person_is_told_the_first_rows_and_how_many_more_there_are(copy: Path) -> None:
    with closing(sqlite3.connect(copy / DATABASE)) as database:
        database.executescript("DELETE FROM seals")
    outcome = check(copy)
    rows = [line for line in outcome.out.splitlines() if line.startswith("seals ")]
    assert len(rows) == 20
    assert "... and 12 more: --json lists up to 1,000 of each kind\n" in outcome.out


def test_without_secrets_nothing_is_said_to_be_good_that_was_not_looked_at(copy: Path) -> None:
    (copy / "secrets.toml").unlink()
    outcome = check(copy, "--json")
    assert outcome.code == 1
    findings = outcome.members["findings"]
    assert findings["secrets"] == findings["statements"] == findings["log"]
    assert "secrets.toml" in findings["log"]


def test_a_person_can_stop_it(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "reconcile", stop)
    outcome = check(copy)
    assert (outcome.code, outcome.out) == (130, "")
    assert outcome.err == "stopped before the end: nothing was changed, and of the rest nothing is said\n"
