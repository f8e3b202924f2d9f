"""Typed codes: every slip of the hand is found, and what is wrong is said without repeating it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.client.device.codes import (
    INVITATION,
    KIT,
    RECOVERY,
    Prefix,
    TypedCode,
    read_block,
    read_code,
    write_block,
    write_code,
)
from vault.client.errors import CodeError

SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
bytes32 = st.binary(min_size=32, max_size=32)


@given(st.sampled_from([KIT, RECOVERY, INVITATION]), bytes32, bytes32)
def test_a_code_comes_back(prefix: Prefix, account: bytes, secret: bytes) -> None:
    code = TypedCode(prefix, account, secret[:16] if prefix == INVITATION else secret)
    assert read_code(write_code(code), prefix) == code


def test_a_code_is_exactly_this_text() -> None:
    text = write_code(TypedCode(INVITATION, bytes(31) + b"\x25", b"\xff" * 16))
    zeros = "-".join(["0000"] * 12)
    assert text == f"CVINV-{zeros}-00JG0-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZW*"


@given(st.binary(min_size=1, max_size=40))
def test_blocks_of_any_length_come_back(raw: bytes) -> None:
    assert read_block(write_block(raw), len(raw)) == raw


@given(bytes32, st.integers(0, 51), st.sampled_from(SYMBOLS))
def test_one_wrong_symbol_is_always_found(raw: bytes, place: int, symbol: str) -> None:
    block = write_block(raw)
    typed = block[:place] + symbol + block[place + 1 :]
    if typed != block:
        with pytest.raises(CodeError):
            read_block(typed, 32)


@given(bytes32, st.integers(0, 50))
def test_two_exchanged_neighbours_are_always_found(raw: bytes, place: int) -> None:
    block = write_block(raw)
    typed = block[:place] + block[place + 1] + block[place] + block[place + 2 :]
    if typed != block:
        with pytest.raises(CodeError):
            read_block(typed, 32)


def test_the_half_with_the_slip_is_named() -> None:
    text = write_code(TypedCode(KIT, bytes(32), bytes(32)))
    with pytest.raises(CodeError, match="first part"):
        read_code(text[:8] + "7" + text[9:], KIT)
    with pytest.raises(CodeError, match="second part"):
        read_code(text[:90] + "7" + text[91:], KIT)


def test_a_code_of_another_kind_is_named() -> None:
    with pytest.raises(CodeError, match="that is a kit; expected an invitation"):
        read_code(write_code(TypedCode(KIT, bytes(32), bytes(32))), INVITATION)


@given(st.text(max_size=40))
def test_whatever_is_typed_is_read_or_refused_and_never_repeated(text: str) -> None:
    with pytest.raises(CodeError) as caught:
        read_code(text, KIT)
    assert len(text) < 6 or text not in str(caught.value)


def test_a_secret_does_not_show_when_a_code_is_printed() -> None:
    assert "secret" not in repr(TypedCode(KIT, bytes(32), b"x" * 32))


@pytest.mark.parametrize("hyphen", ["\u2212", "\u00ad", "\u2010", "\u2011", " \n", "\u200b-", "-\u2060"])
@pytest.mark.parametrize("quotes", ["", "'", '"', "\u201c\u201d", "\u00ab\u00bb", "`"])
def test_a_code_is_read_as_it_was_copied(hyphen: str, quotes: str) -> None:
    code = TypedCode(INVITATION, bytes(range(32)), bytes(range(16)))
    copied = write_code(code).replace("-", hyphen)
    assert read_code(f"{quotes[:1]}{copied}{quotes[-1:]}", INVITATION) == code


def test_a_code_that_a_shell_has_eaten_into_is_told_as_such() -> None:
    eaten = "CVINV-AAAA-BBBB-24QK"
    with pytest.raises(CodeError, match="single quotes"):
        read_code(eaten, INVITATION)
