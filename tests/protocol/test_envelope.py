"""Envelopes: the exact bytes that are signed and hashed, one accepted shape, and signatures in their order."""

import base64
import hashlib
import json
from typing import Any

import pytest

from tests.protocol.samples import SAMPLES, write
from tests.support.people import seed, sign_key
from vault import ed25519
from vault.errors import PayloadTypeError, SignatureError, StatementError
from vault.protocol.envelope import (
    PAYLOAD_TYPES,
    Envelope,
    Statement,
    payload_type,
    pre_authentication_encoding,
    sign,
)
from vault.protocol.statements import parse_body
from vault.protocol.vocabulary import StatementType

PAYLOAD = write(SAMPLES[StatementType.CLOSURE])
SIGNATURE = bytes(range(64))
WIRE: dict[str, Any] = {
    "payload": base64.b64encode(PAYLOAD).decode(),
    "payloadType": "application/vnd.coach-vault.closure.v1+json",
    "signatures": [{"keyid": "", "sig": base64.b64encode(SIGNATURE).decode()}],
}


def signature(**changes: Any) -> dict[str, Any]:
    return {**WIRE["signatures"][0], **changes}


def test_the_signed_bytes_are_these_and_no_others() -> None:
    assert pre_authentication_encoding(StatementType.ITEM, b'{"a":1}') == (
        b'DSSEv1 40 application/vnd.coach-vault.item.v1+json 7 {"a":1}'
    )
    assert pre_authentication_encoding(StatementType.KEYS, b"") == (
        b"DSSEv1 40 application/vnd.coach-vault.keys.v1+json 0 "
    )


@pytest.mark.parametrize("word", list(StatementType))
def test_every_type_has_its_payload_type(word: StatementType) -> None:
    assert payload_type(word) == f"application/vnd.coach-vault.{word.value}.v1+json"
    assert PAYLOAD_TYPES[payload_type(word)] is word


def test_no_two_payloads_have_the_same_signed_bytes() -> None:
    pairs = [(word, payload) for word in StatementType for payload in (b"", b" ", b"1 ", b"0 1 ")]
    assert len({pre_authentication_encoding(word, payload) for word, payload in pairs}) == len(pairs)


def test_a_statement_id_is_the_hash_of_the_signed_bytes() -> None:
    envelope = Envelope.from_json(WIRE)
    expected = b"DSSEv1 43 application/vnd.coach-vault.closure.v1+json %d %s" % (len(PAYLOAD), PAYLOAD)
    assert envelope.signed_bytes == expected
    assert envelope.id == hashlib.sha256(expected).digest()


def test_an_envelope_comes_back_as_it_travelled() -> None:
    envelope = Envelope.from_json(WIRE)
    assert envelope == Envelope(StatementType.CLOSURE, PAYLOAD, (SIGNATURE,))
    assert envelope.to_json() == WIRE
    assert Envelope.parse(json.dumps(WIRE).encode()) == envelope
    assert Envelope.parse(json.dumps(WIRE, indent=2).encode()) == envelope, "white space is for people"


def test_key_ids_are_hints_and_ignored() -> None:
    assert Envelope.from_json({**WIRE, "signatures": [signature(keyid="anything at all")]}) == Envelope.from_json(WIRE)
    two = Envelope(StatementType.KEYS, b"{}", (SIGNATURE, SIGNATURE))
    hints = [[each["keyid"] for each in two.to_json(*ids)["signatures"]] for ids in ((), (b"\1",), (b"\1", b"\2"))]
    assert hints == [["", ""], ["01", ""], ["01", "02"]]


