"""Rows B8, E5 to E7 and their like: a server that lies about the log, or whose log lies."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from tests.attacks.stage import Evil, Lie, Stage, changed, engagement_id, problem, tell_the_truth
from tests.server.deployments import AUDIENCE, SECRETS, URL
from tests.system.worlds import passphrase
from vault import ed25519
from vault.client import AsyncVault, Refused, VerificationError, terms
from vault.client.acts import recovering
from vault.client.acts.joining import enqueue_keys
from vault.client.errors import (
    ForkDetected,
    LogForked,
    LogKeyError,
    LogRewind,
    LogTileError,
    NoReceipt,
    Unreachable,
    WithheldError,
)
from vault.client.log.checkpoints import confirm
from vault.client.log.leaf_search import search
from vault.client.network.calls import Act, Answer, Call
from vault.client.sdk.asynchronous.engagements import AsyncEngagement
from vault.encoding import read_base64
from vault.protocol.journal import JournalId
from vault.protocol.leaf import leaf_tag
from vault.protocol.limits import DAY_SECONDS, HASH_BYTES, ZERO32
from vault.protocol.vocabulary import JournalKind, KeysReason
from vault.server.sequencer.tlog import Leaf, append_leaves
from vault.server.storage.tables import leaves
from vault.tlog.checkpoint import Checkpoint, SignedCheckpoint, sign_checkpoint
from vault.tlog.consistency import verify_consistency
from vault.tlog.frontier import EMPTY
from vault.tlog.hashing import leaf_hash, node_hash
from vault.tlog.proof import TlogProof
from vault.tlog.signed_note import SignatureType, VerifierKey
from vault.tlog.tiles import TILE_WIDTH, Tile
from vault.tlog.verified_tree import VerifiedTree

SEED = SECRETS.log_sign_seed
KEY = VerifierKey(AUDIENCE, SignatureType.ED25519, ed25519.public_key(SEED))
OTHER_SEED = bytes(range(32))
OTHER_KEY = VerifierKey(AUDIENCE, SignatureType.ED25519, ed25519.public_key(OTHER_SEED))
Change = Callable[[TlogProof], TlogProof | str | None]


def entries_of(stage: Stage) -> list[bytes]:
    """The log's entries, as the server has them."""
    with stage.deployment.context.storage.reading() as connection:
        return [row.entry for row in connection.execute(select(leaves.c.entry).order_by(leaves.c.leaf))]


def proof_in(entries: list[bytes], index: int, seed: bytes = SEED) -> TlogProof:
    """The receipt of an entry in the tree of these, signed by the log."""
    whole = EMPTY.append([leaf_hash(entry) for entry in entries])
    signed = sign_checkpoint(Checkpoint(AUDIENCE, whole.frontier.size, whole.frontier.root), seed)
    return TlogProof(index, whole.inclusion_proof(index), signed)


def in_another_history(stage: Stage) -> Change:
    """The receipt in a tree whose first entry is another one: all else is right, and the log has signed it."""

    def change(proof: TlogProof) -> TlogProof:
        entries = entries_of(stage)[: proof.signed.checkpoint.size]
        return proof_in([bytes(64), *entries[1:]], proof.index)

    return change


def told(where: str, change: Change) -> Lie:
    """A lie that changes every receipt in the answers whose path ends like that."""

    def spelled(value: Any) -> Any:
        if isinstance(value, list):
            return [spelled(each) for each in value]
        if not isinstance(value, dict):
            return value
        members = {name: spelled(each) for name, each in value.items()}
        if isinstance(members.get("receipt"), str):
            proof = change(TlogProof.parse(members["receipt"].encode()))
            members["receipt"] = proof.to_bytes().decode() if isinstance(proof, TlogProof) else proof
        return members

    return changed(where, spelled)


def served(path: str, change: Callable[[bytes], bytes]) -> Lie:
    """A lie that changes the bytes of the log's files under this path."""

    def lie(_method: str, target: str, status: int, body: bytes) -> tuple[int, bytes]:
        return (status, change(body)) if target.startswith(path) else (status, body)

    return lie


