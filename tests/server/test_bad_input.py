"""Every write, taken from the app itself, given everything that can be wrong with a statement and its parts: one code
each, and nothing changes. What can be wrong with any route stands in `test_every_route`.

A new write without a row here fails `test_every_write_has_its_row`.
"""

import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import pytest

from tests.server.joining import bearer
from tests.server.world import Draft, World, first_keys_draft
from tests.support.noise import make_seal
from tests.support.people import account, digest, seal_key, short
from vault.encoding import read_base64, write_base64
from vault.protocol.limits import CLOCK_SKEW_SECONDS
from vault.protocol.vocabulary import ItemKind, StatementType
from vault.server.openapi import build_description

Make = Callable[[World], Awaitable[Draft]]


async def _account(world: World) -> Draft:
    return first_keys_draft("newcomer", world.deployment.clock())


async def _keys(world: World) -> Draft:
    return world.rotation("coach")


async def _keyring(world: World) -> Draft:
    return world.keyring("coach")


async def _introduction(world: World) -> Draft:
    return world.introduction("sponsor", "coach")


async def _engagement(world: World) -> Draft:
    world.engagement = short("another engagement")
    return world.contract_draft()


async def _contract(world: World) -> Draft:
    return world.contract_draft(supersedes=world.contract)


async def _assent(world: World) -> Draft:
    return world.assent("coach", await world.write(world.contract_draft(supersedes=world.contract)))


async def _closure(world: World) -> Draft:
    return world.closure()


async def _item(world: World) -> Draft:
    return world.item()


async def _reseal(world: World) -> Draft:
    note = world.item()
    await world.write(note)
    await world.rotate("coachee")
    await world.write(world.assent("coachee"))
    return world.reseal("coach", note, ["coachee"])


async def _disclosure(world: World) -> Draft:
    return world.disclosure()


async def _opening(world: World) -> Draft:
    return world.opening(await world.write(world.disclosure()))


async def _withdrawal(world: World) -> Draft:
    return world.withdrawal(await world.write(world.disclosure()))


E_ = "/v1/engagements/{engagement}"
WRITES: dict[str, Make] = {
    "/v1/accounts": _account,
    "/v1/accounts/{account}/keys": _keys,
    "/v1/accounts/{account}/keyring": _keyring,
    "/v1/introductions": _introduction,
    "/v1/engagements": _engagement,
    f"{E_}/contracts": _contract,
    f"{E_}/assents": _assent,
    f"{E_}/closures": _closure,
    f"{E_}/items": _item,
    f"{E_}/reseals": _reseal,
    f"{E_}/disclosures": _disclosure,
    f"{E_}/openings": _opening,
    f"{E_}/withdrawals": _withdrawal,
}
"""A submission that the route takes, in a world of `three`."""

LISTS = ("/v1/accounts/{account}/keys", "/v1/introductions", "/v1/engagements", f"{E_}/journal",
         f"{E_}/escalations/journal", f"{E_}/items", f"{E_}/disclosures", "/v1/accounts/{account}/keyring")  # fmt: skip
READS = (*LISTS, E_, f"{E_}/blobs/{{sha256}}", f"{E_}/items/{{item}}", f"{E_}/items/{{item}}/readers",
         f"{E_}/disclosures/{{statement}}/content", f"{E_}/attachments/{{attachment}}",
         f"{E_}/attachments/{{attachment}}/parts")  # fmt: skip


def test_every_write_has_its_row() -> None:
    writes = {
        path
        for path, methods in build_description()["paths"].items()
        for operation in methods.values()
        if operation["security"] and '"statement"' in json.dumps(operation.get("requestBody", {}))
    }
    assert writes == WRITES.keys()


@dataclass(frozen=True)
class Fault:
    """A submission with one thing wrong."""

    name: str
    status: int
    code: str
    body: dict[str, Any]
    path: str | None = None


def _faults(world: World, draft: Draft) -> Iterator[Fault]:
    yield from _other_members(draft)
    yield from _statements(world, draft)
    yield from _parts(draft)


def _other_members(draft: Draft) -> Iterator[Fault]:
    yield Fault("an unknown member", 422, "schema", body={**draft.json(), "note": "x"})
    values: list[Any] = [None, 1, "x", [], {}, {**draft.json()["statement"], "more": 1}]
    for value in values:
        yield Fault(f"statement {value!r}"[:40], 422, "statement-malformed", body={"statement": value})
    yield Fault("a part of another type", 422, "schema", body={**draft.json(), "seals": "x"})
    yield Fault("a part that is no base64", 422, "schema", body={**draft.json(), "blob": "*"})
    yield Fault("a salt of another size", 422, "schema", body={**draft.json(), "salt": "AAAA"})


