"""Rows A2, A3, A7, A8, B1, B3, B6 to B8, B10, C14 and F10: keys, keyrings and logins of a lying server."""

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.attacks.stage import (
    Evil,
    Lie,
    Stage,
    changed,
    pinned,
    problem,
    rechained,
    tell_the_truth,
)
from tests.server.deployments import URL
from tests.system.worlds import passphrase
from vault.client import AsyncVault, Refused, Unreachable, VerificationError
from vault.client.acts import keyrings
from vault.client.crypto import slots
from vault.client.crypto.identity import new_secret_keys
from vault.client.errors import (
    AccountMismatchError,
    ForkDetected,
    KdfFloorError,
    KeyChainError,
    KeyringRollbackError,
    OwnKeyError,
    SlotAccountError,
    SlotError,
    WithheldError,
)
from vault.client.outbox.writing import common_members
from vault.client.reading import keys_of
from vault.client.reading.asking import PAGE_ANSWER_BYTES
from vault.client.sdk.asynchronous.engagements import AsyncEngagement
from vault.protocol.envelope import sign
from vault.protocol.journal import JournalId
from vault.protocol.limits import CONTENTS_MAXIMUM_BYTES, ZERO32
from vault.protocol.statements import Keys, SealKey, SignKey
from vault.protocol.vocabulary import JournalKind, KeysReason, StatementType
from vault.server.clock import random_bytes
from vault.server.openapi import build_description

Patch = pytest.MonkeyPatch


async def notes(_vault: AsyncVault, at: AsyncEngagement) -> list[str]:
    return [note.body for note in await at.notes.list()]


async def rotate(vault: AsyncVault, at: AsyncEngagement) -> dict[str, tuple[str, ...]]:
    await vault.rotate()
    await at.reload()
    return {contract.id: contract.assented for contract in at.contracts}


async def lenas_keys(stage: Stage) -> tuple[str, Callable[[Callable[[list[Any]], list[Any]]], Lie]]:
    lena, _ = await stage.unlock("lena")
    account = lena._session.account
    journal = JournalId(JournalKind.KEYS, account)

    def lying(change: Callable[[list[Any]], list[Any]]) -> Lie:
        return changed(
            f"/{account.hex()}/keys", lambda page: page.update(data=rechained(journal, change(page["data"])))
        )

    return account.hex(), lying


async def test_a2_keys_are_continued_by_the_keys_before_them(stage: Stage) -> None:
    """Lena has two generations. Without her old signature, in another order, or with a gap: there is no second one."""
    account, lying = await lenas_keys(stage)

    def only_new(data: list[Any]) -> list[Any]:
        data[1]["envelope"]["signatures"] = data[1]["envelope"]["signatures"][1:]
        return data

    def turned(data: list[Any]) -> list[Any]:
        data[1]["envelope"]["signatures"].reverse()
        return data

    await stage.refuse("marek", notes, lying(only_new), KeyChainError)
    await stage.refuse("marek", notes, lying(turned), KeyChainError)
    await stage.refuse("marek", notes, lying(lambda data: data[1:]), KeyChainError, AccountMismatchError)
    gap = changed(f"/{account}/keys", lambda page: page["data"][1].update(seq=3))
    await stage.refuse("marek", notes, gap, WithheldError)


