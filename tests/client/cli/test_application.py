"""The command line as a whole: options anywhere, exit codes, one line and a hint, one JSON object, no traceback."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from vault.client.cli import application, outbox
from vault.client.cli.application import hoist, run
from vault.client.cli.listing import first_sentence
from vault.client.cli.refusals import Unfinished, exit_code, problem_of, sentence_of
from vault.client.errors import CodeError, ForkDetected, Unreachable, UsageError, WrongPassphrase
from vault.errors import SignatureError
from vault.protocol.problems import PROBLEMS, Code, Refused

COMMANDS = [
    *(f"identity {word}" for word in ("new", "show", "recover", "passphrase", "rotate")),
    *("invite", "join", "people list", "people verify", "people confirm", "people rename"),
    *(f"contract {word}" for word in ("new", "show", "assent", "supersede")),
    *(f"note {word}" for word in ("add", "list", "show", "edit")),
    *(f"draft {word}" for word in ("add", "list", "show")),
    *(f"summary {word}" for word in ("new", "list", "show")),
    *("preview", "disclose", "withdraw", "inbox", "open", "readers", "journal", "close"),
    *("outbox list", "outbox send", "export", "checkpoint", "statement sign", "statement show", "statement verify"),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command.split(), "--help"]) == 0
    assert f"Usage: coach-vault {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "command", ["", "identity", "people", "contract", "note", "goal", "summary", "outbox", "statement"]
)
def test_a_list_of_commands_cuts_no_sentence_on_a_narrow_terminal(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert run([*command.split(), "--help"]) == 0
    shown = capsys.readouterr().out
    listed = shown.partition("Commands:\n")[2]
    assert "..." not in listed
    assert max(len(line) for line in shown.splitlines()) <= 60
    assert " ".join(listed.split()).endswith(".")


def test_the_list_of_commands_says_which_are_whose(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    everybody, pair, coachee, sponsor = re.split(r"For [a-z ]+:\n", shown.partition("Commands:\n")[2])
    assert {"contract", "people", "export"} <= set(everybody.split())
    assert {"note", "journal", "readers"} <= set(pair.split())
    assert re.findall(r"^  (\S+)", coachee, re.MULTILINE) == ["preview", "disclose", "withdraw", "disclosures"]
    assert re.findall(r"^  (\S+)", sponsor, re.MULTILINE) == ["inbox", "open"]


def test_a_summary_ends_with_its_first_full_stop() -> None:
    assert first_sentence("Seal files\n as notes. Run it again.") == "Seal files as notes."
    assert first_sentence("What waits, e.g.a note") == "What waits, e.g.a note"
    assert first_sentence("") == ""


def test_global_options_may_stand_anywhere_before_two_hyphens() -> None:
    line = ["note", "--json", "add", "--home", "x", "a", "--server=y", "--", "--json"]
    assert hoist(line) == ["--json", "--home", "x", "--server=y", "note", "add", "a", "--", "--json"]


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "note add",
        "note add /there/is/no/such/file",
        "statement sign nonsense",
        "close --reason nonsense",
        "note",
    ],
)
def test_a_line_that_cannot_be_read_ends_with_2_and_is_no_traceback(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(line.split()) == 2
    heard = capsys.readouterr()
    assert heard.out == ""
    assert "Traceback" not in heard.err
    assert heard.err.strip()


def test_with_json_a_line_that_cannot_be_read_is_one_problem_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--json", "nonsense"]) == 2
    problem = json.loads(capsys.readouterr().out)
    assert problem["code"] == "usage"
    assert problem["status"] is None


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.count(".") == 2


def test_an_empty_folder_is_said_to_be_empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = tmp_path / "secret"
    secret.write_text("long enough\n")
    assert run(["--home", str(tmp_path / "home"), "--passphrase-file", str(secret), "identity", "show"]) == 2
    assert capsys.readouterr().err.startswith("error: nobody lives in this folder yet")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Refused(Code.NOT_FOUND), 1),
        (UsageError("x"), 2),
        (CodeError("x"), 2),
        (ForkDetected("journal", "x"), 3),
        (SignatureError("x"), 3),
        (WrongPassphrase(), 5),
        (Unreachable("x"), 4),
        (Unfinished(Unreachable("x"), "later"), 4),
        (RuntimeError("a secret"), 1),
    ],
)
def test_every_kind_of_error_has_its_exit_code_and_its_words(error: Exception, code: int) -> None:
    assert exit_code(error) == code
    problem = problem_of(error)
    assert {"type", "title", "status", "detail", "code"} <= problem.keys()
    assert sentence_of(error)
    assert "a secret" not in sentence_of(error) + json.dumps(problem)


@pytest.mark.parametrize("code", PROBLEMS)
def test_a_refusal_is_told_with_its_code_and_what_to_do(code: Code) -> None:
    error = Refused(code)
    assert problem_of(error)["status"] == PROBLEMS[code].status
    assert code in sentence_of(error)
    assert PROBLEMS[code].what_to_do in sentence_of(error)


def test_a_failed_proof_names_its_evidence() -> None:
    error = ForkDetected("journal", "two histories exist")
    error.evidence = "home/evidence/ForkDetected-0.json"
    assert error.evidence in sentence_of(error)
    assert problem_of(error)["evidence"] == error.evidence


def test_something_half_done_tells_what_stands(tmp_path: Path) -> None:
    problem = problem_of(Unfinished(Refused(Code.ENGAGEMENT_CLOSED), "go on elsewhere", added=[1]))
    assert (problem["code"], problem["hint"], problem["added"]) == ("engagement-closed", "go on elsewhere", [1])


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device", "/folder/lena/vault.json"),
        PermissionError(13, "Permission denied", b"/folder/lena/\xff"),
        OSError(36, "File name too long", Path("/folder/lena/x")),
        UnicodeDecodeError("utf-8", b"a secret \xff", 9, 10, "invalid start byte"),
    ],
)
def test_what_the_device_refuses_is_told_with_its_reason_and_its_path(error: Exception) -> None:
    told = sentence_of(error) + json.dumps(problem_of(error))
    if isinstance(error, OSError):
        assert str(error.strerror) in told
        assert "/folder/lena/" in told
    else:
        assert "expected UTF-8" in told
    assert "a secret" not in told
    assert "report it" not in told


def test_without_a_home_the_command_says_how_to_name_a_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def nowhere(_path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", nowhere)
    assert application.run(["outbox", "list"]) == 2
    assert "--home" in capsys.readouterr().err


def test_a_folder_that_stands_where_the_identity_should_is_told_by_its_path(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "vault.json").mkdir()
    (tmp_path / "secret").write_text("long enough\n")
    line = ["--home", str(tmp_path), "--passphrase-file", str(tmp_path / "secret"), "outbox", "list"]
    assert application.run(line) == 1
    assert str(tmp_path / "vault.json") in capsys.readouterr().err


def test_an_error_that_repeats_others_is_harmless(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_context: object) -> None:
        raise UsageError("name one of these:\n  \x1b]0;owned\x07\u202e\x9b31m")

    monkeypatch.setattr(outbox, "opened", fail)
    for line in (["outbox", "list"], ["--json", "outbox", "list"]):
        assert application.run(line) == 2
        heard = capsys.readouterr()
        assert not {"\x1b", "\x07", "\u202e", "\x9b"} & set(heard.err + heard.out)


@pytest.mark.parametrize(("error", "code"), [(RuntimeError("a secret"), 1), (KeyboardInterrupt(), 130)])
def test_the_last_resort_shows_one_line(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_context: object) -> None:
        raise error

    monkeypatch.setattr(outbox, "opened", fail)
    assert application.run(["outbox", "list"]) == code
    heard = capsys.readouterr().err
    assert "a secret" not in heard
    assert "Traceback" not in heard
    assert "lost" in heard or "kept" in heard


def test_the_installed_command_starts_and_names_its_exit_codes() -> None:
    program = Path(sys.executable).parent / "coach-vault"
    done = subprocess.run([program, "--help"], capture_output=True, text=True, check=True)
    assert "4 unreachable" in done.stdout
