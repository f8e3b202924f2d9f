"""The thief's search: what it finds, and that each spelling and each place of the control can be missed."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.thief import loot as thief
from tests.support.thief.lines import LONGEST_CHARACTERS, Line, read_lines, text_line
from tests.support.thief.loot import FILE, FREED, PLACES, ROWS, Loot, drop_known, judge
from tests.support.thief.search import Place, search
from tests.support.thief.spellings import CONTROL, LEAKS, SPELLINGS

LINE = text_line(f"{CONTROL} this test")
LINES_OF_PEOPLE = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=12, max_size=200).filter(
    lambda text: text == text.strip() and len(text) >= 12 and len(set(text)) >= 4
)


def search_one(content: bytes, line: Line) -> set[str]:
    return {found.spelling for found in search([Place("here", content)], [line])}


@pytest.fixture
def loot(tmp_path: Path) -> Loot:
    """What a thief takes from a server that keeps numbers alone."""
    folder = tmp_path / "loot"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "vault.sqlite3")) as connection:
        connection.execute("CREATE TABLE numbers (number INTEGER)")
        connection.executemany("INSERT INTO numbers VALUES (?)", [(number,) for number in range(1_000)])
        connection.commit()
    for name in ("log", "temporary", "settings-server.toml"):
        (folder / name).write_bytes(b"nothing of interest\n")
    return Loot(folder, b"POST /v1/accounts")


def test_every_spelling_has_a_leak() -> None:
    assert SPELLINGS.keys() == LEAKS.keys()


@pytest.mark.parametrize("spelling", LEAKS)
def test_a_line_is_found_in_every_spelling_under_its_name(spelling: str) -> None:
    content = b"\x00\xffbefore" + LEAKS[spelling](LINE.text) + b"behind"
    assert search_one(content, LINE) == {spelling}


@pytest.mark.parametrize("spelling", LEAKS)
def test_a_search_without_a_spelling_misses_its_leak(spelling: str) -> None:
    others = {name: spell for name, spell in SPELLINGS.items() if name != spelling}
    assert search([Place("here", LEAKS[spelling](LINE.text))], [LINE], others) == []


@given(LINES_OF_PEOPLE, st.sampled_from(sorted(LEAKS)), st.binary(max_size=40))
def test_whatever_people_write_is_found(text: str, spelling: str, before: bytes) -> None:
    assert search_one(before + LEAKS[spelling](text), text_line(text))


def test_lines_with_the_same_beginning_are_told_apart() -> None:
    lines = [text_line(f"00:00:03 Coach: {word}") for word in ("yes", "no", "perhaps")]
    assert [found.line for found in search([Place("here", b"x00:00:03 Coach: no")], lines)] == [1]


def test_what_is_found_says_where() -> None:
    places = [Place("one", b"nothing"), Place("two", b"12345" + LINE.raw)]
    (found,) = search(places, [text_line("another line of text"), LINE])
    assert (found.place, found.line, found.offset) == ("two", 1, 5)


def test_more_lines_than_are_filed_at_once_are_all_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.thief.search.PIECES_AT_ONCE", 2)
    lines = [text_line(f"the line number {number}.") for number in range(7)]
    content = b"\n".join(line.raw for line in lines)
    assert sorted(found.line for found in search([Place("here", content)], lines)) == list(range(7))


def test_a_long_line_is_found_by_what_is_left_of_it() -> None:
    text = "".join(f"word {number} and " for number in range(60)).strip()
    torn = text.encode()[3 * LONGEST_CHARACTERS :]
    assert search_one(torn, text_line(text)) == {"raw"}


def test_the_end_of_a_long_line_is_searched() -> None:
    text = "".join(f"word {number} and " for number in range(60)).strip()
    assert search_one(text.encode()[-LONGEST_CHARACTERS:], text_line(text)) == {"raw"}


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        (b"  a line of words \r\nshort\r\n\r\nanother line of words", ["a line of words", "another line of words"]),
        (b"\xef\xbb\xbfa line of words", ["a line of words"]),
        ("größere Zeilen".encode("utf-16"), ["größere Zeilen"]),
        ("größere Zeilen".encode("latin-1"), ["größere Zeilen"]),
        (b"------------------\n\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", []),
        (b"", []),
    ],
    ids=["line ends", "mark", "UTF-16", "latin-1", "tells nothing", "empty"],
)
def test_lines_are_what_people_wrote(content: bytes, texts: list[str]) -> None:
    assert [line.text for line in read_lines(content)] == texts


def test_bytes_of_another_encoding_are_searched_as_they_stand_in_the_file() -> None:
    (line,) = read_lines("größere Zeilen".encode("latin-1"))
    assert search_one("größere Zeilen".encode("latin-1"), line) == {"raw"}


def test_the_control_is_found_in_every_spelling_and_place(loot: Loot, tmp_path: Path) -> None:
    verdict = judge(loot, tmp_path / "copy", [LINE])
    assert verdict.found == []
    assert verdict.missed == []
    assert verdict.control_planted == verdict.control_found == len(PLACES) * len(SPELLINGS)


@pytest.mark.parametrize("place", [place for place in PLACES if place != FREED])
def test_a_search_that_leaves_a_place_out_misses_its_control(
    place: str, loot: Loot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_places = Loot.places
    monkeypatch.setattr(Loot, "places", lambda loot: [each for each in all_places(loot) if each.name != place])
    verdict = judge(loot, tmp_path / "copy", [LINE])
    gone = {place, FREED} if place == FILE else {place}
    assert {name for name, _ in verdict.missed} == gone
    assert verdict.control_found == verdict.control_planted - len(gone) * len(SPELLINGS)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_search_that_leaves_a_spelling_out_misses_its_controls(
    spelling: str, loot: Loot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without(places: list[Place], lines: list[Line]) -> object:
        return search(places, lines, {name: spell for name, spell in SPELLINGS.items() if name != spelling})

    monkeypatch.setattr(thief, "search", without)
    verdict = judge(loot, tmp_path / "copy", [LINE])
    assert {name for _, name in verdict.missed} == {spelling}
    assert len(verdict.missed) == len(PLACES)


def test_the_control_of_freed_pages_lies_in_no_row(loot: Loot, tmp_path: Path) -> None:
    judge(loot, tmp_path / "copy", [LINE])
    rows = next(each for each in Loot(tmp_path / "copy", b"").places() if each.name == ROWS)
    file = next(each for each in Loot(tmp_path / "copy", b"").places() if each.name == FILE)
    control = f"{CONTROL} {FREED}".encode()
    assert control in file.content
    assert control not in rows.content


@pytest.mark.parametrize("name", ["log", "temporary", "settings-server.toml", "vault.sqlite3-wal"])
def test_a_server_that_leaks_a_line_into_a_file_is_found_out(name: str, loot: Loot, tmp_path: Path) -> None:
    (loot.folder / name).write_bytes(b"{" + LEAKS["base64url, 2 bytes in"](LINE.text) + b"}")
    verdict = judge(loot, tmp_path / "copy", [text_line("another line of text"), LINE])
    assert [(found.line, found.spelling) for found in verdict.found] == [(1, "base64url, 2 bytes in")]


def test_a_server_that_leaks_a_line_into_a_row_is_found_out(loot: Loot, tmp_path: Path) -> None:
    with closing(sqlite3.connect(loot.database)) as connection:
        connection.execute("CREATE TABLE notes (body TEXT)")
        connection.execute("INSERT INTO notes VALUES (?)", (LINE.text,))
        connection.commit()
    verdict = judge(loot, tmp_path / "copy", [LINE])
    assert {found.place for found in verdict.found} == {ROWS, FILE}


def test_a_request_that_carries_a_line_is_found_out(loot: Loot, tmp_path: Path) -> None:
    verdict = judge(Loot(loot.folder, LEAKS["URL-encoded"](LINE.text)), tmp_path / "copy", [LINE])
    assert [(found.place, found.spelling) for found in verdict.found] == [("requests as sent", "URL-encoded")]


def test_lines_that_every_server_holds_are_left_out_and_counted(loot: Loot) -> None:
    lines = [text_line("CREATE TABLE numbers"), LINE, text_line("a word of the public description")]
    kept, known = drop_known(loot, lines, b"... a word of the public description ...")
    assert (kept, known) == ([LINE], 2)
