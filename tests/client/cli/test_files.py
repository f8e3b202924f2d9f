"""Which files a person means, and that nothing is overwritten."""

import os
from pathlib import Path

import pytest

from vault.client.cli.files import is_text, key_of, list_files, list_links, read_regular_file, title_of, write_new_file
from vault.client.cli.passphrases import read_secret_file
from vault.client.errors import UsageError


def test_folders_are_walked_in_order_without_hidden_names_and_every_file_once(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", ".hidden", "sub/z.txt", "sub/.x/y.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "loop").symlink_to(tmp_path)
    found = list_files([tmp_path, tmp_path / "a.txt", tmp_path / ".hidden"])
    assert [str(path.relative_to(tmp_path)) for path in found] == ["a.txt", "b.txt", "sub/z.txt", ".hidden"]


def test_links_inside_folders_are_left_out_and_told_and_a_named_link_is_taken(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of another place")
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "one.txt").write_text("one")
    (folder / "link.txt").symlink_to(tmp_path / "secret")
    assert list_files([folder]) == [folder / "one.txt"]
    assert list_links([folder]) == [folder / "link.txt"]
    assert list_files([folder / "link.txt"]) == [folder / "link.txt"]


def test_a_name_that_is_no_text_becomes_a_title_and_keeps_a_key_of_its_own() -> None:
    one, other = (Path(os.fsdecode(b"bad" + byte + b".txt")) for byte in (b"\xff", b"\xfe"))
    assert title_of(one) == "bad\ufffd.txt"
    assert key_of(one) != key_of(other)
    assert key_of(one).endswith("bad\\xff.txt")


def test_the_same_file_has_the_same_key_from_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert key_of(Path("x/../a.txt")) == key_of(tmp_path / "a.txt")


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"", True), ("é\r\n".encode(), True), (b"\xef\xbb\xbfbom", True), (b"\xff", False), (b"a\0b", False)],
)
def test_text_is_utf_8_without_zero_bytes(content: bytes, expected: bool) -> None:
    assert is_text(content) is expected


def test_what_cannot_be_a_note_says_why(tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(bytes(11))
    assert read_regular_file(large, 11) == bytes(11)
    for path, word in ((large, "too large"), (tmp_path, "no regular file"), (tmp_path / "none", "no regular file")):
        with pytest.raises(UsageError, match=word):
            read_regular_file(path, 10)


def test_a_file_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "out"
    write_new_file(path, b"first")
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(UsageError):
        write_new_file(path, b"second")
    assert path.read_bytes() == b"first"


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"two\nlines\n", b"\xff\n", b"x" * 5_000], ids=["empty", "blank", "two", "bytes", "long"]
)
def test_a_secret_is_one_line_of_a_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secret"
    path.write_bytes("\ufeffcorrect horse\r\n".encode())
    assert read_secret_file(path) == "correct horse"
    path.write_bytes(content)
    with pytest.raises(UsageError):
        read_secret_file(path)
