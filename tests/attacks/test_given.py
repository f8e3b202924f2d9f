"""Rows C3 to C5, C10, D4, D5, D7, D9 and D12: what a server can do to sealed content, and to a sponsor."""

import base64
import hashlib
import json
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from tests.attacks.stage import Lie, Stage, appended, assessment, changed, forge
from tests.system.worlds import three_way_terms
from vault.client import AsyncVault, Refused
from vault.client.acts import disclosures
from vault.client.acts.exporting import ExportedFile, export_engagement
from vault.client.acts.joining import enqueue_keys
from vault.client.crypto.content import open_content
from vault.client.device.session import Session
from vault.client.errors import (
    BlobHashError,
    CommitmentError,
    ContentError,
    ContentShapeError,
    KeyRollbackError,
    NoReceipt,
    RollbackError,
    SealContextError,
    SealHashError,
    SignedBadlyError,
    UsageError,
)
from vault.client.reading import contents, reading, served
from vault.client.reading.views import View, refresh
from vault.client.sdk.asynchronous.engagements import AsyncEngagement
from vault.protocol.blob import blob_context
from vault.protocol.contents import join_contents, split_blobs, split_head
from vault.protocol.envelope import Envelope, Statement, sign
from vault.protocol.statements import Body, Contract, Disclosure, Item
from vault.protocol.vocabulary import ItemKind, KeysReason

Patch = pytest.MonkeyPatch


def nothing(*_arguments: object, **_more: object) -> None:
    """Stands where a guard was."""


async def notes(_vault: AsyncVault, at: AsyncEngagement) -> list[str]:
    return [(await at.notes.get(note.id)).body for note in await at.notes.list()]


async def inbox(vault: AsyncVault, _at: AsyncEngagement) -> list[str]:
    return [each.id for each in await vault.inbox()]


async def opened(vault: AsyncVault, _at: AsyncEngagement) -> list[str]:
    return [(await each.open()).body for each in await vault.inbox()]


async def contract(_vault: AsyncVault, at: AsyncEngagement) -> str:
    return (await at.reload()).contract.id


def resigned(envelope: dict[str, Any], seed: bytes, **changes: Any) -> dict[str, Any]:
    """The same statement with other members, signed by somebody else."""
    body = Statement.of(Envelope.from_json(envelope)).body.model_copy(update=changes)
    return sign(body, [seed]).envelope.to_json()


async def test_c5_no_blob_stands_for_another(stage: Stage, monkeypatch: Patch) -> None:
    """Every blob of a page in the place of every other; without its hash, the commitment still refuses."""
    _, honest = await stage.run("marek", notes)
    page = next(body for _, target, _, body in honest.tape if "/contents" in target)
    raw, behind = split_head(page)
    head = json.loads(raw)
    blobs = split_blobs(behind, [each["size"] for each in head["data"]])
    kinds = [members_of(each["item"])["kind"] for each in head["data"]]
    places = [place for place, kind in enumerate(kinds) if kind in ("note", "private", "assessment")]
    assert len(places) == 3
    for one, other in permutations(places, 2):

        def lie(_method: str, target: str, status: int, body: bytes, one: int = one, other: int = other) -> Any:
            given = [blobs[other] if each == one else blob for each, blob in enumerate(blobs)]
            data = [each | {"size": len(blob)} for each, blob in zip(head["data"], given, strict=True)]
            told = json.dumps(head | {"data": data}).encode()
            return (status, join_contents(told, given)) if "/contents" in target else (status, body)

        await stage.refuse("marek", notes, lie, BlobHashError)
        with monkeypatch.context() as patch:
            patch.setattr(contents, "require_blob_hash", nothing)
            patch.setattr(reading, "require_blob_hash", nothing)
            with pytest.raises(SignedBadlyError) as error:
                await stage.run("marek", notes, lie)
            assert isinstance(error.value.__cause__, CommitmentError | ContentShapeError)