def _statements(world: World, draft: Draft) -> Iterator[Fault]:
    at = world.deployment.clock()
    for name, status, code, changed in (
        ("another deployment", 422, "audience", draft.changed(audience="other.example/log")),
        ("a suite to come", 422, "suite", draft.changed(suite=2)),
        ("another key", 422, "signature-invalid", draft.changed(key=short("no key"))),
    ):
        if draft.body.type is StatementType.KEYS and name == "another key":
            code = "key-chain"  # keys verify under the keys before them; that `key` names these is for policy to say
        yield Fault(name, status, code, body=changed.json())
    ahead = (at + CLOCK_SKEW_SECONDS + 86_400) // 86_400 * 86_400
    yield Fault("a clock ahead", 422, "clock-skew", body=draft.changed(at=ahead).json())
    other = "item" if draft.body.type is not StatementType.ITEM else "closure"
    envelope = draft.json()["statement"]
    as_other = {**envelope, "payloadType": f"application/vnd.coach-vault.{other}.v1+json"}
    yield Fault("another type", 422, "statement-malformed", body={**draft.json(), "statement": as_other})
    forged = write_base64(bytes(64))
    yield Fault(
        "a signature of nobody", 422, "signature-invalid",
        body={**draft.json(), "statement": {**envelope, "signatures": [{"keyid": "", "sig": forged}]}},
    )  # fmt: skip
    twice = {**envelope, "signatures": [*envelope["signatures"], *envelope["signatures"]][:2]}
    if len(envelope["signatures"]) == 1:
        yield Fault("a signature too many", 422, "signature-invalid", body={**draft.json(), "statement": twice})
    spaced = write_base64(read_base64(envelope["payload"]) + b" ")
    yield Fault(
        "white space in the payload", 422, "statement-malformed",
        body={**draft.json(), "statement": {**envelope, "payload": spaced}},
    )  # fmt: skip
    if draft.body.row.journal is not None:
        after = draft.changed(after=digest("another after"))
        yield Fault("the wrong after", 422, "not-newest", body=after.json())
        seen = draft.changed(seen=digest("another seen"))
        yield Fault("an entry that nobody has seen", 422, "seen-unknown", body=seen.json())
    if hasattr(draft.body, "engagement"):
        foreign = draft.changed(engagement=short("nobody's"))
        if draft.path != "/v1/engagements":
            elsewhere = foreign.path.replace(world.engagement.hex(), short("nobody's").hex())
            yield Fault("an unknown engagement", 404, "not-found", body=foreign.json(), path=elsewhere)
            yield Fault("another path", 422, "path-mismatch", body=draft.json(), path=elsewhere)
            yield Fault(
                "an id that is none",
                422,
                "path-mismatch",
                body=draft.json(),
                path=draft.path.replace(world.engagement.hex(), "x"),
            )
    elif "/v1/accounts/" in draft.path:
        elsewhere = draft.path.replace(account(draft.name).hex(), account("coachee").hex())
        yield Fault("another's path", 422, "path-mismatch", body=draft.json(), path=elsewhere)
    yield Fault("a query", 422, "schema", body=draft.json(), path=f"{draft.path}?after=1")


def _parts(draft: Draft) -> Iterator[Fault]:
    good = draft.json()
    for name in ("seals", "blob", "slots", "salt"):
        if name not in draft.parts:
            wrong = write_base64(bytes(32)) if name in ("blob", "salt") else []
            yield Fault(f"{name} that have no place", 422, "part-surplus", body={**good, name: wrong})
            continue
        rest = {key: value for key, value in good.items() if key != name}
        yield Fault(f"no {name}", 422, "part-missing", body=rest)
        value = good[name]
        if name == "salt":
            yield Fault("another salt", 422, "part-mismatch", body={**good, name: write_base64(bytes(32))})
        elif name == "blob":
            raw = read_base64(value)
            for changed in (raw[:-1], raw + b"x", raw[:-1] + bytes([raw[-1] ^ 1]), b""):
                yield Fault("another blob", 422, "part-mismatch", body={**good, name: write_base64(changed)})
        else:
            yield Fault(f"too few {name}", 422, "part-missing", body={**good, name: value[:-1]})
            yield Fault(f"too many {name}", 422, "part-surplus", body={**good, name: [*value, value[0]]})
            if len(value) > 1:
                yield Fault(f"{name} swapped", 422, "part-mismatch", body={**good, name: value[::-1]})
            short_one = write_base64(read_base64(value[0])[:-1])
            yield Fault(f"shorter {name}", 422, "part-mismatch", body={**good, name: [short_one, *value[1:]]})


