"""What works without any network: a new identity, its first keys as a submission, and single statements."""

import base64
import json
import sys
from pathlib import Path

import pytest

from tests.client.cli.conftest import Person
from vault.client.device.codes import INVITATION, KIT, RECOVERY, read_code
from vault.client.device.home import Home


def test_an_identity_made_offline_waits_and_its_keys_are_printed_for_anything_to_send(person: Person) -> None:
    made = person.ask("identity", "new", "--offline")
    account = bytes.fromhex(made["account"])
    assert read_code(made["kit"], KIT).account == account
    assert read_code(made["recovery_code"], RECOVERY).account == account
    waiting = person.ask("outbox", "list")["data"]
    assert [each["type"] for each in waiting] == ["keys", "keyring"]

    printed = person.run("statement", "sign", "keys")
    assert set(json.loads(printed)) == {"statement"}
    file = person.folder / "keys.json"
    file.write_text(printed, encoding="utf-8")
    shown = person.ask("statement", "show", str(file))
    assert shown["statement"] == shown["pae_sha256"] == waiting[0]["statement"]
    assert shown["by"] == shown["payload"]["account"] == made["account"]
    assert person.ask("statement", "verify", str(file))["verified"] is True

    assert person.ask("outbox", "send", "--enrolment", "cve_x", code=4)["waiting"] == 2
    assert person.ask("outbox", "list")["data"] == waiting


def test_the_codes_are_shown_with_where_they_live(person: Person) -> None:
    shown = person.run("identity", "new", "--offline")
    for words in ("CVKIT-", "CVREC-", "on paper", "never on this device"):
        assert words in shown
    assert "CVREC" not in person.run("identity", "show")
    assert "somebody lives in this folder" in (person.run("identity", "new", "--offline", code=2) or person.heard)