async def test_a3_a_thief_of_a_sign_key_does_not_give_its_owner_other_keys(stage: Stage, monkeypatch: Patch) -> None:
    """The chain is right, the keys are the thief's: the owner compares them with the keyring and adopts none."""
    marek, _ = await stage.unlock("marek")
    session = marek._session
    keys = await marek._driver.run(keys_of.fetch_keys(session, session.account))
    thief = new_secret_keys(random_bytes)
    body = Keys(
        **common_members(session, StatementType.KEYS, keys.journal, session.current),
        account=session.account,
        generation=2,
        sign=SignKey(key=thief.sign_key, public=thief.sign_public),
        seal=SealKey(key=thief.seal_key, public=thief.seal_public),
        reason=KeysReason.RECOVER,
        minimum_suite=1,
    )
    statement = sign(body, [session.current.sign_seed, thief.sign_seed])
    entry = {"time": keys.position.time, "envelope": statement.envelope.to_json(), "seal": None}

    def lie(page: Any) -> None:
        page["data"] = rechained(keys.journal, [*page["data"], entry], salt=ZERO32)

    lying = changed(f"/{session.account.hex()}/keys", lie)

    async def own(vault: AsyncVault, _at: AsyncEngagement) -> None:
        await vault._driver.run(keys_of.fetch_keys(vault._session, vault._session.account))

    vault, evil = await stage.unlock("marek", lying)
    before = pinned(vault)
    with pytest.raises(OwnKeyError):
        await own(vault, stage.at(vault))
    assert pinned(vault) == before
    assert not any(method == "POST" and "/login/" not in target for method, target in evil.sent)
    monkeypatch.setattr(keys_of, "require_own_keys", lambda _session, _replay: None)
    vault, _ = await stage.unlock("marek", lying)
    replay = await vault._driver.run(keys_of.fetch_keys(vault._session, session.account))
    current = replay.find_current()
    assert current is not None
    assert current.sign_public == thief.sign_public


@pytest.mark.parametrize(
    ("name", "where", "place"),
    [
        ("marek", "/challenges", ()),
        ("marek", "/tokens", ()),
        ("marek", "/journal", ()),
        ("marek", "/journal", ("data", 0)),
        ("marek", "/journal", ("data", 0, "envelope")),
        ("marek", "/keys", ()),
        ("marek", "/keys", ("data", 0)),
        ("ana", "/v1/engagements", ()),
        ("ana", "/v1/engagements", ("data", 0)),
        ("ana", "/disclosures", ()),
        ("ana", "/disclosures", ("data", 0)),
    ],
)
async def test_a7_no_answer_has_room_for_somebody_elses_key(
    stage: Stage, name: str, where: str, place: tuple[Any, ...]
) -> None:
    async def read(vault: AsyncVault, at: AsyncEngagement) -> None:
        await (notes(vault, at) if name == "marek" else vault.inbox())

    def more(value: Any) -> None:
        for step in place:
            value = value[step]
        value["recovery_public_key"] = "AAAA"

    await stage.refuse(name, read, changed(where, more))


async def test_a8_who_has_a_keyring_never_begins_anew(stage: Stage) -> None:
    async def read(vault: AsyncVault, _at: AsyncEngagement) -> None:
        await vault._driver.run(keyrings.read_newest(vault._session))

    def gone(_method: str, target: str, status: int, body: bytes) -> tuple[int, bytes]:
        return (404, problem("not-found")) if "/keyring" in target else (status, body)

    await stage.refuse("marek", read, gone, Refused)
    marek, _ = await stage.unlock("marek")
    evil = Evil(httpx.ASGITransport(stage.deployment.app), gone)
    with pytest.raises(Refused):
        await recover(stage, marek.recovery_code, evil)
    assert not any(method == "POST" and "/login/" not in target for method, target in evil.sent)


async def recover(stage: Stage, code: str, evil: Evil) -> AsyncVault:
    stage.count += 1
    return await AsyncVault.recover(
        URL, stage.folder / f"new-{stage.count}", passphrase=passphrase, recovery_code=code, transport=evil,
        now=stage.deployment.clock,
    )  # fmt: skip