async def add(_vault: AsyncVault, at: AsyncEngagement) -> None:
    await at.notes.add("third-words", title="Three")


async def notes(_vault: AsyncVault, at: AsyncEngagement) -> list[str]:
    return [note.body for note in await at.notes.list()]


async def inbox(vault: AsyncVault, _at: AsyncEngagement) -> list[str]:
    return [each.id for each in await vault.inbox()]


async def confirmed(vault: AsyncVault, _at: AsyncEngagement) -> int:
    return (await vault._driver.run(confirm(vault._session))).size


async def searched(vault: AsyncVault, _at: AsyncEngagement) -> None:
    await vault._driver.run(search(vault._session))


def by_another_key(proof: TlogProof) -> TlogProof:
    return replace(proof, signed=sign_checkpoint(proof.signed.checkpoint, OTHER_SEED))


def at_another_index(proof: TlogProof) -> TlogProof:
    return replace(proof, index=proof.index - 1)


def with_a_hash_less(proof: TlogProof) -> TlogProof:
    return replace(proof, hashes=proof.hashes[:-1])


def under_a_smaller_tree(proof: TlogProof) -> str:
    smaller = sign_checkpoint(replace(proof.signed.checkpoint, size=proof.index), SEED)
    return proof.to_bytes().replace(proof.signed.to_bytes(), smaller.to_bytes()).decode()


def of_another_log(proof: TlogProof) -> TlogProof:
    return replace(proof, signed=sign_checkpoint(replace(proof.signed.checkpoint, origin="other.example/log"), SEED))


def no_text(_proof: TlogProof) -> str:
    return "a receipt"


WRONG: list[Change] = [
    by_another_key, at_another_index, with_a_hash_less, under_a_smaller_tree, of_another_log, no_text, lambda _: None,
]  # fmt: skip


@pytest.mark.parametrize("change", WRONG)
async def test_e7_what_comes_without_its_receipt_is_not_written(stage: Stage, change: Change) -> None:
    vault, evil = await stage.unlock("lena", told("/items", change))
    at = stage.at(vault)
    pins = dict(vault._session.verified.pins)
    with pytest.raises(NoReceipt) as error:
        await add(vault, at)
    assert [each.type for each in vault.outbox] == ["item"]
    if change is not WRONG[-1]:  # where nothing came in its place, nothing is known either
        assert "third-words" not in str(evidence(error.value))
        with pytest.raises(NoReceipt):  # it stays so as long as none comes
            await vault.send()
        assert vault._session.verified.pins == pins
    evil.lie = tell_the_truth
    await vault._leave()
    again = await AsyncVault.unlock(
        vault._session.home.folder, passphrase=passphrase, transport=evil, now=stage.deployment.clock
    )
    await again.send()  # the same bytes have the same receipt
    assert again.outbox == []
    assert await notes(again, stage.at(again)) == ["first-words", "second-words", "third-words"]
    await again._leave()


async def test_e7_the_receipt_of_another_statement_is_none(stage: Stage) -> None:
    entries = entries_of(stage)
    other = proof_in(entries, len(entries) - 1)
    await stage.refuse("marek", notes, told("/journal", lambda _: other), NoReceipt)
    vault, _ = await stage.unlock("lena", told("/items", lambda _: other))
    with pytest.raises(NoReceipt):
        await add(vault, stage.at(vault))


@pytest.mark.parametrize("where", ["/keys", "/journal"])
async def test_every_entry_that_is_read_has_its_receipt(stage: Stage, where: str) -> None:
    for change in (by_another_key, with_a_hash_less):
        await stage.refuse("marek", notes, told(where, change), NoReceipt)


async def test_a_sponsor_verifies_what_it_is_served_by_the_leaf_beside_it(stage: Stage) -> None:
    engagement = stage.story.engagement
    for where in (engagement, "/disclosures"):
        await stage.refuse("ana", inbox, told(where, by_another_key), NoReceipt)
        for leaf in (None, {"tag": "00" * 32, "blind": "00" * 32, "half": "00" * 32}):

            def lie(answer: Any, leaf: Any = leaf) -> None:
                for row in answer.get("contracts") or answer.get("data"):
                    row["leaf"] = leaf

            await stage.refuse("ana", inbox, changed(where, lie), NoReceipt)

        def later(answer: Any) -> None:
            for row in answer.get("contracts") or answer.get("data"):
                row["time"] += 1

        await stage.refuse("ana", inbox, changed(where, later), NoReceipt)


