"""Payloads that an insider signs correctly and that every reader refuses, each for one reason."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.vectors.people import COACH, person
from tests.vectors.spelling import Vector
from tests.vectors.story import Story
from vault import ed25519
from vault.encoding import write_base64
from vault.protocol.envelope import payload_type, pre_authentication_encoding
from vault.protocol.vocabulary import StatementType

Members = dict[str, Any]


def build_payloads(story: Story) -> Vector:
    """Hostile payloads with valid signatures of the coach's key, and hostile envelopes around good ones."""
    refused = []
    for name, word, payload, error in _hostile(story):
        signature = ed25519.sign(person(COACH).keys.sign_seed, pre_authentication_encoding(word, payload))
        refused.append(
            {
                "name": name,
                "type": word,
                "payload": write_base64(payload),
                "sig": write_base64(signature),
                "error": error,
            }
        )
    assert len({one["name"] for one in refused}) == len(refused)
    return {"signed_with": COACH, "refused": refused, "refused_envelopes": list(_hostile_envelopes(story))}


def _dump(members: Any) -> bytes:
    return json.dumps(members, separators=(",", ":")).encode("ascii")


def _hostile(story: Story) -> Iterator[tuple[str, StatementType, bytes, str]]:
    texts = {
        word: story.find(name).envelope.payload
        for word, name in (
            (StatementType.ITEM, "goal"),
            (StatementType.CONTRACT, "contract"),
            (StatementType.WITHDRAWAL, "withdrawal"),
            (StatementType.KEYS, "keys 1 of lena"),
            (StatementType.DISCLOSURE, "disclosure"),
            (StatementType.ESCALATION, "escalation"),
            (StatementType.KEYRING, "keyring 2"),
            (StatementType.ERASURE, "erasure"),
            (StatementType.REQUEST, "request"),
        )
    }
    texts |= {StatementType(entry.name): entry.statement.envelope.payload for entry in story.unjournaled[:2]}
    withdrawal = texts[StatementType.WITHDRAWAL]

    def text(name: str, old: bytes, new: bytes, word: StatementType = StatementType.WITHDRAWAL) -> Any:
        assert old in texts[word], (name, old)
        return name, word, texts[word].replace(old, new, 1), "StatementError"

    def members(name: str, word: StatementType, change: Callable[[Members], Any], error: str = "StatementError") -> Any:
        value = json.loads(texts[word])
        change(value)
        return name, word, _dump(value), error

    def put(**values: Any) -> Callable[[Members], Any]:
        return lambda value: value.update(values)

    whole = StatementType.WITHDRAWAL
    yield text("member twice", b'"suite":1', b'"suite":1,"suite":1')
    yield text("member twice, deep down", b'"sha256"', b'"size":9,"sha256"', StatementType.ITEM)
    yield text("integer as a float", b'"suite":1', b'"suite":1.0')
    yield text("integer with an exponent", b'"suite":1', b'"suite":1e0')
    yield text("integer with a leading zero", b'"suite":1', b'"suite":01')
    yield text("integer with a minus", b'"suite":1', b'"suite":-1')
    yield text("minus zero", b'"suite":1', b'"suite":-0')
    yield text("integer as a string", b'"suite":1', b'"suite":"1"')
    yield text("true for 1", b'"suite":1', b'"suite":true')
    yield text("infinite number", b'"suite":1', b'"suite":1e400')
    yield text("NaN", b'"suite":1', b'"suite":NaN')
    yield text("list for an integer", b'"suite":1', b'"suite":[1]')
    yield text("escape in a value", b'"withdrawal"', b'"\\u0077ithdrawal"')
    yield text("escaped slash", b"vault.example/log", b"vault.example\\/log")
    yield text("escape in a name", b'"engagement"', b'"\\u0065ngagement"')
    yield text("space after a colon", b'"suite":1', b'"suite": 1')
    yield text("not ASCII", b"vault.example", "väult.example".encode())
    yield text("control character", b"vault.example", b"vault\x01example")
    yield text("delete character", b"vault.example", b"vault\x7fexample")
    yield text("comma at the end", b"}", b",}")
    yield text("single quotes", b'"suite"', b"'suite'")
    yield text("comment", b'"suite":1', b'"suite":1/**/')
    yield "tab at the end", whole, withdrawal + b"\t", "StatementError"
    yield "line end at the end", whole, withdrawal + b"\n", "StatementError"
    yield "byte order mark", whole, b"\xef\xbb\xbf" + withdrawal, "StatementError"
    yield "second object", whole, withdrawal + b"{}", "StatementError"
    yield "cut off", whole, withdrawal[:-1], "StatementError"
    yield "empty", whole, b"", "StatementError"
    yield "null alone", whole, b"null", "StatementError"
    yield "list alone", whole, b"[" + withdrawal + b"]", "StatementError"
    yield "string alone", whole, b'"withdrawal"', "StatementError"
    yield "nesting of 9", whole, b'{"suite":' + b"[" * 8 + b"]" * 8 + b"}", "StatementError"
    yield "nesting of 10,000", whole, b"[" * 10_000 + b"]" * 10_000, "StatementError"
    long = withdrawal[:-1] + b',"x":"' + b"x" * (65_536 - len(withdrawal)) + b'"}'
    yield "more than 65,536 bytes", whole, long, "StatementError"
    yield members("unknown member", whole, put(title="hello"))
    yield members("unknown member, deep down", StatementType.ITEM, lambda v: v["blob"].update(name="x"))
    yield members("missing member", whole, lambda v: v.pop("disclosure"))
    yield members("missing seen instead of null", whole, lambda v: v.pop("seen"))
    yield members("missing member, deep down", StatementType.ITEM, lambda v: v["blob"].pop("size"))
    yield members("null where none may stand", whole, put(disclosure=None))
    yield members("null in after", whole, put(after=None))
    yield members("after where null must stand", StatementType.LOGIN, put(after="0" * 64))
    yield members("seen where null must stand", StatementType.INTRODUCTION, put(seen="0" * 64))
    yield members("2^53", StatementType.ITEM, put(at=2**53))
    yield members("17 digits", StatementType.ITEM, put(at=10**16))
    yield members("negative time", StatementType.ITEM, put(at=-1))
    yield members("version 0", StatementType.ITEM, put(version=0))
    yield members("version 2 without previous", StatementType.ITEM, put(version=2))
    yield members("version 1 with previous", StatementType.ITEM, put(previous="0" * 64))
    yield members("upper-case hex", whole, lambda v: v.update(engagement=v["engagement"].upper()))
    yield members("hex one digit short", whole, lambda v: v.update(engagement=v["engagement"][1:]))
    yield members("hex with a prefix", whole, lambda v: v.update(engagement="0x" + v["engagement"][2:]))
    yield members("account of 16 bytes", whole, lambda v: v.update(by=v["by"][:32]))
    yield members("word outside the list", StatementType.ITEM, put(kind="performance"))
    yield members("word in capitals", StatementType.ITEM, put(kind="Goal"))
    yield members("blob kind as item kind", StatementType.ITEM, put(kind="disclosure"))
    yield members("purpose that does not exist", StatementType.DISCLOSURE, put(purpose="discipline"))
    yield members("seals out of order", StatementType.ITEM, lambda v: v["seals"].reverse())
    yield members("seal twice", StatementType.ITEM, lambda v: v.update(seals=[v["seals"][0]] * 2))
    yield members("17 seals", StatementType.ITEM, lambda v: v.update(seals=_many_seals(v["seals"][0])))
    yield members("clauses out of order", StatementType.CONTRACT, lambda v: v["clauses"].reverse())
    yield members("share kind twice", StatementType.CONTRACT, put(share_kinds=["goals", "goals"]))
    yield members("object for a list", StatementType.CONTRACT, put(share_kinds={}))
    yield members("starts inside a day", StatementType.CONTRACT, lambda v: v.update(starts=v["starts"] + 1))
    yield members("ends before it starts", StatementType.CONTRACT, lambda v: v.update(ends=v["starts"]))
    yield members("contact with an account and no keys", StatementType.CONTRACT, _contact_without_keys)
    yield members("retention of 0 days", StatementType.CONTRACT, put(retention_days=0))
    yield members("disclosure at an hour", StatementType.DISCLOSURE, lambda v: v.update(at=v["at"] + 1))
    yield members("delay of 73 hours", StatementType.ESCALATION, put(delay={"hours": 73, "reason": "safety"}))
    yield members("delay of 0 hours", StatementType.ESCALATION, put(delay={"hours": 0, "reason": "safety"}))
    yield members("escalation that names an item", StatementType.ESCALATION, put(item="0" * 32))
    yield members("erasure of nothing", StatementType.ERASURE, put(items=[]))
    yield members("keyring without slots", StatementType.KEYRING, put(slots=[]))
    yield members("slot of kind 4", StatementType.KEYRING, lambda v: v["slots"][2].update(kind=4))
    yield members("slots of one kind", StatementType.KEYRING, lambda v: v["slots"][1].update(kind=1))
    yield members("base64 without padding", StatementType.KEYS, lambda v: _public(v, lambda t: t.rstrip("=")))
    yield members("base64 with a loose tail", StatementType.KEYS, lambda v: _public(v, _loosen))
    yield members("base64 of the URL alphabet", StatementType.KEYS, lambda v: _public(v, lambda t: "-_" + t[2:]))
    yield members("base64 of 31 bytes", StatementType.KEYS, lambda v: _public(v, lambda _: write_base64(bytes(31))))
    yield members("url with a path", StatementType.LOGIN, put(url="https://vault.example/"))
    yield members("url with capitals", StatementType.LOGIN, put(url="https://Vault.example"))
    yield members("url with the port that is implied", StatementType.LOGIN, put(url="https://vault.example:443"))
    yield members("url with a port beyond 65,535", StatementType.LOGIN, put(url="https://vault.example:65536"))
    yield members("url with a user", StatementType.LOGIN, put(url="https://x@vault.example"))
    yield members("audience with a plus", whole, put(audience="vault.example+log"))
    yield members("empty audience", whole, put(audience=""))
    yield members("suite 0", whole, put(suite=0), "SuiteError")
    yield members("suite 2", whole, put(suite=2), "SuiteError")
    yield members("suite 255", whole, put(suite=255), "SuiteError")
    yield members("another type inside", whole, put(type="opening"), "PayloadTypeError")
    yield members("type that does not exist", whole, put(type="reset"), "PayloadTypeError")
    yield "good payload under another type", StatementType.OPENING, withdrawal, "PayloadTypeError"


