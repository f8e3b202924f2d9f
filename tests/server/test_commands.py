"""The operator's command, run as a person runs it: a process, its two outputs, its exit code."""

import json
import os
import signal
import socket
import sqlite3
import tomllib
from contextlib import closing
from dataclasses import astuple
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from tests.server.operating import Operator
from tests.server.serving import WAIT_SECONDS, started, wait_until_ready
from vault.server.__main__ import app
from vault.server.secrets_file import SECRETS_FILE, Secrets, SecretsError, read_secrets, write_secrets
from vault.server.settings import SETTINGS_FILE, SettingsError, load_settings


def test_init_makes_a_folder_that_its_owner_alone_can_read(operator: Operator) -> None:
    outcome = operator.run("init", operator.folder, "--url", "https://vault.example")
    assert outcome.code == 0
    assert "audience vault.example/log" in outcome.out
    assert "published where people can compare it: vault.example/log+" in outcome.err
    assert operator.folder.stat().st_mode & 0o077 == 0
    for name in (SETTINGS_FILE, SECRETS_FILE):
        assert (operator.folder / name).stat().st_mode & 0o077 == 0
    settings = load_settings(operator.folder)
    assert (settings.url, settings.audience) == ("https://vault.example", "vault.example/log")
    assert operator.at_data("check").code == 0


def test_two_deployments_have_no_secret_in_common(operator: Operator, tmp_path: Path) -> None:
    for name in ("one", "two"):
        operator.run("init", tmp_path / name)
    one, two = (read_secrets(tmp_path / name) for name in ("one", "two"))
    assert len({*astuple(one), *astuple(two)}) == 6
    assert one.deployment().account != two.deployment().account
    assert one.server_secret.hex() not in repr(one)


def test_no_secret_lies_in_the_database(ready: Operator) -> None:
    members = tomllib.loads((ready.folder / SECRETS_FILE).read_text())
    raw = (ready.folder / "vault.sqlite3").read_bytes()
    secrets = read_secrets(ready.folder)
    for secret in (
        *astuple(secrets),
        *(value.encode() for value in members.values()),
    ):
        assert secret not in raw


def test_init_overwrites_nothing(ready: Operator) -> None:
    before = {path.name: path.read_bytes() for path in ready.folder.iterdir()}
    outcome = ready.run("init", ready.folder)
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == "error: that is a data folder already; nothing in it is ever overwritten\n"
    assert {path.name: path.read_bytes() for path in ready.folder.iterdir()} == before


@pytest.mark.parametrize(
    "options",
    [
        ("--url", "http://vault.example"), ("--url", "vault.example"), ("--url", "https://vault.example/"),
        ("--url", "https://Vault.example"), ("--url", "https://vault.example:443"), ("--audience", "with space"),
        ("--database", "sqlite:////nowhere/at/all.sqlite3"), ("--database", "nonsense"),
        ("--database", "postgresql://nobody@127.0.0.1:1/none"),
    ],
)  # fmt: skip
def test_a_refused_init_leaves_nothing_behind(operator: Operator, options: tuple[str, str]) -> None:
    outcome = operator.run("init", operator.folder, *options)
    assert outcome.code == 1
    assert outcome.err.startswith("error: ")
    assert outcome.err.count("\n") == 1
    assert not operator.folder.exists()


def test_an_app_is_made_listed_rotated_and_disabled(ready: Operator) -> None:
    key = ready.at_data("apps", "create", "acme").out.strip()
    assert key.startswith("cva_")
    assert ready.at_data("apps", "list").out == "acme  0 issued, 0 joined, 0 open\n"
    rotated = json.loads(ready.at_data("apps", "rotate", "acme", "--json").out)
    assert rotated["key"] != key
    assert ready.at_data("apps", "disable", "acme").code == 0
    assert ready.at_data("apps", "list").out == "acme  0 issued, 0 joined, 0 open, disabled\n"
    listed = json.loads(ready.at_data("apps", "list", "--json").out)["data"]
    assert [(row["app"], row["disabled"]) for row in listed] == [("acme", True)]
    outcome = ready.at_data("enrolments", "create", "acme")
    assert (outcome.code, outcome.out) == (1, "")
    assert "disabled" in outcome.err
    assert ready.at_data("apps", "rotate", "acme").code == 0
    assert ready.at_data("enrolments", "create", "acme").out.startswith("cve_")


def test_the_version_is_printed(operator: Operator) -> None:
    assert operator.run("--version").out.count(".") == 2


