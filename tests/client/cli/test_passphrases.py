"""What is asked at a terminal: without echo, twice where it is new, and a long code row by row."""

import sys
from collections.abc import Callable

import pytest

from vault.client.cli import passphrases
from vault.client.cli.passphrases import choose_passphrase, is_recovery_code, read_invitation, read_kit_or_recovery_code
from vault.client.device.codes import INVITATION, KIT, RECOVERY, TypedCode, write_code
from vault.client.errors import UsageError

Types = Callable[..., list[str]]


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch) -> Types:
    """Somebody at a terminal types these lines; what is asked is kept."""

    def typed(*lines: str) -> list[str]:
        left, asked = list(lines), []

        def getpass(question: str) -> str:
            asked.append(question)
            return left.pop(0)

        monkeypatch.setattr(passphrases, "getpass", getpass)
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
        return asked

    return typed


def test_a_new_passphrase_is_typed_twice(types: Types) -> None:
    types("correct horse", "correct horse")
    assert choose_passphrase(None, "") == ("correct horse", False)
    types("correct horse", "correct house")
    with pytest.raises(UsageError):
        choose_passphrase(None, "")


def test_nothing_typed_means_eight_random_words_each_time_others(types: Types) -> None:
    types("", "")
    (first, is_made), (second, _) = choose_passphrase(None, ""), choose_passphrase(None, "")
    assert is_made
    assert len(first.split()) == len(second.split()) == 8
    assert first != second


@pytest.mark.parametrize("kind", [KIT, RECOVERY])
def test_a_code_is_asked_for_row_by_row_until_it_is_whole(types: Types, kind: str) -> None:
    code = write_code(TypedCode(KIT if kind == KIT else RECOVERY, bytes(32), bytes(range(32))))
    middle = len(code) // 2
    asked = types(code[:middle].lower(), code[middle:])
    assert read_kit_or_recovery_code(None).upper() == code
    assert len(asked) == 2
    types(code[:middle], "")
    assert read_kit_or_recovery_code(None) == code[:middle]


def test_where_there_is_no_terminal_the_option_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False)
    with pytest.raises(UsageError, match="--new-passphrase-file FILE"):
        choose_passphrase(None, "--new-passphrase-file FILE")


def test_an_invitation_is_asked_for_row_by_row(types: Types) -> None:
    code = write_code(TypedCode(INVITATION, bytes(32), bytes(range(16))))
    middle = code.index("-", 30) + 1
    types(code[:middle], code[middle:])
    assert read_invitation() == code


def test_a_recovery_code_is_known_by_its_kind_however_it_was_copied(types: Types) -> None:
    code = write_code(TypedCode(RECOVERY, bytes(32), bytes(32)))
    types(f"\u201cCV-REC{code[5:]}\u201d")
    assert is_recovery_code(read_kit_or_recovery_code(None))