async def test_c5_no_blob_that_is_asked_for_alone_stands_for_another(stage: Stage, monkeypatch: Patch) -> None:
    vault, _ = await stage.unlock("marek")
    ids = [note.id for note in await stage.at(vault).notes.list()]

    async def each(_vault: AsyncVault, at: AsyncEngagement) -> list[str]:
        return [(await at.notes.get(one)).body for one in ids]

    _, honest = await stage.run("marek", each)
    blobs = {target: body for _, target, _, body in honest.tape if "/blobs/" in target}
    assert len(blobs) == 3
    for one, other in permutations(blobs, 2):

        def lie(_method: str, target: str, status: int, body: bytes, one: str = one, other: str = other) -> Any:
            return (status, blobs[other]) if target == one else (status, body)

        await stage.refuse("marek", each, lie, BlobHashError)
        with monkeypatch.context() as patch:
            patch.setattr(reading, "require_blob_hash", nothing)
            with pytest.raises(SignedBadlyError) as error:
                await stage.run("marek", each, lie)
            assert isinstance(error.value.__cause__, CommitmentError | ContentShapeError)


def swapped_seals(one: int, other: int) -> Lie:
    def swap(page: Any) -> None:
        entries = {entry["seq"]: entry for entry in page["data"]}
        if one in entries:  # the first page; the next has nothing new
            entries[one]["seal"], entries[other]["seal"] = entries[other]["seal"], entries[one]["seal"]

    return changed("/journal", swap)


async def test_c4_no_seal_stands_for_another(stage: Stage, monkeypatch: Patch) -> None:
    """Items, versions, disclosures and contracts; without its hash, the context still refuses."""
    marek, _ = await stage.unlock("marek")
    view = await marek._driver.run(refresh(marek._session, bytes.fromhex(stage.story.engagement)))
    sealed = [held.seq for held in view.entries if held.seal is not None]
    shown = [
        held.seq
        for held in view.entries
        if isinstance(held.statement.body, Item) and held.statement.body.kind in (ItemKind.NOTE, ItemKind.PRIVATE)
    ]
    newest = [seq for seq in shown if seq != shown[1]]  # the second one has a second version
    for one in newest[:2]:
        for other in sealed:
            if other != one:
                await stage.refuse("marek", notes, swapped_seals(one, other), SealHashError)
                with monkeypatch.context() as patch:
                    patch.setattr(reading, "require_seal_hash", nothing)
                    with pytest.raises(SignedBadlyError) as error:
                        await stage.run("marek", notes, swapped_seals(one, other))
                    assert isinstance(error.value.__cause__, SealContextError)


async def test_c9_one_seal_that_does_not_open_hides_nothing_else(stage: Stage) -> None:
    """A hostile coach signs noise as a seal, which no server can tell from one: it is shown as such, under her name."""
    noise = bytes(1168)
    base = assessment(kind=ItemKind.NOTE)

    def build(session: Session, view: View, common: dict[str, Any]) -> Body:
        body = base(session, view, common)
        assert isinstance(body, Item)
        digest = hashlib.sha256(noise).digest()
        return body.model_copy(update={"seals": tuple(ref.model_copy(update={"sha256": digest}) for ref in body.seals)})

    entry = await forge(stage, "lena", build)
    entry["seal"] = base64.b64encode(noise).decode()

    async def shown(vault: AsyncVault, at: AsyncEngagement) -> tuple[list[tuple[bool, str, str]], list[str]]:
        listed = [(note.opens, note.author, note.body) for note in await at.notes.list()]
        act = export_engagement(vault._session, bytes.fromhex(at.id))
        return listed, [
            file.content.decode() for file in await vault._driver.run(act) if isinstance(file, ExportedFile)
        ]

    vault, evil = await stage.unlock("marek")
    await stage.at(vault).notes.list()  # its sealed bytes, which are those of another note, are known from here on
    evil.lie = appended(entry)
    listed, exported = await shown(vault, stage.at(vault))
    assert [body for _, _, body in listed] == ["first-words", "second-words", "own-words", ""]
    assert listed[-1][:2] == (False, "Lena")
    assert "own-words" in exported
    hostile = (await stage.at(vault).notes.list())[-1]
    with pytest.raises(UsageError):
        await hostile.edit(title="Mine")