REFUSED: dict[str, object] = {
    "a list": [WIRE],
    "null": None,
    "a string": "envelope",
    "no payload": {key: value for key, value in WIRE.items() if key != "payload"},
    "no payload type": {key: value for key, value in WIRE.items() if key != "payloadType"},
    "no signatures": {key: value for key, value in WIRE.items() if key != "signatures"},
    "a member too many": {**WIRE, "extra": 1},
    "signatures that are no list": {**WIRE, "signatures": {"0": signature()}},
    "an empty list of signatures": {**WIRE, "signatures": []},
    "three signatures": {**WIRE, "signatures": [signature()] * 3},
    "a signature that is a string": {**WIRE, "signatures": [signature()["sig"]]},
    "a signature without a keyid": {**WIRE, "signatures": [{"sig": signature()["sig"]}]},
    "a signature without sig": {**WIRE, "signatures": [{"keyid": ""}]},
    "a signature with a member too many": {**WIRE, "signatures": [signature(alg="EdDSA")]},
    "a keyid that is null": {**WIRE, "signatures": [signature(keyid=None)]},
    "a keyid that is a number": {**WIRE, "signatures": [signature(keyid=1)]},
    "a signature of 63 bytes": {**WIRE, "signatures": [signature(sig=base64.b64encode(SIGNATURE[1:]).decode())]},
    "a signature of 65 bytes": {**WIRE, "signatures": [signature(sig=base64.b64encode(SIGNATURE + b"0").decode())]},
    "a signature in hex": {**WIRE, "signatures": [signature(sig=SIGNATURE.hex())]},
    "a signature that is null": {**WIRE, "signatures": [signature(sig=None)]},
    "a payload that is null": {**WIRE, "payload": None},
    "a payload that is an object": {**WIRE, "payload": {}},
    "base64 of URLs": {**WIRE, "payload": "_-8="},
    "base64 without padding": {**WIRE, "payload": "AA"},
    "base64 with another tail": {**WIRE, "payload": "AB=="},
    "base64 with a line break": {**WIRE, "payload": "AAAA\nAAAA"},
    "base64 with white space": {**WIRE, "payload": " AAAA"},
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_envelope_is_refused_that_is_or_has(name: str) -> None:
    with pytest.raises(StatementError):
        Envelope.from_json(REFUSED[name])
    with pytest.raises(StatementError):
        Envelope.parse(json.dumps(REFUSED[name]).encode())


@pytest.mark.parametrize(
    "word",
    [
        "application/vnd.coach-vault.closure.v2+json",
        "application/vnd.coach-vault.unknown.v1+json",
        "application/vnd.coach-vault.Closure.v1+json",
        "application/json",
        "closure",
        "",
        None,
        1,
    ],
)
def test_an_unknown_payload_type_has_its_own_error(word: object) -> None:
    with pytest.raises(PayloadTypeError):
        Envelope.from_json({**WIRE, "payloadType": word})


def test_an_envelope_has_at_most_100_000_bytes() -> None:
    raw = json.dumps(WIRE).encode()
    padded = raw + b" " * (100_000 - len(raw))
    assert Envelope.parse(padded) == Envelope.from_json(WIRE)
    with pytest.raises(StatementError, match="at most 100,000 bytes"):
        Envelope.parse(padded + b" ")


def test_bytes_that_are_no_json_are_refused() -> None:
    for raw in (b"", b"{", b'{"payload":1,"payload":1}', b"[" * 50_000):
        with pytest.raises(StatementError):
            Envelope.parse(raw)


def test_the_payload_is_not_read_before_it_is_asked_for() -> None:
    envelope = Envelope.from_json({**WIRE, "payload": base64.b64encode(b"no JSON").decode()})
    with pytest.raises(StatementError):
        envelope.body()
    with pytest.raises(StatementError):
        Statement.of(envelope)


def test_a_statement_is_an_envelope_beside_its_body() -> None:
    statement = Statement.of(Envelope.from_json(WIRE))
    assert statement.body == parse_body(PAYLOAD, StatementType.CLOSURE)
    assert statement.id == statement.envelope.id


def test_the_type_of_the_envelope_is_the_type_of_the_payload() -> None:
    other = {**WIRE, "payloadType": payload_type(StatementType.WITHDRAWAL)}
    with pytest.raises(PayloadTypeError):
        Statement.of(Envelope.from_json(other))


def test_signing_signs_the_exact_bytes_with_each_seed_in_order() -> None:
    body = parse_body(PAYLOAD, StatementType.CLOSURE)
    statement = sign(body, [seed("coach"), seed("coachee")])
    signed = statement.envelope.signed_bytes
    assert statement.envelope.payload == body.payload()
    assert statement.envelope.signatures == (
        ed25519.sign(seed("coach"), signed),
        ed25519.sign(seed("coachee"), signed),
    )
    statement.envelope.verify(sign_key("coach").public, sign_key("coachee").public)


@pytest.mark.parametrize(
    "names", [(), ("coach",), ("coachee", "coach"), ("coach", "coach"), ("coach", "coachee", "coach")]
)
def test_signatures_are_as_many_as_keys_and_in_their_order(names: tuple[str, ...]) -> None:
    statement = sign(parse_body(PAYLOAD, StatementType.CLOSURE), [seed("coach"), seed("coachee")])
    with pytest.raises(SignatureError):
        statement.envelope.verify(*(sign_key(name).public for name in names))


def test_a_signature_is_for_one_type_and_one_payload() -> None:
    statement = sign(parse_body(PAYLOAD, StatementType.CLOSURE), [seed("coach")])
    signatures = statement.envelope.signatures
    for word, payload in ((StatementType.WITHDRAWAL, PAYLOAD), (StatementType.CLOSURE, PAYLOAD + b" ")):
        with pytest.raises(SignatureError):
            Envelope(word, payload, signatures).verify(sign_key("coach").public)


def test_an_envelope_does_not_show_what_it_carries() -> None:
    envelope = Envelope.from_json(WIRE)
    assert "signed_bytes" not in repr(envelope)