async def recover_by_kit(stage: Stage, kit: str, evil: Evil) -> AsyncVault:
    stage.count += 1
    return await AsyncVault.recover(
        URL, stage.folder / f"new-{stage.count}", passphrase=passphrase, kit=kit, transport=evil,
        now=stage.deployment.clock,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("place", "value", "error"),
    [
        (slice(4, 5), b"\x00", SlotError),  # another suite
        (slice(4, 5), b"\x02", SlotError),
        (slice(5, 6), b"\x01", SlotAccountError),  # another kind
        (slice(6, 7), b"\x00", SlotError),  # no derivation at all
        (slice(7, 8), b"\x04", KdfFloorError),  # lanes
        (slice(8, 12), (2).to_bytes(4, "big"), KdfFloorError),
        (slice(8, 12), (11).to_bytes(4, "big"), KdfFloorError),
        (slice(12, 16), (8_192).to_bytes(4, "big"), KdfFloorError),
        (slice(12, 16), (2**32 - 1).to_bytes(4, "big"), KdfFloorError),
        (slice(32, 64), bytes(32), SlotAccountError),  # somebody else's
    ],
)
async def test_b1_b2_b3_a10_no_passphrase_is_stretched_as_a_server_likes(
    stage: Stage, monkeypatch: Patch, place: slice, value: bytes, error: type[SlotError]
) -> None:
    def weaker(answer: Any) -> None:
        header = bytearray(base64.b64decode(answer["header"]))
        header[place] = value
        answer["header"] = base64.b64encode(header).decode()

    marek, _ = await stage.unlock("marek")
    stretched: list[object] = []
    monkeypatch.setattr(slots, "stretch", lambda *given: stretched.append(given))
    evil = Evil(httpx.ASGITransport(stage.deployment.app), changed("/slots/2", weaker))
    with pytest.raises((error, SlotError)):
        await recover_by_kit(stage, marek.kit, evil)
    assert stretched == []
    assert len(evil.sent) == 1


@pytest.mark.parametrize("challenge", ["", "zz" * 32, "AB" * 32, "00" * 31, "00" * 500_000, {"payload": ""}, None, 7])
async def test_b7_only_a_challenge_is_signed_and_only_as_a_member(stage: Stage, challenge: Any) -> None:
    await stage.refuse("marek", notes, changed("/challenges", lambda answer: answer.update(challenge=challenge)))


async def test_b8_an_older_keyring_is_a_rollback_for_who_has_seen_a_newer_one(stage: Stage) -> None:
    async def read(vault: AsyncVault, _at: AsyncEngagement) -> None:
        await vault._driver.run(keyrings.read_newest(vault._session))

    _, honest = await stage.run("marek", read)
    old = next(json.loads(body) for _, target, _, body in honest.tape if "/keyring" in target)
    vault, _ = await stage.unlock("marek")
    vault._session.note_due()
    await vault.store()
    newest = {**old, "entries": None}

    def older_blob(answer: Any) -> None:
        answer["blob"], answer["slots"] = newest["blob"], newest["slots"]

    def older(answer: Any) -> None:
        answer.update(old)

    evil = Evil(httpx.ASGITransport(stage.deployment.app))
    vault._driver._client._transport = evil
    for lie in (older_blob, older):
        evil.lie = changed("/keyring", lie)
        before = pinned(vault)
        with pytest.raises((KeyringRollbackError, VerificationError)):
            await vault._driver.run(keyrings.read_newest(vault._session))
        assert pinned(vault) == before


def test_b10_nobody_can_ask_the_server_to_let_somebody_in() -> None:
    words = ("reset", "recover", "escrow", "admin", "impersonate")
    description = build_description()["paths"]
    named = list(description) + [each["operationId"] for way in description.values() for each in way.values()]
    assert not [name for name in named if any(word in name.lower() for word in words)]


async def test_c14_f10_answers_have_an_end_and_lead_nowhere_else(stage: Stage) -> None:
    def endless(_method: str, target: str, status: int, body: bytes) -> tuple[int, bytes]:
        return (status, bytes(CONTENTS_MAXIMUM_BYTES + PAGE_ANSWER_BYTES + 1) if "/contents" in target else body)

    error = await stage.refuse("marek", notes, endless)
    assert getattr(error, "step", "") == "size"

    def moved(_method: str, target: str, status: int, body: bytes) -> tuple[int, bytes]:
        return (307, b"") if "/journal" in target else (status, body)

    vault, evil = await stage.unlock("marek", moved)
    before = pinned(vault)
    with pytest.raises(Unreachable):
        await notes(vault, stage.at(vault))
    assert pinned(vault) == before
    assert all(target.startswith(("/v1/", "/log/")) for _, target in evil.sent), "nobody followed it"