@pytest.mark.parametrize(
    "arguments", [("apps", "rotate", "none"), ("apps", "disable", "none"), ("enrolments", "create", "none")]
)
def test_an_app_that_is_not_there_is_one_line_and_a_hint(ready: Operator, arguments: tuple[str, ...]) -> None:
    outcome = ready.at_data(*arguments)
    assert (outcome.code, outcome.err) == (1, "error: there is no app of that slug; see `apps list`\n")
    outcome = ready.at_data(*arguments, "--json")
    assert json.loads(outcome.out) == {"error": "there is no app of that slug; see `apps list`"}


def test_an_enrolment_token_is_printed_alone(ready: Operator) -> None:
    ready.at_data("apps", "create", "acme")
    outcome = ready.at_data("enrolments", "create", "acme")
    assert outcome.out.startswith("cve_")
    assert outcome.out.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [(), ("nonsense",), ("apps",), ("apps", "create"), ("serve", "--port", "0"), ("init", "--wrong")]
)
def test_wrong_usage_is_exit_code_two(operator: Operator, arguments: tuple[str, ...]) -> None:
    assert operator.run(*arguments).code == 2


@pytest.mark.parametrize("command", ["serve", "check", "migrate"])
def test_a_folder_without_settings_is_told_what_to_do(operator: Operator, command: str) -> None:
    outcome = operator.at_data(command)
    assert outcome.code == 1
    assert "coach-vault-server init" in outcome.err


def test_the_server_listens_beyond_loopback_only_behind_a_proxy(ready: Operator) -> None:
    outcome = ready.at_data("serve", "--host", "0.0.0.0")
    assert outcome.code == 1
    assert "behind_tls_proxy" in outcome.err


def test_a_port_that_is_taken_is_one_line(ready: Operator, unused_tcp_port: int) -> None:
    with socket.create_server(("127.0.0.1", unused_tcp_port)):
        outcome = ready.at_data("serve", "--port", unused_tcp_port)
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith(f"error: nothing can listen on 127.0.0.1:{unused_tcp_port}")
    assert "--port" in outcome.err


def test_a_database_at_another_revision_is_not_served(ready: Operator) -> None:
    with closing(sqlite3.connect(ready.folder / "vault.sqlite3")) as database:
        database.execute("UPDATE alembic_version SET version_num = 'older'")
        database.commit()
    assert "coach-vault-server migrate" in ready.at_data("serve").err
    outcome = ready.at_data("check", "--json")
    assert outcome.code == 1
    assert "migrate" in json.loads(outcome.out)["findings"]["schema"]


def test_check_finds_a_column_that_nobody_declared(ready: Operator) -> None:
    with closing(sqlite3.connect(ready.folder / "vault.sqlite3")) as database:
        database.execute("ALTER TABLE accounts ADD COLUMN name TEXT")
        database.commit()
    outcome = ready.at_data("check")
    assert outcome.code == 3
    assert "data ledger: " in outcome.out


def test_check_finds_rows_that_break_a_constraint(ready: Operator) -> None:
    with closing(sqlite3.connect(ready.folder / "vault.sqlite3")) as database:
        database.execute("PRAGMA ignore_check_constraints = ON")
        database.execute("INSERT INTO accounts VALUES (x'00', 1)")
        database.commit()
    outcome = ready.at_data("check")
    assert outcome.code == 3
    assert "stored rows: the database is damaged" in outcome.out


def test_check_finds_attachments_that_the_store_has_lost(ready: Operator) -> None:
    with closing(sqlite3.connect(ready.folder / "vault.sqlite3")) as database:
        database.execute(
            "INSERT INTO attachments (engagement, attachment, uploader, touched, uploaded, size, sha256, item) "
            "VALUES (zeroblob(16), zeroblob(16), zeroblob(32), 1, 5, 5, zeroblob(32), zeroblob(16))"
        )
        database.execute(
            "INSERT INTO attachment_parts (engagement, attachment, number, place, size, sha256, stored) "
            "VALUES (zeroblob(16), zeroblob(16), 1, zeroblob(16), 5, zeroblob(32), 1)"
        )
        database.commit()
    outcome = ready.at_data("check", "--quick")
    assert outcome.code == 3
    assert "attachments: 1 parts of attachments are not in the blob store" in outcome.out
    outcome = ready.at_data("check")
    assert outcome.code == 3
    assert "attachments: 1 findings, listed below" in outcome.out
    assert "column place: the blob store does not have these bytes (content-lost)" in outcome.out


