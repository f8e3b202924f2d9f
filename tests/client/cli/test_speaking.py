"""What other people wrote is shown, and never acts on the terminal."""

from pathlib import Path

import pytest

from vault.client.cli.choices import Choices
from vault.client.cli.speaking import code_rows, end, moment, one_line, printable, tell_search
from vault.client.cli.words import PURPOSES, SHARE_KINDS, about, plain
from vault.client.device.codes import INVITATION, Code, read_code, write_code
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


def test_a_title_stays_on_one_line() -> None:
    assert one_line("a\nb\tc") == "a\\nb c"


def test_times_are_utc_to_the_minute() -> None:
    assert moment(1_795_478_400) == "2026-11-24 00:00"
    assert end(None) == "no end date"
    assert end(1_795_478_400) == "until 2026-11-24 00:00 UTC"


@pytest.mark.parametrize("columns", [40, 60, 200])
def test_a_code_breaks_between_its_groups_and_is_read_as_it_stands(columns: int) -> None:
    code = Code(INVITATION, bytes(range(32)), bytes(range(16)))
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
