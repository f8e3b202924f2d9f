"""One spelling per value: hex, base64 and decimal text."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.encoding import MAXIMUM_INTEGER, read_base64, read_decimal, read_hex, write_base64
from vault.errors import EncodingError


@given(st.binary(max_size=64))
def test_hex_comes_back_as_the_bytes_it_spells(raw: bytes) -> None:
    assert read_hex(raw.hex(), len(raw)) == raw


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "00",
        "0000ff0",
        "0000FF00",
        "0000fF00",
        "0x00ff00",
        "0000 f00",
        "0000ff00\n",
        "0000ff0\u0660",
        "0000ffg0",
        "_000ff00",
    ],
)
def test_another_spelling_of_hex_is_refused(text: str) -> None:
    with pytest.raises(EncodingError, match="expected 8 lower-case hex digits"):
        read_hex(text, 4)


@given(st.binary(max_size=200))
def test_base64_comes_back_as_the_bytes_it_spells(raw: bytes) -> None:
    text = write_base64(raw)
    assert text == base64.b64encode(raw).decode()
    assert read_base64(text) == read_base64(text, len(raw)) == raw


@pytest.mark.parametrize(
    "text",
    [
        "A", "AA", "AAA", "AA=", "A===", "=", "====", "AA==AA==", "AA===", "AAA==", "AA==\n", " AA==", "AA ==",
        "AA=\n=", "-_8=", "AB==", "AAB=", "AA==A", "AÄ==", "AAAA=", "AAAA\x00",
    ],
)  # fmt: skip
def test_another_spelling_of_base64_is_refused(text: str) -> None:
    with pytest.raises(EncodingError):
        read_base64(text)


def test_base64_of_another_size_is_refused() -> None:
    for size in (0, 2, 4):
        with pytest.raises(EncodingError, match=f"expected base64 of {size} bytes"):
            read_base64("AAAA", size)


@given(st.integers(0, MAXIMUM_INTEGER))
def test_a_decimal_comes_back_as_the_integer_it_spells(value: int) -> None:
    assert read_decimal(str(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-0",
        "-1",
        "+1",
        "01",
        "00",
        " 1",
        "1 ",
        "1\n",
        "1.0",
        "1e3",
        "1_000",
        "0x1",
        "\u0661",
        "9007199254740992",
        "99999999999999999",
    ],
)
def test_another_spelling_of_an_integer_is_refused(text: str) -> None:
    with pytest.raises(EncodingError):
        read_decimal(text)


def test_the_largest_integer_is_the_last_that_json_keeps_exactly() -> None:
    assert read_decimal("9007199254740991") == MAXIMUM_INTEGER == 2**53 - 1


@pytest.mark.parametrize("value", [None, 1, b"00", ["00"]])
def test_what_is_no_text_is_refused(value: object) -> None:
    readers: list[object] = [lambda text: read_hex(text, 1), read_base64, read_decimal]
    for read in readers:
        assert callable(read)
        with pytest.raises(EncodingError):
            read(value)