async def test_c10_the_key_of_a_disclosure_opens_nothing_else(stage: Stage) -> None:
    """Marek hands Ana's key to every blob that the database has: each is committed to a key of its own."""
    marek, _ = await stage.unlock("marek")
    session = marek._session
    view = await marek._driver.run(refresh(session, bytes.fromhex(stage.story.engagement)))
    given = view.by_statement[bytes.fromhex(stage.story.live)]
    disclosed = given.statement.body
    assert isinstance(disclosed, Disclosure)
    ref = reading.find_own_seal(session, disclosed.seals)
    assert ref is not None
    key = reading.read_key(session, disclosed, disclosed, ref, reading.require_seal(given))
    count = 0
    for held in view.entries:
        body = held.statement.body
        if not isinstance(body, Item | Contract) or held.seal is None:
            continue
        blob = await marek._driver.run(reading.fetch_blob(session, body.engagement, reading.blob_of(body)))
        with pytest.raises(CommitmentError):
            open_content(blob_context(body), key, blob)
        count += 1
    assert count > 6


@pytest.mark.parametrize("member", ["blob", "seal"])
async def test_c3_d5_a_sponsor_opens_what_was_signed_or_nothing(stage: Stage, member: str) -> None:
    def lie(answer: Any) -> None:
        raw = bytearray(base64.b64decode(answer[member]))
        raw[-1] ^= 1
        answer[member] = base64.b64encode(raw).decode()

    assert (await stage.run("ana", opened))[0] == ["given-words"]
    vault, _ = await stage.unlock("ana", changed("/content", lie))
    with pytest.raises(ContentError):
        await opened(vault, stage.at(vault))


async def test_d9_nobody_but_the_coachee_discloses(stage: Stage, monkeypatch: Patch) -> None:
    lena, _ = await stage.unlock("lena")
    session = lena._session

    def by_the_coach(page: Any) -> None:
        for row in page["data"]:
            row["envelope"] = resigned(
                row["envelope"], session.current.sign_seed, by=session.account, key=session.current.sign_key
            )
            row["statement"] = Statement.of(Envelope.from_json(row["envelope"])).id.hex()

    await stage.refuse("ana", inbox, changed("/disclosures", by_the_coach))
    monkeypatch.setattr(served, "require_disclosed_by_coachee", nothing)
    await stage.refuse("ana", inbox, changed("/disclosures", by_the_coach), NoReceipt)
    monkeypatch.setattr(disclosures, "verify_served_receipt", nothing)
    assert len((await stage.run("ana", inbox, changed("/disclosures", by_the_coach)))[0]) == 1


async def test_d9_d4_a_signature_of_somebody_else_is_none(stage: Stage, monkeypatch: Patch) -> None:
    lena, _ = await stage.unlock("lena")

    def lie(page: Any) -> None:
        for row in page["data"]:
            row["envelope"] = resigned(row["envelope"], lena._session.current.sign_seed)

    await stage.refuse("ana", inbox, changed("/disclosures", lie))
    monkeypatch.setattr(served, "verify_under", nothing)
    assert len((await stage.run("ana", inbox, changed("/disclosures", lie)))[0]) == 1


def members_of(row: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.b64decode(row["envelope"]["payload"]))
    return found


async def test_d7_no_member_of_a_contract_is_changed(stage: Stage) -> None:
    """Neither under its name nor under the one that follows from the change: both parties signed something else."""
    _, honest = await stage.run("ana", contract)
    tape = [json.loads(body) for _, target, _, body in honest.tape if target.endswith(stage.story.engagement)]
    for name in members_of(tape[0]["contracts"][0]).keys() - {"supersedes"}:  # which is null already
        for renames in (False, True):

            def lie(answer: Any, name: str = name, renames: bool = renames) -> None:
                row = answer["contracts"][0]
                payload = members_of(row)
                value = payload[name]
                payload[name] = value + 1 if isinstance(value, int) else value[1:] if isinstance(value, list) else None
                raw = json.dumps(payload, separators=(",", ":")).encode()
                row["envelope"]["payload"] = base64.b64encode(raw).decode()
                if renames:
                    row["statement"] = Envelope.from_json(row["envelope"]).id.hex()

            await stage.refuse("ana", contract, changed(stage.story.engagement, lie))