async def test_e6_two_histories_of_the_log_are_told_apart_and_proven(stage: Stage) -> None:
    """The receipt is right and the log has signed its tree; another tree of that size is the one that others see."""
    vault, evil = await stage.unlock("lena", told("/items", in_another_history(stage)))
    await add(vault, stage.at(vault))
    evil.lie = tell_the_truth
    home = vault._session.home.folder
    await vault._leave()  # a crash: what was not confirmed yet is not forgotten

    for _ in range(2):  # nor by being refused
        again = await AsyncVault.unlock(home, passphrase=passphrase, transport=evil, now=stage.deployment.clock)
        with pytest.raises(LogForked) as error:
            await notes(again, stage.at(again))
        with pytest.raises(LogForked):
            await add(again, stage.at(again))
        await again.close()
    require_proven(error.value)


async def test_no_keyring_vouches_for_what_was_not_confirmed(stage: Stage) -> None:
    vault, evil = await stage.unlock("lena", told("/items", in_another_history(stage)))
    await add(vault, stage.at(vault))
    vault._session.note_due()
    with pytest.raises(LogForked):
        await vault.store()
    assert not any(method == "POST" and target.endswith("/keyring") for method, target in evil.sent)


async def test_e6_a_fork_that_was_overgrown_is_proven_by_the_newest_tree(stage: Stage) -> None:
    vault, evil = await stage.unlock("lena", told("/items", in_another_history(stage)))
    await add(vault, stage.at(vault))
    evil.lie = tell_the_truth
    await stage.run("marek", add)
    with pytest.raises(LogForked) as error:
        await vault._driver.run(confirm(vault._session))
    require_proven(error.value)


def evidence(error: Exception) -> dict[str, Any]:
    """What was kept beside the file."""
    assert isinstance(error, VerificationError)
    assert error.evidence is not None
    found: dict[str, Any] = json.loads(Path(error.evidence).read_text())
    return found


def require_proven(error: Exception) -> None:
    """The file convinces who has nothing but it, and knows the log's formats."""
    told = evidence(error)
    key = VerifierKey.parse(told["log_key"])
    old, new = (SignedCheckpoint.parse(note.encode()).verify([key]) for note in told["checkpoints"])
    root = read_base64(told["root"])
    verify_consistency(old.size, root, new.size, new.root, [read_base64(one) for one in told["proof"]])
    assert root != old.root


async def test_e6_a_log_that_became_shorter_is_a_rewind(stage: Stage) -> None:
    _, honest = await stage.run("lena", confirmed)
    old = next(body for _, target, _, body in honest.tape if target == "/log/checkpoint")
    vault, evil = await stage.unlock("lena")
    await add(vault, stage.at(vault))
    await confirmed(vault, stage.at(vault))
    evil.lie = served("/log/checkpoint", lambda _: old)
    for _ in range(2):
        with pytest.raises(LogRewind) as error:
            await confirmed(vault, stage.at(vault))
    assert len(evidence(error.value)["checkpoints"]) == 2
    evil.lie = tell_the_truth  # an old checkpoint contradicts no newer one, so a proxy that kept it has broken nothing
    await confirmed(vault, stage.at(vault))


@pytest.mark.parametrize("change", [lambda note: note.replace(b"\n", b"\r\n"), lambda note: note[:-9] + b"AAAAAAA=\n"])
async def test_a_checkpoint_that_the_log_has_not_signed_is_refused(
    stage: Stage, change: Callable[[bytes], bytes]
) -> None:
    await stage.refuse("lena", confirmed, served("/log/checkpoint", change), LogTileError)