def test_the_sweep_takes_away_what_nobody_has_named_in_time(ready: Operator) -> None:
    place = ready.folder / "attachments" / ("00" * 16) / ("00" * 16)
    place.parent.mkdir(parents=True)
    place.write_bytes(b"bytes")
    with closing(sqlite3.connect(ready.folder / "vault.sqlite3")) as database:
        database.execute(
            "INSERT INTO attachments (engagement, attachment, uploader, touched, uploaded, size, sha256, item) "
            "VALUES (zeroblob(16), zeroblob(16), zeroblob(32), 1, 5, NULL, NULL, NULL)"
        )
        database.execute(
            "INSERT INTO attachment_parts (engagement, attachment, number, place, size, sha256, stored) "
            "VALUES (zeroblob(16), zeroblob(16), 1, zeroblob(16), 5, zeroblob(32), 1)"
        )
        database.commit()
    outcome = ready.at_data("sweep", "--json")
    assert (outcome.code, json.loads(outcome.out)) == (0, {"uploads": 1, "parts": 1})
    assert not place.exists()
    assert json.loads(ready.at_data("sweep", "--json").out) == {"uploads": 0, "parts": 0}


def test_check_finds_a_clock_that_was_set_back(ready: Operator) -> None:
    with closing(sqlite3.connect(ready.folder / "vault.sqlite3")) as database:
        values = "(1, zeroblob(32), 1, 9000000000, zeroblob(32), zeroblob(32))"
        database.execute(f"INSERT INTO journals (kind, subject, seq, time, head, salt) VALUES {values}")
        database.commit()
    outcome = ready.at_data("check", "--quick")
    assert outcome.code == 1
    assert "seconds behind the newest journal entry" in outcome.out


@pytest.mark.parametrize(
    "text",
    [
        "",
        'server_secret = "AAAA"\ndeployment_sign_seed = "AAAA"\nlog_sign_seed = "AAAA"\n',
        "server_secret = 1\ndeployment_sign_seed = 2\nlog_sign_seed = 3\n",
        "[",
        "x = 1",
    ],
)
def test_a_secrets_file_of_another_form_is_refused(ready: Operator, text: str) -> None:
    (ready.folder / SECRETS_FILE).write_text(text)
    outcome = ready.at_data("serve")
    assert outcome.code == 1
    assert SECRETS_FILE in outcome.err


def test_a_secrets_file_that_others_can_read_is_refused(ready: Operator) -> None:
    (ready.folder / SECRETS_FILE).chmod(0o644)
    with pytest.raises(SecretsError, match="chmod 600"):
        read_secrets(ready.folder)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("url = 7\ndatabase = 'sqlite:///x'\n", "url"), ("url = 'http://localhost'\n", "database"),
        ("url = 'http://localhost'\ndatabase = 'sqlite:///x'\nunknown = 1\n", "unknown"), ("not toml", "line 1"),
        ("url = 'http://localhost'\ndatabase = 'sqlite:///x'\n[limits]\nwrites_per_minute = 0\n", "writes_per_minute"),
    ],
)  # fmt: skip
def test_a_setting_that_is_wrong_is_named(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / SETTINGS_FILE).write_text(text)
    with pytest.raises(SettingsError, match=named):
        load_settings(tmp_path)


