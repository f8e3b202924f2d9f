"""A server that lies is refused and nothing it said is used: with a guard taken out, another one has to hold."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.server.deployments import Deployment
from tests.system.transports import Lies
from tests.system.worlds import Three, World, leaving, three_people
from vault.client import VerificationError
from vault.client.crypto import content, opening
from vault.client.errors import (
    BlobHashError,
    ForkDetected,
    RollbackError,
    SealHashError,
    SignedBadlyError,
    WithheldError,
)
from vault.client.log import verifying
from vault.client.reading import contents, keys_of, reading, views
from vault.encoding import read_base64, write_base64

Lying = tuple[Three, dict[str, Lies]]


@pytest.fixture
async def lying(deployment: Deployment, tmp_path: Path) -> Lying:
    made: list[Lies] = []

    def wrap(inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        made.append(Lies(inner))
        return made[-1]

    three = await three_people(World(deployment, tmp_path / "people", wrap))
    await three.at_lenas.notes.add("Session 1", title="1")
    await three.at_lenas.notes.add("Session 2", title="2")
    return three, dict(zip(("lena", "marek", "ana", "ombuds"), made, strict=True))


def entries(change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Callable[[str, bytes], bytes]:
    """Change the entries of each journal page."""

    def changed(path: str, body: bytes) -> bytes:
        if not path.endswith("/journal"):
            return body
        page = json.loads(body)
        page["data"] = change(page["data"])
        return json.dumps(page).encode()

    return changed


async def marek_again(three: Three) -> Any:
    """The coachee's program is closed and opened: all is fetched and verified anew, against the pins."""
    await three.world.close(three.marek)
    transport = three.world.wrap
    marek = await three.world.unlock("marek")
    assert transport is three.world.wrap
    return marek, marek._driver._client._transport


def without(seq: int) -> Callable[[list[dict[str, Any]]], list[dict[str, Any]]]:
    return lambda data: [entry for entry in data if entry["seq"] != seq]


async def test_an_entry_that_is_withheld_from_the_middle_is_named(lying: Lying) -> None:
    three, transports = lying
    async with leaving(three.world):
        transports["marek"].change = entries(without(5))
        with pytest.raises(WithheldError) as error:
            await three.at_mareks.notes.list()
        assert "expected entry 5" in str(error.value)
        assert error.value.evidence is not None
        assert error.value.evidence in [str(path) for path in three.world.folder.rglob("evidence/*.json")]
        transports["marek"].change = lambda _path, body: body
        assert len(await three.at_mareks.notes.list()) == 2, "nobody had signed the gap"


async def test_a_journal_that_ends_before_what_was_seen_is_a_rollback(lying: Lying) -> None:
    three, _ = lying
    async with leaving(three.world):
        await three.at_mareks.notes.list()
        marek, transport = await marek_again(three)
        transport.change = entries(lambda data: [entry for entry in data if entry["seq"] <= 5])
        with pytest.raises(RollbackError):
            await marek.engagements.get(three.at_lenas.id)


async def test_another_history_than_the_one_seen_is_a_fork(lying: Lying, monkeypatch: pytest.MonkeyPatch) -> None:
    three, _ = lying
    async with leaving(three.world):
        await three.at_mareks.notes.list()
        marek, transport = await marek_again(three)
        journal, (seq, _head) = next((one, pin) for one, pin in marek._session.verified.pins.items() if pin[0] == 6)
        marek._session.verified.pins[journal] = (seq, bytes(32))
        with pytest.raises(ForkDetected):
            await marek.engagements.get(three.at_lenas.id)
        assert transport.sent


