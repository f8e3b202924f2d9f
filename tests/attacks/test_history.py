"""Rows C9, D1, D2, D4, D9, E1 to E5 and E11 of the list of attacks: what a server can do to a journal.

The reader has seen the journal before. Where a guard is taken out, the same lie has to be believed.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.attacks.stage import (
    Stage,
    appended,
    assessment,
    changed,
    engagement_id,
    forge,
    problem,
    rechained,
)
from vault.client import AsyncVault, VerificationError
from vault.client.errors import ClockSkewError, ForkDetected, NoReceipt, RollbackError, WithheldError
from vault.client.log import verifying
from vault.client.reading import journals, served
from vault.client.sdk.asynchronous.engagements import AsyncEngagement
from vault.errors import FormatError
from vault.policy import decide, replay
from vault.protocol.contents import join_contents
from vault.protocol.envelope import payload_type
from vault.protocol.vocabulary import StatementType

Patch = pytest.MonkeyPatch
NO_CONTENTS = join_contents(b'{"data":[],"next":null}', [])
NOTES = ["first-words", "second-words", "own-words"]


async def notes(_vault: AsyncVault, at: AsyncEngagement) -> list[str]:
    return [note.body for note in await at.notes.list()]


def nothing(*_arguments: object, **_more: object) -> None:
    """Stands where a guard was."""


async def test_e1_a_database_from_before_is_a_rollback(stage: Stage, monkeypatch: Patch) -> None:
    def older(page: Any) -> None:
        page["data"] = page["data"][:-2]

    error = await stage.refuse("marek", notes, changed("/journal", older), RollbackError)
    assert isinstance(error, RollbackError)
    assert error.evidence is not None
    monkeypatch.setattr(journals, "require_not_rolled_back", nothing)
    with pytest.raises(WithheldError):  # the log holds more entries
        await stage.run("marek", notes, changed("/journal", older))
    monkeypatch.setattr(journals, "require_not_withheld", nothing)
    assert (await stage.run("marek", notes, changed("/journal", older)))[0] == NOTES


async def test_e2_an_earlier_version_does_not_come_back_as_a_later_one(stage: Stage) -> None:
    def replayed(page: Any) -> None:
        page["data"] = rechained(engagement_id(stage), [*page["data"], dict(page["data"][3])])

    await stage.refuse("marek", notes, changed("/journal", replayed))


async def test_e3_a_reader_is_not_talked_out_of_its_journal(stage: Stage, monkeypatch: Patch) -> None:
    def lie(_method: str, target: str, status: int, body: bytes) -> tuple[int, bytes]:
        """There is no journal for you; and by the other way there is nothing."""
        if "/journal" in target:
            return 403, problem("role-refused")
        return (200, NO_CONTENTS) if "/contents?" in target else (status, body)

    vault, evil = await stage.unlock("marek", lie)
    with pytest.raises(VerificationError):
        await notes(vault, stage.at(vault))
    assert not any("/contents" in target for _, target in evil.sent)
    monkeypatch.setattr(served, "require_served_role", nothing)
    with pytest.raises(NoReceipt):
        await stage.run("marek", notes, lie)
    monkeypatch.setattr(served, "verify_served_receipt", nothing)
    assert (await stage.run("marek", notes, lie))[0] == []


@pytest.mark.parametrize("what", ["seal", "blob"])
async def test_e3_a_list_is_not_made_shorter(stage: Stage, what: str) -> None:
    """The statement names a seal and a blob for this reader, so there are both."""

    def gone(_method: str, target: str, status: int, body: bytes) -> tuple[int, bytes]:
        if "/contents?" in target:
            return 200, NO_CONTENTS
        return (404, problem("not-found")) if "/blobs/" in target else (status, body)

    def unsealed(page: Any) -> None:
        for entry in page["data"]:
            entry["seal"] = None

    await stage.refuse("marek", notes, gone if what == "blob" else changed("/journal", unsealed), WithheldError)


async def test_e3_an_engagement_is_not_left_out_of_the_list(stage: Stage) -> None:
    async def listed(vault: AsyncVault, _at: AsyncEngagement) -> list[str]:
        return [each.id for each in await vault.engagements.list()]

    for name in ("marek", "ana"):
        assert (await stage.run(name, listed))[0] == [stage.story.engagement]
        await stage.refuse(name, listed, changed("/v1/engagements", lambda page: page["data"].clear()), WithheldError)


async def test_e4_what_was_withdrawn_stays_so_whatever_is_served(stage: Stage) -> None:
    async def states(_vault: AsyncVault, at: AsyncEngagement) -> list[str]:
        return [await each.read_state() for each in await at.disclosures()]

    def forgets(page: Any) -> None:
        kept = [each for each in page["data"] if "withdrawal" not in each["envelope"]["payloadType"]]
        page["data"] = rechained(engagement_id(stage), kept)

    assert (await stage.run("marek", states))[0] == ["live", "withdrawn"]
    await stage.refuse("marek", states, changed("/journal", forgets))


async def test_e5_a_word_from_another_history_is_a_fork(stage: Stage, monkeypatch: Patch) -> None:
    lie = appended(await forge(stage, "lena", assessment(seen=bytes(32))))
    error = await stage.refuse("marek", notes, lie, ForkDetected)
    assert isinstance(error, ForkDetected)
    assert error.evidence is not None
    monkeypatch.setattr(replay, "require_seen_entry", lambda _facts, _body: 1)
    assert (await stage.run("marek", notes, lie))[0] == NOTES


async def test_e5_a_statement_that_was_kept_back_has_no_place(stage: Stage, monkeypatch: Patch) -> None:
    lie = appended(await forge(stage, "lena", assessment(after=bytes(32))))
    await stage.refuse("marek", notes, lie)
    monkeypatch.setattr(decide, "require_newest", nothing)
    assert (await stage.run("marek", notes, lie))[0] == NOTES


async def test_e11_time_neither_falls_nor_runs_ahead(stage: Stage, monkeypatch: Patch) -> None:
    entry = await forge(stage, "lena", assessment())
    assert (await stage.run("marek", notes, appended(entry)))[0] == NOTES  # what is forged here is otherwise whole

    def back(page: Any) -> None:
        page["data"] = rechained(engagement_id(stage), [*page["data"], entry | {"time": entry["time"] - 60}])

    await stage.refuse("marek", notes, changed("/journal", back), RollbackError)
    monkeypatch.setattr(verifying, "require_time", nothing)
    await stage.refuse("marek", notes, changed("/journal", back))  # the replay itself knows it too

    async def add(_vault: AsyncVault, at: AsyncEngagement) -> None:
        await at.notes.add("third-words")

    vault, _ = await stage.unlock("marek", changed("/items", lambda answer: answer.update(time=answer["time"] + 301)))
    with pytest.raises(ClockSkewError):
        await add(vault, stage.at(vault))
    assert len(vault._session.outbox.waiting) == 1  # nothing is lost, and nothing is believed


def retyped(entry: dict[str, Any]) -> None:
    entry["envelope"]["payloadType"] = payload_type(StatementType.RESEAL)


def stripped(entry: dict[str, Any]) -> None:
    entry["envelope"]["signatures"] = []


def doubled(entry: dict[str, Any]) -> None:
    entry["envelope"]["signatures"] *= 2


def respelled(entry: dict[str, Any]) -> None:
    entry["envelope"]["payload"] = entry["envelope"]["payload"].replace("=", "") + "\n"


def named(entry: dict[str, Any]) -> None:
    entry["envelope"]["alg"] = "none"


@pytest.mark.parametrize("change", [retyped, stripped, doubled, respelled, named])
async def test_d1_d4_d6_an_envelope_has_one_form(stage: Stage, change: Callable[[dict[str, Any]], None]) -> None:
    entry = await forge(stage, "lena", assessment())
    change(entry)
    await stage.refuse("marek", notes, appended(entry))


async def test_d2_a_word_for_another_deployment_is_worth_nothing(stage: Stage, monkeypatch: Patch) -> None:
    lie = appended(await forge(stage, "lena", assessment(audience="staging.example/log")))
    await stage.refuse("marek", notes, lie)
    monkeypatch.setattr(verifying, "require_audience", nothing)
    assert (await stage.run("marek", notes, lie))[0] == NOTES


async def test_d4_a_hint_decides_nothing(stage: Stage) -> None:
    entry = await forge(stage, "lena", assessment())
    entry["envelope"]["signatures"][0]["keyid"] = "ff" * 16
    assert (await stage.run("marek", notes, appended(entry)))[0] == NOTES
    ombuds, _ = await stage.unlock("ombuds")
    entry = await forge(stage, "lena", assessment(), signer="ombuds")
    entry["envelope"]["signatures"][0]["keyid"] = ombuds._session.current.sign_key.hex()
    await stage.refuse("marek", notes, appended(entry))


async def test_c9_nobody_plants_what_its_role_does_not_write(stage: Stage) -> None:
    for name in ("ana", "ombuds"):
        other, _ = await stage.unlock(name)
        by, key = other._session.account, other._session.current.sign_key
        for seen in (None, bytes(32)):
            build = assessment(by=by, key=key, after=bytes(32), seen=seen)
            await stage.refuse("marek", notes, appended(await forge(stage, "lena", build, signer=name)))


async def test_d8_an_item_with_a_seal_for_a_sponsor_is_refused_by_its_reader(stage: Stage) -> None:
    ana, _ = await stage.unlock("ana")
    base = assessment()

    def build(session: Any, view: Any, common: dict[str, Any]) -> Any:
        body: Any = base(session, view, common)
        extra = body.seals[0].model_copy(update={"account": ana._session.account, "key": ana._session.current.seal_key})
        return body.model_copy(update={"seals": tuple(sorted([*body.seals, extra], key=lambda seal: seal.account))})

    await stage.refuse("marek", notes, appended(await forge(stage, "lena", build)))


async def test_a_server_that_was_lied_about_once_is_believed_again_later(stage: Stage) -> None:
    """A wrong salt, told once to a device that has none yet, is forgotten with the journal that did not fit it."""
    wrong = changed(stage.story.engagement, lambda answer: answer.update(salt="A" * 43 + "="))
    vault, evil = await stage.unlock("marek", wrong)
    vault._session.identity = replace(vault._session.identity, salts={})
    with pytest.raises(VerificationError):
        await notes(vault, stage.at(vault))
    assert vault._session.identity.salts == {}
    assert vault._session.memory.offered == {}
    evil.lie = changed("never", nothing)
    vault._session.verified.broken.clear()  # as the next process begins
    assert await notes(vault, stage.at(vault)) == NOTES


@pytest.mark.parametrize("where", ["/journal", "/keys", "/v1/engagements", "/disclosures"])
async def test_a_list_that_never_ends_is_refused(stage: Stage, where: str) -> None:
    async def read(vault: AsyncVault, at: AsyncEngagement) -> None:
        await (notes(vault, at) if where in ("/journal", "/keys") else vault.inbox())

    def endless(page: Any) -> None:
        page["next"] = "ff" * (16 if where == "/v1/engagements" else 32)
        if where in ("/journal", "/keys"):
            page["data"] = []

    vault, evil = await stage.unlock("marek" if where in ("/journal", "/keys") else "ana", changed(where, endless))
    with pytest.raises((VerificationError, FormatError)):
        await read(vault, stage.at(vault))
    assert len(evil.sent) < 15
