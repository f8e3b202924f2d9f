"""Submissions: spelled once, with the members in one order, and read as strictly by both sides."""

import json
from dataclasses import fields
from typing import Any

import pytest

from tests.protocol.samples import SAMPLES
from tests.support.people import seed
from vault.encoding import write_base64
from vault.errors import StatementError
from vault.protocol.envelope import Statement, sign
from vault.protocol.kinds import KINDS, Part
from vault.protocol.problems import Refused
from vault.protocol.statements import MODELS
from vault.protocol.strict_json import JsonError
from vault.protocol.submission import NO_PARTS, Parts, Submission, spell
from vault.protocol.vocabulary import StatementType

TYPES = list(StatementType)
SENT: dict[Part, Any] = {Part.SEALS: (b"seal", b""), Part.SLOTS: (b"slot",), Part.BLOB: b"blob", Part.SALT: bytes(32)}


def statement_of(word: StatementType) -> Statement:
    return sign(MODELS[word].model_validate(SAMPLES[word]), [seed("coach")])


def parts_of(word: StatementType) -> Parts:
    return Parts(**{part: SENT[part] for part in KINDS[word].parts})


def refusal_of(members: Any) -> list[dict[str, str]]:
    with pytest.raises(Refused) as refused:
        Submission.from_json(members)
    assert refused.value.code == "schema"
    errors: list[dict[str, str]] = refused.value.members["errors"]
    return errors


def test_there_is_a_member_for_every_part_in_the_order_of_spelling() -> None:
    assert [field.name for field in fields(Parts)] == list(Part)


@pytest.mark.parametrize("word", TYPES)
def test_what_was_spelled_is_read_back_and_spelled_to_the_same_bytes(word: StatementType) -> None:
    statement, parts = statement_of(word), parts_of(word)
    raw = spell(statement, parts)
    read = Submission.parse(raw)
    assert (read.envelope, read.parts) == (statement.envelope, parts)
    assert spell(Statement.of(read.envelope), read.parts) == raw


def test_a_submission_has_no_white_space_and_names_the_key_of_its_signer_as_a_hint() -> None:
    statement = statement_of(StatementType.CONTRACT)
    envelope = json.dumps(statement.envelope.to_json(statement.body.key), separators=(",", ":"))
    seals, blob, salt = '["c2VhbA==",""]', '"YmxvYg=="', f'"{write_base64(bytes(32))}"'
    expected = f'{{"statement":{envelope},"seals":{seals},"blob":{blob},"salt":{salt}}}'
    assert spell(statement, parts_of(StatementType.CONTRACT)) == expected.encode("ascii")


def test_a_statement_may_come_alone() -> None:
    statement = statement_of(StatementType.CLOSURE)
    assert list(json.loads(spell(statement))) == ["statement"]
    assert Submission.parse(spell(statement)).parts == NO_PARTS


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"Blob": "AAAA"}, {"pointer": "", "rule": "extra_forbidden"}),
        ({"seals": "AAAA"}, {"pointer": "/seals", "rule": "list_type"}),
        ({"slots": ["AAAA"] * 17}, {"pointer": "/slots", "rule": "list_type"}),
        ({"seals": ["AAAA", "AAA"]}, {"pointer": "/seals/1", "rule": "base64"}),
        ({"slots": [None]}, {"pointer": "/slots/0", "rule": "base64"}),
        ({"blob": None}, {"pointer": "/blob", "rule": "base64"}),
        ({"blob": "AAB="}, {"pointer": "/blob", "rule": "base64"}),
        ({"salt": "AAAA"}, {"pointer": "/salt", "rule": "base64"}),
        ({"salt": "AAAA", "blob": "AAA", "seals": {}}, {"pointer": "/seals", "rule": "list_type"}),
    ],
)
def test_what_is_spelled_otherwise_is_refused_with_its_place_and_its_rule(
    changes: dict[str, Any], error: dict[str, str]
) -> None:
    members = json.loads(spell(statement_of(StatementType.CLOSURE)))
    assert refusal_of(members | changes) == [error]


def test_parts_without_a_statement_are_refused() -> None:
    with pytest.raises(Refused, match="statement-required"):
        Submission.from_json({"blob": "AAAA"})


def test_what_is_no_envelope_is_refused_before_the_parts_are_looked_at() -> None:
    with pytest.raises(StatementError):
        Submission.from_json({"statement": {}, "blob": "no base64"})


def test_what_is_no_strict_json_object_is_refused() -> None:
    assert refusal_of([]) == [{"pointer": "", "rule": "dict_type"}]
    with pytest.raises(JsonError):
        Submission.parse(b'{"statement":1,"statement":2}')
