"""What other people wrote is shown, and never acts on the terminal."""

import pytest

from vault.client.cli.speaking import end, moment, one_line, printable


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