@pytest.mark.parametrize("change", [lambda raw: raw[:-32], lambda raw: raw[32:] + raw[:32], lambda raw: raw + raw[:32]])
@pytest.mark.parametrize("path", ["/log/tile/0/", "/log/tile/entries/"])
async def test_a_cut_a_swapped_and_a_longer_tile_are_refused(
    stage: Stage, path: str, change: Callable[[bytes], bytes]
) -> None:
    await stage.run("marek", add)
    await stage.refuse("lena", searched, served(path, change), LogTileError)


async def recovered(stage: Stage, code: str, evil: Evil, log_key: str | None = None) -> AsyncVault:
    stage.count += 1
    vault = await AsyncVault.recover(
        URL, stage.folder / f"new-{stage.count}", passphrase=passphrase, recovery_code=code, transport=evil,
        log_key=log_key, now=stage.deployment.clock,
    )  # fmt: skip
    stage.open.append(vault)
    return vault


def whole_keyring(honest: Evil) -> dict[str, Any]:
    """The newest keyring with its whole journal, as a person's own token was answered first."""
    answers = [json.loads(body) for _, target, _, body in honest.tape if "/keyring?" in target]
    return next(each for each in answers if len(each["slots"]) > 1)


async def test_b8_an_older_keyring_is_found_out_by_a_new_device(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole answer of yesterday, with its receipts: the log's entries show that there is a newer one."""
    marek, _ = await stage.unlock("marek")
    first = Evil(httpx.ASGITransport(stage.deployment.app))
    await recovered(stage, marek.recovery_code, first)  # which writes the next keyring
    old = whole_keyring(first)
    evil = Evil(httpx.ASGITransport(stage.deployment.app), changed("/keyring", lambda _: old))
    with pytest.raises(WithheldError) as error:
        await recovered(stage, marek.recovery_code, evil)
    assert evidence(error.value)["journal"] == "keyring"
    assert not (stage.folder / f"new-{stage.count}" / "vault.json").exists()
    assert not any(method == "POST" and target.endswith("/keyring") for method, target in evil.sent)

    def no_search(*_arguments: object) -> Act[None]:
        return
        yield

    monkeypatch.setattr(recovering, "search", no_search)
    with pytest.raises(Refused):  # it gets as far as writing the next one
        await recovered(stage, marek.recovery_code, evil)
    assert any(method == "POST" and target.endswith("/keyring") for method, target in evil.sent)


async def test_nothing_is_disclosed_to_keys_that_the_log_says_were_given_up(stage: Stage) -> None:
    ana, _ = await stage.unlock("ana")
    ana._session.identity = ana._session.identity.with_generation(2, ana._session.identity.generations[1])
    enqueue_keys(ana._session, 2, KeysReason.RETIRE)
    await ana.send()
    account = ana._session.account.hex()

    def without_the_new(page: Any) -> None:
        page["data"] = [entry for entry in page["data"] if entry["seq"] == 1]

    marek, evil = await stage.unlock("marek", changed(f"/{account}/keys", without_the_new))
    [summary, *_] = await stage.at(marek).summaries.list()
    preview = await summary.preview(share_kind="progress", purpose="own_words")
    with pytest.raises(WithheldError):
        await preview.disclose()
    assert not any(method == "POST" and target.endswith("/disclosures") for method, target in evil.sent)


async def test_e3_an_entry_that_is_withheld_is_found_by_the_search_of_the_day(stage: Stage) -> None:
    await stage.run("lena", add)

    def shorter(page: Any) -> None:
        page["data"].pop()

    withholding = changed("/journal", shorter)
    assert (await stage.run("marek", notes, withholding))[0] == ["first-words", "second-words", "own-words"]
    stage.deployment.clock.move(DAY_SECONDS)
    with pytest.raises(WithheldError) as error:
        await stage.run("marek", notes, withholding)
    assert evidence(error.value)["subject"] == stage.story.engagement
    assert len((await stage.run("marek", notes))[0]) == 4


async def test_e5_a_second_leaf_in_the_place_of_one_that_is_known_is_a_fork(stage: Stage) -> None:
    marek, _ = await stage.unlock("marek")
    journal = engagement_id(stage)
    tag = leaf_tag(journal, marek._session.identity.salts[journal.subject], 5)
    elsewhere = JournalId(JournalKind.ENGAGEMENT, bytes(16))
    with stage.deployment.context.storage.writing() as connection:
        append_leaves(connection, stage.deployment.context.tlog, [Leaf(elsewhere, 1, tag + bytes(32))])
    with pytest.raises(ForkDetected) as error:
        await searched(marek, stage.at(marek))
    assert evidence(error.value)["leaf"] == len(entries_of(stage)) - 1
    with pytest.raises(ForkDetected):
        await notes(marek, stage.at(marek))


def append_again(stage: Stage, index: int) -> str:
    """The log takes the very same entry a second time; the receipt of that copy, which is right in all."""
    copied = Leaf(JournalId(JournalKind.ENGAGEMENT, bytes(16)), 1, entries_of(stage)[index])
    with stage.deployment.context.storage.writing() as connection:
        append_leaves(connection, stage.deployment.context.tlog, [copied])
    entries = entries_of(stage)
    return proof_in(entries, len(entries) - 1).to_bytes().decode()


async def test_e5_a_copy_behind_a_withheld_entry_moves_no_search_past_it(stage: Stage) -> None:
    marek, evil = await stage.unlock("marek")
    await notes(marek, stage.at(marek))
    last = marek._session.verified.pins[engagement_id(stage)][0] + 2
    await stage.run("lena", add)
    first = len(entries_of(stage)) - 1
    await stage.run("lena", add)
    receipt = append_again(stage, first)

    def until_the_copy(page: Any) -> None:
        page["data"] = [entry for entry in page["data"] if entry["seq"] < last]
        for entry in page["data"]:
            entry["receipt"] = receipt if entry["seq"] == last - 1 else entry["receipt"]

    evil.lie = changed("/journal", until_the_copy)
    await stage.at(marek).reload()
    assert len(await notes(marek, stage.at(marek))) == 4, "a day long it is believed"
    with pytest.raises(ForkDetected):
        await searched(marek, stage.at(marek))


async def give_up_keys(stage: Stage) -> str:
    """Ana's keys are given up for new ones; the path of her keys journal."""
    ana, _ = await stage.unlock("ana")
    ana._session.identity = ana._session.identity.with_generation(2, ana._session.identity.generations[1])
    enqueue_keys(ana._session, 2, KeysReason.RETIRE)
    await ana.send()
    return f"/{ana._session.account.hex()}/keys"


async def require_not_disclosed(stage: Stage, lie: Lie, expected: type[VerificationError]) -> None:
    """A new device of Marek, to whom a server lies so, discloses nothing."""
    marek, _ = await stage.unlock("marek")
    evil = Evil(httpx.ASGITransport(stage.deployment.app), lie)
    new = await recovered(stage, marek.recovery_code, evil)
    [summary, *_] = await stage.at(new).summaries.list()
    preview = await summary.preview(share_kind="progress", purpose="own_words")
    with pytest.raises(expected):
        await preview.disclose()
    assert not any(method == "POST" and target.endswith("/disclosures") for method, target in evil.sent)


async def test_nothing_is_disclosed_to_keys_that_were_copied_behind_newer_ones(stage: Stage) -> None:
    where = await give_up_keys(stage)
    journal = JournalId(JournalKind.KEYS, bytes.fromhex(where[1:-5]))
    receipt = append_again(stage, [e[:HASH_BYTES] for e in entries_of(stage)].index(leaf_tag(journal, ZERO32, 1)))

    def without_the_new(page: Any) -> None:
        page["data"] = [entry | {"receipt": receipt} for entry in page["data"] if entry["seq"] == 1]

    await require_not_disclosed(stage, changed(where, without_the_new), WithheldError)


def invented(entry: bytes) -> str:
    """A receipt by the log: the entry as the last leaf of a tree of 2^40 leaves that there never was."""
    hashes = [bytes([level]) * HASH_BYTES for level in range(40)]
    root = leaf_hash(entry)
    for each in hashes:
        root = node_hash(each, root)
    signed = sign_checkpoint(Checkpoint(AUDIENCE, 1 << 40, root), SEED)
    return TlogProof((1 << 40) - 1, tuple(hashes), signed).to_bytes().decode()


def from_an_invented_tree(stage: Stage, entry: Any) -> Any:
    index = TlogProof.parse(entry["receipt"].encode()).index
    return entry | {"receipt": invented(entries_of(stage)[index])}


async def test_b8_what_the_keyring_pins_is_compared_with_the_log_by_a_new_device(stage: Stage) -> None:
    marek, _ = await stage.unlock("marek")
    first = Evil(httpx.ASGITransport(stage.deployment.app))
    await recovered(stage, marek.recovery_code, first)
    old = whole_keyring(first)
    *pinned, newest = old["entries"]
    old["entries"] = [*(from_an_invented_tree(stage, entry) for entry in pinned), newest]
    evil = Evil(httpx.ASGITransport(stage.deployment.app), changed("/keyring", lambda _: old))
    with pytest.raises(LogRewind):
        await recovered(stage, marek.recovery_code, evil)
    assert not any(method == "POST" and target.endswith("/keyring") for method, target in evil.sent)


async def test_nothing_is_disclosed_by_a_receipt_of_pinned_keys_from_an_invented_tree(stage: Stage) -> None:
    where = await give_up_keys(stage)

    def without_the_new(page: Any) -> None:
        page["data"] = [from_an_invented_tree(stage, entry) for entry in page["data"] if entry["seq"] == 1]

    await require_not_disclosed(stage, changed(where, without_the_new), LogRewind)


@pytest.mark.parametrize("more", [1, 2])
async def test_e6_two_histories_that_are_confirmed_at_once_are_told_apart(stage: Stage, more: int) -> None:
    """Both continue what was seen before; the one that comes later is compared with the one that was faster."""
    marek, _ = await stage.unlock("marek")
    entries = entries_of(stage)
    slow, fast = [*entries, *[b"A" * 64] * more], [*entries, b"B" * 64]

    def answered(call: object, entries: list[bytes]) -> Answer:
        assert isinstance(call, Call)
        if call.path == "/log/checkpoint":
            return Answer(200, "text/plain", None, proof_in(entries, 0).signed.to_bytes())
        tile = Tile.parse(call.path.removeprefix("/log/"))
        assert (tile.level, tile.index) == (0, 0)
        return Answer(200, "application/octet-stream", None, b"".join(map(leaf_hash, entries[: tile.width])))

    def finish(act: Act[VerifiedTree], call: object, entries: list[bytes]) -> None:
        with suppress(StopIteration):
            while True:
                call = act.send(answered(call, entries))

    acts = confirm(marek._session), confirm(marek._session)
    calls = [next(act) for act in acts]
    finish(acts[1], calls[1], fast)
    with pytest.raises(LogForked) as error:
        finish(acts[0], calls[0], slow)
    require_proven(error.value)


async def test_what_is_made_here_is_not_searched_for_before_it_was_made(stage: Stage) -> None:
    elsewhere = JournalId(JournalKind.ENGAGEMENT, bytes(16))
    filling = [Leaf(elsewhere, seq, bytes(64)) for seq in range(1, TILE_WIDTH + 1)]
    with stage.deployment.context.storage.writing() as connection:
        append_leaves(connection, stage.deployment.context.tlog, filling)
    size = len(entries_of(stage))
    evil = Evil(httpx.ASGITransport(stage.deployment.app))
    new = await AsyncVault.join(
        URL, stage.folder / "new", enrolment=stage.deployment.enrolment(), passphrase=passphrase,
        transport=evil, now=stage.deployment.clock,
    )  # fmt: skip
    stage.open.append(new)
    await searched(new, stage.at(new))
    bundles = [target for _, target in evil.sent if "/entries/" in target]
    assert [target.partition(".p/")[0] for target in bundles] == ["/log/tile/entries/001"]
    assert {mark.after for mark in new._session.verified.tlog.marks.values()} == {len(entries_of(stage))}

    lena, _ = await stage.unlock("lena")
    await confirmed(lena, stage.at(lena))
    at = await lena.propose(terms.two_way(coachee="Marek", words="We meet."))
    mark = lena._session.verified.tlog.marks[JournalId(JournalKind.ENGAGEMENT, bytes.fromhex(at.id))]
    assert mark.after > size
    await searched(lena, at)


async def test_each_leaf_is_read_once(stage: Stage) -> None:
    vault, evil = await stage.unlock("marek")
    told: list[tuple[int, int]] = []
    vault._session.verified.tlog.report = lambda done, of: told.append((done, of))
    await searched(vault, stage.at(vault))
    assert told == [(1, 1)]
    await searched(vault, stage.at(vault))
    assert sum("/entries/" in target for _, target in evil.sent) == 1


async def test_a_log_that_does_not_answer_loses_nothing(stage: Stage) -> None:
    def away(_method: str, target: str, status: int, body: bytes) -> tuple[int, bytes]:
        return (503, problem("busy")) if target.startswith("/log/") else (status, body)

    vault, evil = await stage.unlock("lena", away)
    await add(vault, stage.at(vault))
    await vault.close()
    stage.open.remove(vault)
    again = await AsyncVault.unlock(
        vault._session.home.folder, passphrase=passphrase, transport=evil, now=stage.deployment.clock
    )
    with pytest.raises(Unreachable):
        await notes(again, stage.at(again))
    evil.lie = tell_the_truth
    assert len(await notes(again, stage.at(again))) == 3
    assert again._session.verified.tlog.unconfirmed == {}
    await again.close()


async def test_many_writes_are_confirmed_together(stage: Stage) -> None:
    vault, evil = await stage.unlock("lena")
    await notes(vault, stage.at(vault))
    evil.sent.clear()
    for number in range(18):
        await stage.at(vault).notes.add(f"note {number}")
    assert sum(target == "/log/checkpoint" for _, target in evil.sent) == 1
    assert len(vault._session.verified.tlog.unconfirmed) == 1
    await vault.close()
    stage.open.remove(vault)
    assert sum(target == "/log/checkpoint" for _, target in evil.sent) == 2
    assert vault._session.verified.tlog.unconfirmed == {}


async def test_the_log_key_can_be_given_and_another_one_is_refused(stage: Stage) -> None:
    async def joined(name: str, log_key: str) -> Evil:
        evil = Evil(httpx.ASGITransport(stage.deployment.app))
        vault = await AsyncVault.join(
            URL, stage.folder / name, enrolment=stage.deployment.enrolment(), passphrase=passphrase, log_key=log_key,
            transport=evil, now=stage.deployment.clock,
        )  # fmt: skip
        await vault.close()
        return evil

    evil = await joined("knows", KEY.to_text())
    assert ("POST", "/v1/accounts") in evil.sent
    with pytest.raises(LogKeyError):
        await joined("other", OTHER_KEY.to_text())
    for text in ("a key", KEY.to_text().replace(AUDIENCE, "other.example/log")):
        with pytest.raises(LogKeyError):
            await joined("none", text)
    marek, _ = await stage.unlock("marek")
    with pytest.raises(LogKeyError):
        await recovered(
            stage, marek.recovery_code, Evil(httpx.ASGITransport(stage.deployment.app)), OTHER_KEY.to_text()
        )
    await recovered(stage, marek.recovery_code, Evil(httpx.ASGITransport(stage.deployment.app)), KEY.to_text())


async def test_the_first_keyring_of_an_identity_holds_the_log_key(stage: Stage) -> None:
    vault = await AsyncVault.join(
        URL, stage.folder / "new", enrolment=stage.deployment.enrolment(), passphrase=passphrase,
        transport=httpx.ASGITransport(stage.deployment.app), now=stage.deployment.clock,
    )  # fmt: skip
    assert vault._session.identity.sequence == 1
    code = vault.recovery_code
    await vault.close()
    again = await recovered(stage, code, Evil(httpx.ASGITransport(stage.deployment.app)))
    assert again._session.verified.tlog.key == KEY
    assert again._session.verified.tlog.pinned is not None