@pytest.mark.sampled(12)
@pytest.mark.parametrize("path", WRITES)
async def test_a_write_with_anything_wrong_is_refused_and_changes_nothing(three: World, path: str) -> None:
    draft = await WRITES[path](three)
    deployment, http = three.deployment, three.http
    good = deployment.enrolment() if path == "/v1/accounts" else three.tokens[draft.name]
    before = deployment.digest()
    for fault in _faults(three, draft):
        answer = await http.post(fault.path or draft.path, json=fault.body, headers=bearer(good))
        assert (answer.status_code, answer.json()["code"]) == (fault.status, fault.code), (fault.name, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"].endswith(".")
        assert deployment.digest() == before, fault.name
    first = await http.post(draft.path, json=draft.json(), headers=bearer(good))
    assert first.status_code == 201, first.text
    after = deployment.digest()
    again = await http.post(draft.path, json=draft.json(), headers=bearer(good))
    assert (again.status_code, again.json()) == (200, first.json())
    assert deployment.digest() == after
    if path != "/v1/accounts":
        other = await http.post(draft.path, json=draft.changed(at=draft.body.at - 86_400).json(), headers=bearer(good))
        assert other.json()["code"] == "id-taken"
        assert deployment.digest() == after


def _address(world: World, template: str, **ids: bytes) -> str:
    known = {
        "account": account("coach"), "engagement": world.engagement, "sha256": digest("blob"), "item": short("item"),
        "statement": digest("statement"), "attachment": short("attachment"),
    }  # fmt: skip
    return template.format(**{name: value.hex() for name, value in {**known, **ids}.items()})


@pytest.mark.parametrize("template", LISTS)
async def test_a_list_takes_one_spelling_of_its_parameters(world: World, template: str) -> None:
    await world.add("coach")
    for query in (
        "limit=0", "limit=201", "limit=", "limit=01", "limit=%2B1", "limit=1.0", "limit=x", "limit=-1",
        "limit=1&limit=2", "after=", "after=x", "after=-1", "after=01",
    ):  # fmt: skip
        answer = await world.get("coach", f"{_address(world, template)}?{query}")
        assert answer.json()["code"] == "schema", query


@pytest.mark.sampled(12)
@pytest.mark.parametrize("template", [path for path in READS if path != "/v1/introductions" and "{" in path])
async def test_what_is_not_there_and_what_is_not_yours_are_the_same_bytes(three: World, template: str) -> None:
    note = three.item("coach", ItemKind.PRIVATE)
    await three.write(note)
    disclosure = await three.write(three.disclosure())
    await three.write(three.keyring("coach"))
    ids = {"sha256": note.body.blob.sha256, "item": note.body.item, "statement": disclosure}
    nowhere = await three.http.get("/nowhere")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "not-found")
    paths = [_address(three, template, engagement=short("unknown"), account=digest("unknown"))]
    paths.append(template.format(engagement="x", account="x", sha256="x", item="x", statement="x", attachment="x"))
    if template != "/v1/accounts/{account}/keys":  # whoever knows an account reads its keys
        paths.append(_address(three, template, **ids))
    for path in paths:
        answer = await three.get("stranger", path)
        assert (answer.status_code, answer.content) == (404, nowhere.content), path


async def test_a_seal_of_another_length_or_off_the_curve_is_no_seal(three: World) -> None:
    for raw in (make_seal("x")[:-1], make_seal("x") + b"x", bytes(1_168), b"plain text " * 106 + b"xx"):
        draft = three.item()
        seals = [ref.model_copy(update={"sha256": _sha256(raw)}) for ref in draft.body.seals]
        wrong = draft.changed(seals=tuple(seals)).with_parts(seals=[write_base64(raw)] * 2)
        assert await three.code(wrong) == "seal-shape"


@pytest.mark.parametrize("path", ["keyring", "items", "disclosures", "contracts"])
async def test_a_blob_of_another_kind_or_bucket_is_no_blob(three: World, path: str) -> None:
    make = {"keyring": _keyring, "items": _item, "disclosures": _disclosure, "contracts": _contract}[path]
    draft = await make(three)
    raw = read_base64(draft.parts["blob"])
    name = "text" if path == "contracts" else "blob"
    for changed in (raw[:-1], raw + b"x", raw + bytes(1_024), b"XXXX" + raw[4:], raw[:5] + b"\x63" + raw[6:]):
        ref = getattr(draft.body, name).model_copy(update={"sha256": _sha256(changed), "size": len(changed)})
        wrong = draft.changed(**{name: ref}).with_parts(blob=write_base64(changed))
        assert await three.code(wrong) == "blob-shape", len(changed)
    later = raw[:4] + b"\x02" + raw[5:]
    ref = getattr(draft.body, name).model_copy(update={"sha256": _sha256(later)})
    assert await three.code(draft.changed(**{name: ref}).with_parts(blob=write_base64(later))) == "suite"


async def test_a_seal_for_a_key_that_was_replaced_is_stale(three: World) -> None:
    await three.rotate("coachee")
    await three.write(three.assent("coachee"))
    draft = three.item()
    stale = tuple(
        ref.model_copy(update={"key": seal_key("coachee").key}) if ref.account == account("coachee") else ref
        for ref in draft.body.seals
    )
    assert await three.code(draft.changed(seals=stale)) == "key-stale"


def _sha256(raw: bytes) -> bytes:
    return sha256(raw).digest()
