"""Payloads that two parsers might read differently, and JSON of people's tools: what is refused, each with its name."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.errors import StatementError
from vault.protocol.limits import NESTING_MAXIMUM, PAYLOAD_MAXIMUM_BYTES
from vault.protocol.strict_json import JsonError, read_json, read_payload


def nested(depth: int, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    return opening * depth + closing * depth


REFUSED_AS_JSON: dict[str, bytes] = {
    "empty": b"",
    "nothing but white space": b"  \n",
    "truncated object": b'{"a":1',
    "truncated string": b'{"a":"b',
    "truncated escape": b'{"a":"b\\"',
    "two values": b"{}{}",
    "a comma too many in an object": b'{"a":1,}',
    "a comma too many in a list": b"[1,]",
    "a missing comma": b'{"a":1"b":2}',
    "a missing colon": b'{"a"1}',
    "single quotes": b"{'a':1}",
    "a name without quotes": b"{a:1}",
    "a comment": b'{"a":1/*b*/}',
    "duplicate members": b'{"a":1,"a":1}',
    "duplicate members with other values": b'{"a":1,"a":2}',
    "duplicate members deep inside": b'{"a":[{"b":{"c":1,"c":2}}]}',
    "duplicates once unescaped": b'{"a":1,"\\u0061":2}',
    "duplicate empty names": b'{"":1,"":1}',
    "a fraction": b'{"a":1.0}',
    "a fraction that is whole": b'{"a":10.00}',
    "an exponent": b'{"a":1e3}',
    "a capital exponent": b'{"a":1E3}',
    "an exponent of zero": b'{"a":0e0}',
    "a negative number": b'{"a":-1}',
    "minus zero": b'{"a":-0}',
    "a plus sign": b'{"a":+1}',
    "a leading zero": b'{"a":01}',
    "two zeros": b'{"a":00}',
    "2^53": b'{"a":9007199254740992}',
    "2^53 + 1": b'{"a":9007199254740993}',
    "2^64": b'{"a":18446744073709551616}',
    "seventeen digits": b'{"a":10000000000000000}',
    "ten thousand digits": b'{"a":' + b"1" * 10_000 + b"}",
    "a hexadecimal number": b'{"a":0x10}',
    "an underscore in a number": b'{"a":1_000}',
    "a point in front": b'{"a":.5}',
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":Infinity}',
    "minus Infinity": b'{"a":-Infinity}',
    "True": b'{"a":True}',
    "None": b'{"a":None}',
    "undefined": b'{"a":undefined}',
    "a lone high surrogate": b'{"a":"\\ud800"}',
    "a lone low surrogate": b'{"a":"\\udc00"}',
    "surrogates in the wrong order": b'{"a":"\\udc00\\ud800"}',
    "a lone surrogate in a name": b'{"\\ud800":1}',
    "a surrogate in UTF-8": b'{"a":"\xed\xa0\x80"}',
    "an overlong slash": b'{"a":"\xc0\xaf"}',
    "a byte of Latin-1": b'{"a":"\xe9"}',
    "a byte order mark": b'\xef\xbb\xbf{"a":1}',
    "UTF-16": '{"a":1}'.encode("utf-16-le"),
    "a tab inside a string": b'{"a":"\t"}',
    "a line feed inside a string": b'{"a":"\n"}',
    "a zero byte inside a string": b'{"a":"\x00"}',
    "an unknown escape": b'{"a":"\\x41"}',
    "a short unicode escape": b'{"a":"\\u41"}',
    "nine lists": nested(9),
    "nine objects": b'{"a":' * 9 + b"1" + b"}" * 9,
    "a hundred thousand lists": nested(100_000),
    "lists that never end": b"[" * 100_000,
}

REFUSED_AS_PAYLOAD: dict[str, bytes] = {
    **REFUSED_AS_JSON,
    "a space": b'{"a": 1}',
    "a line feed at the end": b'{"a":1}\n',
    "a space in front": b' {"a":1}',
    "a tab": b'{"a":\t1}',
    "a carriage return": b'{"a":\r1}',
    "an escaped quote": b'{"a":"\\""}',
    "an escaped letter": b'{"a":"\\u0062"}',
    "an escaped slash": b'{"a":"\\/"}',
    "an escaped backslash": b'{"a":"\\\\"}',
    "a space inside a string": b'{"a":"b c"}',
    "a letter outside ASCII": '{"a":"é"}'.encode(),
    "a no-break space": '{"a":\u00a01}'.encode(),
    "a delete character": b'{"a":"\x7f"}',
    "a zero byte at the end": b'{"a":1}\x00',
    "a list": b"[1]",
    "a string": b'"a"',
    "a number": b"1",
    "true": b"true",
    "null": b"null",
    "64 KiB and a byte": b'{"a":"' + b"b" * (PAYLOAD_MAXIMUM_BYTES - 7) + b'"}',
}


@pytest.mark.parametrize("name", REFUSED_AS_PAYLOAD)
def test_a_payload_is_refused_that_is(name: str) -> None:
    with pytest.raises(StatementError):
        read_payload(REFUSED_AS_PAYLOAD[name])


@pytest.mark.parametrize("name", REFUSED_AS_JSON)
def test_json_is_refused_that_is(name: str) -> None:
    with pytest.raises(JsonError):
        read_json(REFUSED_AS_JSON[name])


def test_a_payload_of_64_kib_is_read() -> None:
    payload = b'{"a":"' + b"b" * (PAYLOAD_MAXIMUM_BYTES - 8) + b'"}'
    assert len(payload) == PAYLOAD_MAXIMUM_BYTES == 65_536
    assert read_payload(payload) == {"a": "b" * (PAYLOAD_MAXIMUM_BYTES - 8)}


def test_every_byte_from_0x21_to_0x7e_but_quote_and_backslash_may_stand_in_a_payloads_string() -> None:
    letters = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"\\')
    assert read_payload(f'{{"a":"{letters}"}}'.encode()) == {"a": letters}


def test_a_payload_may_hold_nulls_booleans_and_lists_until_its_type_is_known() -> None:
    assert read_payload(b'{"a":null,"b":[true,false,0,9007199254740991],"c":{}}') == {
        "a": None,
        "b": [True, False, 0, 2**53 - 1],
        "c": {},
    }


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b' {"a" :\n[ 1 ,\t2 ]\r}\n', {"a": [1, 2]}),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        ('"\U0001f600é"'.encode(), "\U0001f600é"),
        (b'"\\u0000\\"\\\\\\/\\b\\f\\n\\r\\t"', '\0"\\/\b\f\n\r\t'),
        (b"0", 0),
        (b"null", None),
        (b"[]", []),
        (b'{"[[[[[[[[[[":"]]]]{{{{{{{{{"}', {"[[[[[[[[[[": "]]]]{{{{{{{{{"}),
        (b'{"a":"\\"[[[[[[[[[["}', {"a": '"[[[[[[[[[['}),
    ],
)
def test_white_space_and_escapes_may_stand_in_json_of_peoples_tools(raw: bytes, value: object) -> None:
    assert read_json(raw) == value


@pytest.mark.parametrize("pair", [(b"[", b"]"), (b'{"a":', b"}")])
def test_eight_levels_are_read_and_nine_are_not(pair: tuple[bytes, bytes]) -> None:
    opening, closing = pair
    middle = b"1" if opening != b"[" else b""
    read_json(opening * NESTING_MAXIMUM + middle + closing * NESTING_MAXIMUM)
    with pytest.raises(JsonError, match="at most 8"):
        read_json(opening * 9 + middle + closing * 9)


def test_many_lists_side_by_side_are_not_deep() -> None:
    assert read_json(b"[" + b",".join([b"[[]]"] * 500) + b"]") == [[[]]] * 500


def test_closing_brackets_without_opening_ones_buy_no_depth() -> None:
    with pytest.raises(JsonError):
        read_json(b"]" * 10 + b"[" * 18)


texts = st.text(st.characters(exclude_categories=["Cs"]))
leaves = st.none() | st.booleans() | st.integers(0, 2**53 - 1) | texts
json_values: st.SearchStrategy[Any] = leaves
for _ in range(3):
    json_values = leaves | st.lists(json_values, max_size=3) | st.dictionaries(texts, json_values, max_size=3)


@given(json_values, st.booleans())
def test_what_json_can_say_comes_back(value: object, ascii_only: bool) -> None:
    assert read_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_and_nothing_else_happens(raw: bytes) -> None:
    with contextlib.suppress(JsonError):
        read_json(raw)
    with contextlib.suppress(StatementError):
        read_payload(raw)


def test_a_refusal_repeats_nothing_of_what_was_given() -> None:
    for raw in REFUSED_AS_PAYLOAD.values():
        with pytest.raises(StatementError) as refusal:
            read_payload(raw)
        assert refusal.value.__cause__ is None
        assert str(refusal.value).startswith("expected ")