async def test_d7_new_keys_are_no_yes_to_a_contract_that_waits(stage: Stage) -> None:
    """The coach has proposed wider terms. Whatever the server says is active, a rotation agrees to nothing new."""

    def names_the_proposal(page: Any) -> None:
        for row in page["data"]:
            row.update(contract=stage.story.proposed, active=True)

    vault, _ = await stage.unlock("marek", changed("/v1/engagements", names_the_proposal))
    assented = await rotate(vault, stage.at(vault))
    assert "you" not in assented[stage.story.proposed]


@pytest.mark.parametrize("row", [{"active": False}, {"contract": None}, {"role": "contact"}])
async def test_a2_new_keys_reach_every_engagement_whatever_a_server_says_of_it(
    stage: Stage, row: dict[str, Any]
) -> None:
    """Who keeps a rotation away from an engagement keeps stolen keys in use there."""
    for name in ("marek", "ana"):
        vault, _ = await stage.unlock(name, changed("/v1/engagements", lambda page: page["data"][0].update(row)))
        await rotate(vault, stage.at(vault))
        lena, _ = await stage.unlock("lena")
        lines = await stage.at(lena).journal()
        newest = next(line for line in reversed(lines) if line.members["by"] == vault.account)
        assert newest.type == "assent"
        assert newest.members["key"] == vault._session.current.sign_key.hex()


async def test_a2_a_refused_login_does_not_bring_old_keys_back(stage: Stage) -> None:
    """Lena has rotated, and has seen it written. A server that wants her old keys in use again gets no login."""

    def refuses(_method: str, target: str, status: int, body: bytes) -> tuple[int, bytes]:
        return (401, problem("login-refused")) if target.endswith("/tokens") else (status, body)

    lena, evil = await stage.unlock("lena", refuses)
    newest = lena._session.current
    with pytest.raises(Refused):
        await notes(lena, stage.at(lena))
    assert lena._session.current == newest
    signed = [
        json.loads(base64.b64decode(json.loads(body)["statement"]["payload"]))
        for body in evil.bodies
        if b"payload" in body
    ]
    logins = [each for each in signed if each["type"] == StatementType.LOGIN]
    assert {each["key"] for each in logins} == {newest.sign_key.hex()}
    assert {each["type"] for each in signed} <= {StatementType.LOGIN, StatementType.FETCH}  # it looks for newer ones


async def test_a_head_that_does_not_follow_is_not_pinned(stage: Stage) -> None:
    vault, evil = await stage.unlock(
        "marek", changed("/keyring", lambda answer: answer["journal"].update(head="00" * 32))
    )
    vault._session.note_due()
    before = pinned(vault)["pins"]
    with pytest.raises(VerificationError):
        await vault.store()
    assert pinned(vault)["pins"] == before
    evil.lie = tell_the_truth
    await vault.store()  # what was sent is still there, and is answered again


async def test_e5_two_devices_that_were_shown_two_histories_find_out(stage: Stage) -> None:
    vault, _ = await stage.unlock("marek")
    content = vault._session.content()
    journal, (seq, _) = next((journal, pin) for journal, pin in vault._session.verified.pins.items() if pin[0] > 5)
    vault._session.verified.pins[journal] = (seq, bytes(32))
    with pytest.raises(ForkDetected):
        vault._session.adopt(content)


@pytest.mark.parametrize(
    "body",
    [
        {"code": []}, {"code": {}}, {"code": None}, {"code": "not-a-code"}, [], "busy",
        {"code": "not-found", "retry_after_seconds": 9}, {"code": "not-found", "self": 1},
        {"code": "not-found", "code_": 1},
        {"code": "version-taken", "current": "many"}, {"code": "not-newest", "after": [1]},
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", [400, 403, 409, 422])
async def test_a_problem_of_another_shape_is_an_error_and_no_crash(stage: Stage, status: int, body: Any) -> None:
    def lie(_method: str, target: str, told: int, content: bytes) -> tuple[int, bytes]:
        return (status, json.dumps(body).encode()) if "/journal" in target or "/items" in target else (told, content)

    vault, _ = await stage.unlock("marek", lie)
    with pytest.raises(
        (Unreachable, VerificationError, Refused)
    ):  # a no that is none of the protocol came from the way
        await notes(vault, stage.at(vault))