@pytest.mark.parametrize("member", ["head", "time", "statement"])
async def test_an_entry_that_was_changed_is_refused(lying: Lying, member: str) -> None:
    three, transports = lying

    def change(data: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for entry in data:
            if entry["seq"] == 6:
                entry[member] = entry["time"] + 1 if member == "time" else "00" * 32
        return data

    async with leaving(three.world):
        transports["marek"].change = entries(change)
        with pytest.raises(VerificationError):
            await three.at_mareks.notes.list()


async def test_a_signature_of_somebody_else_is_refused(lying: Lying, monkeypatch: pytest.MonkeyPatch) -> None:
    three, transports = lying

    def change(data: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for entry in data:
            signature = entry["envelope"]["signatures"][0]
            raw = bytearray(read_base64(signature["sig"]))
            raw[40] ^= 1
            signature["sig"] = write_base64(bytes(raw))
        return data

    async with leaving(three.world):
        transports["marek"].change = entries(change)
        with pytest.raises(VerificationError) as error:
            await three.at_mareks.notes.list()
        assert error.value.step == "signature"


async def swapped_seals(three: Three, transports: dict[str, Lies]) -> None:
    """Marek is served his seal of the first note with the second, and the other way round."""

    def change(data: list[dict[str, Any]]) -> list[dict[str, Any]]:
        seals = {entry["seq"]: entry["seal"] for entry in data if entry["seq"] in (5, 6)}
        for entry in data:
            if entry["seq"] in (5, 6) and len(seals) == 2:
                entry["seal"] = seals[11 - entry["seq"]]
        return data

    transports["marek"].change = entries(change)


async def test_a_seal_of_another_item_is_refused(lying: Lying) -> None:
    three, transports = lying
    async with leaving(three.world):
        await swapped_seals(three, transports)
        with pytest.raises(SealHashError):
            await three.at_mareks.notes.list()


async def test_without_the_seal_hash_its_context_still_refuses(lying: Lying, monkeypatch: pytest.MonkeyPatch) -> None:
    three, transports = lying
    monkeypatch.setattr(reading, "require_seal_hash", lambda _ref, _seal: None)
    async with leaving(three.world):
        await swapped_seals(three, transports)
        shown = await three.at_mareks.notes.list()
        assert [(note.opens, note.body) for note in shown] == [(False, ""), (False, "")]
        with pytest.raises(SignedBadlyError) as error:
            await three.at_mareks.notes.get(shown[0].id)
        assert type(error.value.__cause__).__name__ == "SealContextError"


@pytest.mark.parametrize("place", ["/blobs/", "/contents"])
async def test_another_blob_is_refused(lying: Lying, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    three, transports = lying

    def change(path: str, body: bytes) -> bytes:
        return body[:-1] + bytes([body[-1] ^ 1]) if place in path else body

    async with leaving(three.world):
        last = (await three.at_lenas.notes.list())[-1].id
        transports["marek"].change = change

        async def read() -> Any:
            return await (three.at_mareks.notes.list() if place == "/contents" else three.at_mareks.notes.get(last))

        with pytest.raises(BlobHashError):
            await read()
        for module in (reading, contents):
            monkeypatch.setattr(module, "require_blob_hash", lambda _ref, _blob: None)
        three.marek._session.memory.blobs.clear()
        if place == "/contents":
            await read()
        with pytest.raises(SignedBadlyError) as error:  # without the hash, the AEAD refuses
            await three.at_mareks.notes.get(last)
        assert type(error.value.__cause__).__name__ == "AeadError"


async def test_keys_of_another_account_are_refused(lying: Lying) -> None:
    three, transports = lying
    async with leaving(three.world):
        ana, ombuds = three.ana.account, three.ombuds.account
        response = await three.ombuds._driver.run(keys_of.fetch_keys(three.ombuds._session, bytes.fromhex(ombuds)))
        assert response.generations

        async def of(account: str) -> bytes:
            async with three.world.deployment.client() as client:
                token = three.ana._session.memory.token
                assert token is not None
                headers = {"Authorization": f"Bearer {token.text}"}
                return (await client.get(f"/v1/accounts/{account}/keys", headers=headers)).content

        theirs = await of(ombuds)
        three.marek._session.verified.keys.pop(bytes.fromhex(ana), None)
        transports["marek"].change = lambda path, body: theirs if path == f"/v1/accounts/{ana}/keys" else body
        with pytest.raises(VerificationError) as error:
            await three.marek._driver.run(keys_of.fetch_keys(three.marek._session, bytes.fromhex(ana)))
        assert type(error.value).__name__ == "AccountMismatchError"


async def test_nothing_is_sent_after_a_failed_reading(lying: Lying) -> None:
    three, transports = lying
    async with leaving(three.world):
        await swapped_seals(three, transports)
        before = len(transports["marek"].sent)
        with pytest.raises(SealHashError):
            await three.at_mareks.notes.list()
        later = transports["marek"].sent[before:]
        assert all(method == "GET" for method, _path in later)
        assert not any("/blobs/" in path for _method, path in later)


def test_the_guards_have_names_that_a_test_can_take_out() -> None:
    for module, names in {
        verifying: ("require_next", "require_time", "require_head", "require_pinned", "require_not_rolled_back"),
        views: ("require_reader",),
        keys_of: ("require_own_keys",),
        content: ("require_blob_hash", "require_header_of"),
        contents: ("require_blob_hash",),
        opening: ("require_seal_hash",),
    }.items():
        assert all(callable(getattr(module, name)) for name in names)
    assert hashlib.sha256(b"").digest()