async def test_d7_a_contract_without_an_assent_is_not_active(stage: Stage, monkeypatch: Patch) -> None:
    def dropped(answer: Any) -> None:
        answer["contracts"][0]["assents"].pop(0)

    def proposed(answer: Any) -> None:
        answer["contracts"][-1]["state"] = "active"

    lie = changed(stage.story.engagement, proposed)
    await stage.refuse("ana", contract, changed(stage.story.engagement, dropped))
    await stage.refuse("ana", contract, lie)
    monkeypatch.setattr(served, "require_complete", nothing)
    standing = (await stage.run("ana", contract, lie))[0]
    assert standing != stage.story.proposed, "what is active follows from the assents, whatever is called so"


async def test_d7_no_contract_from_before_comes_back(stage: Stage, monkeypatch: Patch) -> None:
    """Marek and Ana agree to the wider terms. Ana's server tells her later that she still has the older ones."""
    old = (await stage.run("ana", contract))[1].tape
    before = next(body for _, target, _, body in old if target.endswith(stage.story.engagement))
    for name in ("marek", "ana"):
        vault, evil = await stage.unlock(name)
        at = await stage.at(vault).reload()
        await at.assent(stage.story.proposed)
    assert (await contract(vault, at)) == stage.story.proposed
    evil.lie = changed(stage.story.engagement, lambda _answer: json.loads(before))
    with pytest.raises(RollbackError):
        await contract(vault, at)
    monkeypatch.setattr(served, "require_known_contract", nothing)
    assert (await contract(vault, at)) != stage.story.proposed


async def test_d12_keys_from_before_the_contract_are_too_old(stage: Stage, monkeypatch: Patch) -> None:
    """What a thief of replaced keys signs is refused under a contract that names the newer ones."""
    vaults = {name: (await stage.unlock(name))[0] for name in ("lena", "marek", "ana")}
    old = vaults["marek"]._session.current
    await vaults["marek"].rotate()
    agreed = await stage.at(vaults["lena"]).supersede(three_way_terms())
    for name in ("marek", "ana"):
        at = await stage.at(vaults[name]).reload()
        await at.assent(agreed.id)

    def lie(page: Any) -> None:
        for row in page["data"]:
            row["envelope"] = resigned(
                row["envelope"], old.sign_seed, key=old.sign_key, contract=bytes.fromhex(agreed.id)
            )
            row["statement"] = Statement.of(Envelope.from_json(row["envelope"])).id.hex()

    with pytest.raises(KeyRollbackError):
        await stage.run("ana", inbox, changed("/disclosures", lie))
    monkeypatch.setattr(served, "require_not_older", nothing)
    monkeypatch.setattr(disclosures, "verify_served_receipt", nothing)
    assert len((await stage.run("ana", inbox, changed("/disclosures", lie)))[0]) == 1


@pytest.mark.parametrize("how", ["dropped", "retired"])
async def test_d8_nothing_is_sealed_to_who_is_no_recipient_any_more(stage: Stage, how: str) -> None:
    """Between preview and disclosure the sponsor is dropped, or retires. A server that takes anything gets no seal."""
    marek, evil = await stage.unlock("marek")
    at = await stage.at(marek).reload()
    summary = (await at.summaries.list())[0]
    preview = await summary.preview(share_kind="progress", purpose="own_words")
    if how == "dropped":
        lena, _ = await stage.unlock("lena")
        agreed = await stage.at(lena).supersede(replace(three_way_terms(), sponsor=None))
        await (await at.reload()).assent(agreed.id)
    else:
        ana, _ = await stage.unlock("ana")
        current = ana._session.current
        enqueue_keys_of(ana)
        await ana.send()
        assert ana._session.current == current
    with pytest.raises(Refused) as refused:
        await preview.disclose()
    assert refused.value.code == "recipient-refused"
    assert not any(method == "POST" and target.endswith("/disclosures") for method, target in evil.sent)


def enqueue_keys_of(vault: AsyncVault) -> None:
    """The last keys of an account: the same ones once more, and never others."""
    session = vault._session
    session.identity = session.identity.with_generation(2, session.identity.generations[1])
    enqueue_keys(session, 2, KeysReason.RETIRE)