def test_a_code_fits_a_narrow_terminal_and_is_one_line_for_a_program(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    shown = person.run("identity", "new", "--offline")
    rows = [line.strip() for line in shown.splitlines() if line.startswith("  ") and "-" in line]
    assert max(len(row) for row in rows) == 40
    assert {len(group) for row in rows for group in row.split("-")} == {4, 5}

    assert person.run("invite", "Ben").count("\n") == 1
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    code = person.run("invite", "Ben")
    assert [len(line) for line in code.splitlines()] == [60, 44]
    assert read_code(code, INVITATION).secret
    assert "in single quotes, line breaks and all" in person.heard
    assert read_code(person.ask("invite", "Ben")["invitation"], INVITATION).secret
    assert "in single quotes" not in person.heard


def test_who_is_not_known_is_named_with_what_to_do(person: Person) -> None:
    person.ask("identity", "new", "--offline")
    person.run("people", "verify", "Ben\x1b[31m", code=2)
    assert person.heard == "error: nobody is called 'Ben\\x1b[31m' here; you know nobody yet, so invite them first\n"


def test_an_unreachable_deployment_keeps_the_new_identity_and_shows_its_codes(person: Person) -> None:
    problem = person.ask("identity", "new", "--enrolment", "cve_x", code=4)
    assert problem["code"] == "unreachable"
    assert read_code(problem["identity"]["kit"], KIT).account.hex() == problem["identity"]["account"]
    assert person.ask("identity", "show")["waiting"] == 2
    person.run("note", "list", code=4)
    assert "outbox send" in person.heard


@pytest.mark.parametrize(
    "words",
    [
        ("identity", "new"),
        ("identity", "new", "--offline", "--enrolment", "cve_x"),
        ("identity", "new", "--enrolment", "cva_an_app_key"),
        ("identity", "new", "--enrolment", ""),
        ("identity", "new", "--enrolment", "cve_x cve_y"),
        ("join", "CVINV-0000", "--enrolment", "cve_x"),
        ("identity", "recover", "--kit", "secret", "--recovery-code", "secret"),
        ("identity", "recover"),
        ("people", "list"),
    ],
)
def test_what_is_asked_wrongly_makes_no_identity(person: Person, words: tuple[str, ...]) -> None:
    person.run(*words, code=2)
    assert not (person.folder / "home" / "vault.json").exists()


def test_a_wrong_passphrase_opens_nothing_and_another_server_is_refused(person: Person) -> None:
    person.run("identity", "new", "--offline")
    person.server = "https://elsewhere.example"
    person.run("identity", "show", code=2)
    person.secret.write_text("another passphrase\n")
    person.run("identity", "show", code=5)
    assert "this passphrase does not open the folder" in person.heard


def test_a_passphrase_that_is_too_short_makes_no_identity(person: Person) -> None:
    person.secret.write_text("short\n")
    person.run("identity", "new", "--offline", code=2)
    assert not (person.folder / "home" / "vault.json").exists()


def test_a_statement_is_signed_from_members_and_verified_under_its_key(person: Person) -> None:
    person.run("identity", "new", "--offline")
    keys = person.folder / "keys.json"
    keys.write_text(person.run("statement", "sign", "keys"), encoding="utf-8")
    public = person.ask("statement", "show", str(keys))["payload"]["sign"]["public"]
    members = person.folder / "members.json"
    members.write_text(json.dumps({"engagement": "00" * 16, "contract": "11" * 32, "keys": "22" * 32}))

    signed = person.folder / "assent.json"
    signed.write_text(person.run("statement", "sign", "assent", "--members", str(members)), encoding="utf-8")
    payload = person.ask("statement", "show", str(signed))["payload"]
    assert payload["contract"] == "11" * 32
    assert payload["at"] % 86_400 == 0
    for spelling in (public, base64.b64decode(public).hex()):
        assert person.ask("statement", "verify", str(signed), "--key", spelling)["verified"] is True
    other = base64.b64encode(bytes([0x58] + [0x66] * 31)).decode()
    problem = person.ask("statement", "verify", str(signed), "--key", other, code=3)
    assert problem["code"] == "verification-failed"
    person.run("statement", "verify", str(signed), code=2)
    person.run("statement", "verify", str(signed), "--key", "no key", code=2)


@pytest.mark.parametrize(
    ("word", "members"),
    [
        ("assent", "[]"),
        ("assent", '{"contract":"00"}'),
        ("assent", '{"engagement":"00000000000000000000000000000000","contract":1,"keys":"x"}'),
        ("assent", '{"engagement":"00000000000000000000000000000000","mystery":1}'),
        ("login", '{"by":"' + "00" * 32 + '","url":"http://127.0.0.1:1","challenge":"' + "00" * 32 + '","expires":1}'),
        ("keys", "{}"),
        ("withdrawal", ""),
    ],
    ids=["list", "no engagement", "wrong type", "unknown member", "another account", "keys", "nothing waits"],
)
def test_what_cannot_be_signed_is_said_and_not_signed(person: Person, word: str, members: str) -> None:
    person.run("identity", "new", "--offline")
    file = person.folder / "members.json"
    file.write_text(members)
    options = ("--members", str(file)) if members else ()
    assert person.run("statement", "sign", word, *options, code=2) == ""


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"payload":1}', "not json", '{"a":1,"a":2}'])
def test_a_file_that_is_no_statement_ends_with_3(person: Person, text: str) -> None:
    file = person.folder / "file.json"
    file.write_text(text)
    for word in ("show", "verify"):
        assert person.ask("statement", word, str(file), code=3)["code"] == "verification-failed"


def test_a_part_that_differs_from_what_was_signed_does_not_verify(person: Person) -> None:
    person.run("identity", "new", "--offline")
    submission = json.loads(person.run("statement", "sign", "keyring"))
    keys = person.folder / "keys.json"
    keys.write_text(person.run("statement", "sign", "keys"), encoding="utf-8")
    public = person.ask("statement", "show", str(keys))["payload"]["sign"]["public"]
    file = person.folder / "keyring.json"
    file.write_text(json.dumps(submission))
    verified = person.ask("statement", "verify", str(file), "--key", public)
    assert verified["parts"] == {"blob": "as signed", "slots/0": "as signed", "slots/1": "as signed"}
    submission["slots"].reverse()
    del submission["blob"]
    file.write_text(json.dumps(submission))
    shown = person.ask("statement", "show", str(file))
    assert shown["parts"] == {"blob": "not here", "slots/0": "differs", "slots/1": "differs"}
    person.run("statement", "verify", str(file), "--key", public, code=3)


def test_a_folder_that_is_in_use_is_left_alone(person: Person, tmp_path: Path) -> None:
    person.run("identity", "new", "--offline")
    home = Home(tmp_path / "home")
    try:
        person.run("identity", "show", code=2)
        assert "another program" in person.heard
    finally:
        home.close()