def _many_seals(seal: Members) -> list[Members]:
    return [{**seal, "account": f"{number:064x}"} for number in range(17)]


def _contact_without_keys(value: Members) -> None:
    next(contact for contact in value["contacts"] if contact["account"] is not None)["keys"] = None


def _public(value: Members, change: Callable[[str], str]) -> None:
    value["sign"]["public"] = change(value["sign"]["public"])


def _loosen(text: str) -> str:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return text[:-2] + letters[letters.index(text[-2]) + 1] + "="


def _hostile_envelopes(story: Story) -> Iterator[Vector]:
    good = story.find("withdrawal").envelope.to_json()
    raw = _dump(good)
    signature = good["signatures"][0]
    changed: dict[str, tuple[bytes, str]] = {
        "unknown member": (_dump({**good, "alg": "none"}), "StatementError"),
        "unknown member of a signature": (_dump({**good, "signatures": [{**signature, "x5c": ""}]}), "StatementError"),
        "no signature": (_dump({**good, "signatures": []}), "StatementError"),
        "three signatures": (_dump({**good, "signatures": [signature] * 3}), "StatementError"),
        "signature of 63 bytes": (
            _dump({**good, "signatures": [{**signature, "sig": write_base64(bytes(63))}]}),
            "StatementError",
        ),
        "keyid is a number": (_dump({**good, "signatures": [{**signature, "keyid": 1}]}), "StatementError"),
        "missing keyid": (_dump({**good, "signatures": [{"sig": signature["sig"]}]}), "StatementError"),
        "payload in the URL alphabet": (_dump({**good, "payload": "-_" + good["payload"][2:]}), "StatementError"),
        "payload with a line end": (_dump({**good, "payload": good["payload"] + "\n"}), "StatementError"),
        "payload is an object": (_dump({**good, "payload": {}}), "StatementError"),
        "payload type of nobody": (_dump({**good, "payloadType": "application/json"}), "PayloadTypeError"),
        "payload type in capitals": (
            _dump({**good, "payloadType": payload_type(StatementType.WITHDRAWAL).upper()}),
            "PayloadTypeError",
        ),
        "payload type of version 2": (
            _dump({**good, "payloadType": good["payloadType"].replace(".v1+", ".v2+")}),
            "PayloadTypeError",
        ),
        "payload type is a list": (_dump({**good, "payloadType": [good["payloadType"]]}), "PayloadTypeError"),
        "member twice": (raw[:-1] + b',"payload":"AA=="}', "StatementError"),
        "more than 100,000 bytes": (raw + b" " * 100_000, "StatementError"),
        "list": (b"[" + raw + b"]", "StatementError"),
        "two objects": (raw + raw, "StatementError"),
        "not UTF-8": (raw[:-1] + b',"\xff":1}', "StatementError"),
        "byte order mark": (b"\xef\xbb\xbf" + raw, "StatementError"),
    }
    for name, (envelope, error) in changed.items():
        yield {"name": name, "envelope": write_base64(envelope), "error": error}