def test_the_environment_wins_over_the_file(ready: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COACH_VAULT_URL", "https://other.example:8443")
    monkeypatch.setenv("COACH_VAULT_LIMITS__WRITES_PER_MINUTE", "7")
    settings = load_settings(ready.folder)
    assert (settings.url, settings.audience) == ("https://other.example:8443", "other.example:8443/log")
    assert settings.limits.writes_per_minute == 7


def test_a_sqlite_file_moves_with_its_folder(ready: Operator, tmp_path: Path) -> None:
    moved = ready.folder.rename(tmp_path / "moved")
    assert load_settings(moved).database == f"sqlite:///{moved / 'vault.sqlite3'}"


def test_every_command_tells_what_it_does() -> None:
    told = CliRunner().invoke(app, ["--help"]).output
    for command in ("init", "try", "serve", "migrate", "check", "openapi", "apps", "enrolments"):
        assert command in told


def test_a_folder_that_cannot_be_written_is_one_line(operator: Operator) -> None:
    operator.folder.write_text("a file stands here")
    outcome = operator.run("init", operator.folder)
    assert outcome.code == 1
    assert outcome.err.startswith("error: the folder cannot be written: ")


def test_init_keeps_a_folder_that_was_there(operator: Operator) -> None:
    operator.folder.mkdir()
    assert operator.run("init", operator.folder, "--audience", "with space").code == 1
    assert list(operator.folder.iterdir()) == []


def test_init_takes_another_audience_and_a_proxy(operator: Operator) -> None:
    options = ("--url", "https://vault.example", "--audience", "old.example/log", "--behind-tls-proxy")
    assert operator.run("init", operator.folder, *options).code == 0
    settings = load_settings(operator.folder)
    assert (settings.audience, settings.behind_tls_proxy) == ("old.example/log", True)


def test_secrets_are_never_overwritten(ready: Operator) -> None:
    before = (ready.folder / SECRETS_FILE).read_bytes()
    with pytest.raises(SecretsError, match="never overwritten"):
        write_secrets(ready.folder, Secrets(bytes(32), bytes(32), bytes(32)))
    assert (ready.folder / SECRETS_FILE).read_bytes() == before


def test_migrate_brings_a_database_to_the_head(ready: Operator) -> None:
    (ready.folder / "vault.sqlite3").unlink()
    assert ready.at_data("check").code == 1
    assert "revision" in ready.at_data("migrate").out
    assert ready.at_data("check").code == 0


def test_the_description_is_printed_checked_and_written(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.json"
    monkeypatch.setattr("vault.server.commands.description.openapi_path", lambda: copy)
    printed = operator.run("openapi").out
    assert json.loads(printed)["openapi"] == "3.1.0"
    copy.write_text("{}")
    outcome = operator.run("openapi", "--check")
    assert outcome.code == 1
    assert "openapi --write" in outcome.err
    assert operator.run("openapi", "--write").code == 0
    assert copy.read_text(encoding="utf-8") == printed
    assert operator.run("openapi", "--check").code == 0


def test_a_database_that_is_away_is_one_line(ready: Operator) -> None:
    settings = ready.folder / SETTINGS_FILE
    settings.write_text(settings.read_text().replace("sqlite:///vault.sqlite3", "postgresql://x@127.0.0.1:1/none"))
    outcome = ready.at_data("apps", "list")
    assert (outcome.code, outcome.err.count("\n")) == (1, 1)
    assert "storage-away" in outcome.err
    assert json.loads(ready.at_data("apps", "list", "--json").out)["code"] == "storage-away"


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_trial_can_be_used_at_once_and_leaves_nothing_behind(tmp_path: Path, ending: signal.Signals) -> None:
    os.environ["TMPDIR"] = str(tmp_path)
    try:
        with started("try", "--people", "2") as process:
            assert process.stdout is not None
            lines = dict(process.stdout.readline().strip().removeprefix("export ").split("=", 1) for _ in range(4))
            assert lines.keys() == {"VAULT", "APP", "ENROLMENT_1", "ENROLMENT_2"}
            wait_until_ready(lines["VAULT"])
            answer = httpx.get(f"{lines['VAULT']}/v1/app", headers={"Authorization": f"Bearer {lines['APP']}"})
            assert answer.json() == {"app": "trial", "enrolments": {"issued": 2, "used": 0}}
            assert "server" not in answer.headers
            assert list(tmp_path.iterdir())
            process.send_signal(ending)
            process.wait(WAIT_SECONDS)
            assert process.returncode == 0
        assert not list(tmp_path.iterdir())
    finally:
        del os.environ["TMPDIR"]


def test_a_trial_takes_another_port_where_its_own_is_taken() -> None:
    with started("try") as first, started("try") as second:
        urls = []
        for process in (first, second):
            assert process.stdout is not None
            urls.append(process.stdout.readline().strip().removeprefix("export VAULT="))
        for url in urls:
            wait_until_ready(url)
            assert httpx.get(f"{url}/v1/deployment").json()["url"] == url
        assert len(set(urls)) == 2


@pytest.mark.slow
def test_two_workers_and_a_restart_give_the_same_fake_slots(ready: Operator, unused_tcp_port: int) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}"
    path = f"{url}/v1/accounts/{'ab' * 32}/slots/2"
    headers = set()
    for _ in range(2):
        arguments = ("serve", "--data", ready.folder, "--port", unused_tcp_port, "--workers", "2")
        with started(*arguments) as process:
            wait_until_ready(url)
            headers |= {httpx.get(path).text for _ in range(10)}
            process.send_signal(signal.SIGTERM)
            process.wait(WAIT_SECONDS)
    assert len(headers) == 1
