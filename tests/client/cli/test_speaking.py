"""What other people wrote is shown, and never acts on the terminal."""

import io
import json
import re
import sys
import unicodedata
from pathlib import Path

import pytest

from vault.client.acts.uploading import Progress
from vault.client.cli import speaking
from vault.client.cli.attachments import reporting
from vault.client.cli.choices import Choices
from vault.client.cli.speaking import advise, code_rows, end, moment, one_line, printable, progress, say, tell_search
from vault.client.cli.words import PURPOSES, SHARE_KINDS, about, plain
from vault.client.device.codes import INVITATION, TypedCode, read_code, write_code
from vault.client.showing import day
from vault.protocol.vocabulary import Purpose, ShareKind


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ä 日本 🙂", "plain ä 日本 🙂"),
        ("two\nlines\ttab", "two\nlines\ttab"),
        ("dos\r\nlines", "dos\nlines"),
        ("back\rhome", "back\\x0dhome"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202eesrever", "\\u202eesrever"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("\U000e0041tag", "\\U000e0041tag"),
    ],
)
def test_control_characters_and_direction_marks_are_spelled_out(text: str, shown: str) -> None:
    assert printable(text) == shown


HOSTILE = "\x1b]0;owned\x07\x9b31m\u202e\u2066\u200b\x7f\U000e0041"
TO_A_PERSON = Choices(Path("home"), None, False, False, None)
CLI = Path(speaking.__file__).parent
AS_JSON = Choices(Path("home"), None, True, False, None)


def test_results_and_advice_are_harmless_whoever_forgot_to_make_them_so(capsys: pytest.CaptureFixture[str]) -> None:
    say(TO_A_PERSON, [f"title {HOSTILE}", "next"], {})
    say(TO_A_PERSON, HOSTILE, {})
    advise(TO_A_PERSON, HOSTILE)
    heard = capsys.readouterr()
    for symbol in heard.out + heard.err:
        assert symbol == "\n" or unicodedata.category(symbol)[0] != "C"
    assert heard.out.splitlines()[1] == "next"


def test_there_is_one_way_out() -> None:
    ways = re.compile(r"\b(typer\.echo|typer\.secho|print|stdout\.write|stderr\.write)\(")
    assert {path.name for path in CLI.glob("*.py") if ways.search(path.read_text("utf-8"))} == {"speaking.py"}


def test_json_spells_what_a_terminal_acts_on_and_loses_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    members = {"title": f"{HOSTILE} ä 日本 🙂 \ud800", "name\u202e": "\u2028"}
    say(AS_JSON, "", members)
    heard = capsys.readouterr().out
    assert json.loads(heard) == members
    assert not any(unicodedata.category(symbol) in {"Cc", "Cf", "Cs", "Co", "Zl"} for symbol in heard.rstrip("\n"))
    assert "ä 日本 🙂" in heard


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_json_says_the_same_where_output_is_no_utf_8(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding, errors="replace"))
    say(AS_JSON, "", {"title": "日本 ä"})
    sys.stdout.flush()
    assert json.loads(raw.getvalue().decode(encoding)) == {"title": "日本 ä"}


@pytest.mark.parametrize("name", ["a[/b].txt", "[link=https://evil.example]click[/link].txt", "[red]x"])
def test_names_of_files_are_no_markup_beside_a_bar(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = io.StringIO()
    monkeypatch.setattr(drawn, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", drawn)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    with reporting(TO_A_PERSON) as report:
        report(Progress(name, "fetching", 1, 2))
    with progress(TO_A_PERSON) as bar:
        bar.add_task(name, total=1)
    assert drawn.getvalue().count(name) >= 2
    assert "\x1b]8;" not in drawn.getvalue()


@pytest.mark.parametrize(
    "text",
    ["می‌خواهم", "क्‍ष", "श्रीमान्‌ जी", "র‍্যাব", "👩‍👩‍👧", "❤️‍🔥", "👨🏽‍⚕️"],
    ids=["persian", "hindi", "hindi at the end", "bengali", "family", "heart", "health"],
)
def test_joiners_stand_where_writing_needs_them(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize("text", ["pay\u200dpal", "pay\u200cpal", "\u200d", "a\u200c", "می\u200c\u200cخ", "\u200c🙂"])
def test_joiners_are_spelled_out_where_they_only_hide(text: str) -> None:
    assert "\\u200" in printable(text)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "1970-01-01 00:00"),
        (253_402_300_799, "9999-12-31 23:59"),
        (253_402_300_800, "10000-01-01 00:00"),
        (2**53 - 1, "285428751-11-12 07:36"),
        (-1, "1969-12-31 23:59"),
    ],
)
def test_every_number_that_can_be_signed_is_shown_as_a_time(seconds: int, shown: str) -> None:
    assert moment(seconds) == shown
    assert day(seconds) == shown.split(" ")[0]
    assert end(seconds) == f"until {shown} UTC"


def test_long_lines_break_between_words_at_a_terminal_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "Parties\n  " + " ".join(["agreement"] * 20) + "\n  日本語" + "のメモ" * 5 + " end"
    say(TO_A_PERSON, text, {})
    assert capsys.readouterr().out == text + "\n"
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr(speaking, "is_a_terminal", lambda _stream: True, raising=False)
    say(TO_A_PERSON, text, {})
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines) <= 60
    assert all(line == "Parties" or line.startswith("  ") for line in lines)
    assert " ".join(" ".join(lines).split()) == " ".join(text.split())


def test_a_title_stays_on_one_line() -> None:
    assert one_line("a\nb\tc") == "a\\nb c"


def test_times_are_utc_to_the_minute() -> None:
    assert moment(1_795_478_400) == "2026-11-24 00:00"
    assert end(None) == "no end date"
    assert end(1_795_478_400) == "until 2026-11-24 00:00 UTC"


@pytest.mark.parametrize("columns", [40, 60, 200])
def test_a_code_breaks_between_its_groups_and_is_read_as_it_stands(columns: int) -> None:
    code = TypedCode(INVITATION, bytes(range(32)), bytes(range(16)))
    text = write_code(code)
    rows = code_rows(text, columns)
    assert max(len(row) for row in rows) <= columns
    assert "-".join(rows) == text
    assert {len(group) for row in rows for group in row.split("-")} <= {3, 4, 5}
    assert read_code("\n".join(rows), INVITATION) == code


def test_a_group_that_is_wider_than_the_terminal_has_a_row_of_its_own() -> None:
    assert code_rows("ABCD-EFGH", 3) == ["ABCD", "EFGH"]


def test_every_word_that_a_disclosure_can_have_is_spelled_for_people() -> None:
    assert set(SHARE_KINDS) == set(ShareKind)
    assert set(PURPOSES) == set(Purpose)
    for purpose in Purpose:
        assert "_" not in about(ShareKind.PROGRESS, purpose)
    assert plain("harm_to_others") == "harm to others"


def test_a_long_search_of_the_log_is_told_ten_times(capsys: pytest.CaptureFixture[str]) -> None:
    tell = tell_search(Choices(Path("home"), None, False, False, None))
    for done in range(1, 256):
        tell(done, 255)
    assert capsys.readouterr().err == ""
    for done in range(1, 1_001):
        tell(done, 1_000)
    lines = capsys.readouterr().err.splitlines()
    assert [line.rsplit(": ", 1)[1] for line in lines] == [f"{tenth}0 %" for tenth in range(1, 11)]
