"""A deployment goes back to an old backup: everybody notices, and whoever accepts it sends again what was lost."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.server.deployments import URL, Deployment
from tests.system.worlds import Three, World, passphrase
from vault.client import AsyncVault, Refused, terms
from vault.client.acts.joining import join
from vault.client.cli.refusals import NOT_VERIFIED, exit_code, sentence_of
from vault.client.errors import ForkDetected, LogRewind, RollbackError, VerificationError
from vault.client.outbox.renaming import rename
from vault.client.outbox.sent import KEPT_SECONDS, list_sent
from vault.client.sdk.asynchronous.engagements import AsyncEngagement
from vault.protocol.journal import JournalId
from vault.protocol.limits import DAY_SECONDS
from vault.protocol.statements import Body, Disclosure, Item, Withdrawal
from vault.protocol.vocabulary import JournalKind, StatementType
from vault.server.app import build_app
from vault.server.commands.backup import write_backup
from vault.server.commands.restore import read_backup
from vault.server.storage.backup_folder import make_folder
from vault.server.storage.engine import Storage

NEW_PASSPHRASE = "a passphrase that nobody has guessed"


def silent(what: str, done: int, total: int) -> None:
    """Nobody looks."""


def back_up(deployment: Deployment, folder: Path) -> Path:
    make_folder(folder / "backup")
    write_backup(deployment.context, folder / "backup", deployment.clock(), silent)
    return folder / "backup"


def go_back(deployment: Deployment, backup: Path) -> None:
    """As an operator does: the database is lost, and the backup is restored into a new one, under the same secrets."""
    deployment.context.storage.close()
    count = len(list(backup.parent.glob("restored-*")))
    database = f"sqlite:///{backup.parent}/restored-{count}.sqlite3"
    deployment.context = replace(deployment.context, storage=Storage(database))
    read_backup(deployment.context, backup, backup.parent / "staged.sqlite3", silent)
    deployment.app = build_app(deployment.context)


async def accepted(world: World, name: str) -> AsyncVault:
    """Somebody who opens her program, accepts what has happened, and sends what she holds."""
    vault = await world.unlock(name)
    found = await vault.rollback()
    assert found.is_one
    evidence = vault.accept_rollback(found)
    assert evidence.endswith(".json")
    await vault.send()
    return vault


def at(vault: AsyncVault, engagement: AsyncEngagement) -> AsyncEngagement:
    return AsyncEngagement(vault._session, vault._driver, bytes.fromhex(engagement.id))


async def close_all(world: World) -> None:
    for vault in list(world.open):
        await world.close(vault)


async def bodies(engagement: AsyncEngagement) -> list[str]:
    return sorted(note.body for note in await engagement.notes.list())


async def test_everybody_notices_and_what_was_lost_comes_back(three: Three, tmp_path: Path) -> None:
    world = three.world
    await three.at_lenas.notes.add("before")
    old = await three.at_mareks.summaries.add("An old summary.", title="Old")
    shown = await (await old.preview(share_kind="progress", purpose="own_words")).disclose()
    await close_all(world)
    backup = back_up(world.deployment, tmp_path)

    lena, marek, ana = [await world.unlock(name) for name in ("lena", "marek", "ana")]
    await at(lena, three.at_lenas).notes.add("first")
    await at(marek, three.at_mareks).notes.add("his own")
    await at(lena, three.at_lenas).notes.add("second")
    assert [received.id for received in await ana.inbox()] == [shown.id]
    await (await at(marek, three.at_mareks).disclosures())[0].withdraw()
    new = await at(marek, three.at_mareks).summaries.add("A new summary.", title="New")
    disclosed = await (await new.preview(share_kind="progress", purpose="own_words")).disclose()
    [received] = await ana.inbox()
    await received.open()
    before = await bodies(at(marek, three.at_mareks))
    await close_all(world)
    go_back(world.deployment, backup)

    for name, engagement in (("lena", three.at_lenas), ("marek", three.at_mareks)):
        vault = await world.unlock(name)
        with pytest.raises(VerificationError) as refused:
            await at(vault, engagement).notes.list()
        assert isinstance(refused.value, RollbackError | LogRewind)
        assert "rollback show" in sentence_of(refused.value)
        assert exit_code(refused.value) == NOT_VERIFIED
        await world.close(vault)

    lena = await accepted(world, "lena")
    assert lena.outbox == []
    assert await bodies(at(lena, three.at_lenas)) == ["before", "first", "second"]
    marek = await accepted(world, "marek")
    [waiting] = marek.outbox
    assert (waiting.type, waiting.state, waiting.statement) == ("disclosure", "disclose-again", disclosed.id)
    assert waiting.refused is None
    assert await bodies(at(marek, three.at_mareks)) == before == ["before", "first", "his own", "second"]
    assert [note.body for note in await at(lena, three.at_lenas).notes.list()] != []
    ana = await accepted(world, "ana")
    assert await ana.inbox() == [], "a disclosure that does not fit as it is waits for its coachee"
    assert await marek.send_again() == 0
    assert marek.outbox == []
    [new] = [each for each in await at(marek, three.at_mareks).summaries.list() if each.title == "New"]
    await (await new.preview(share_kind="progress", purpose="own_words")).disclose()
    [live] = await ana.inbox()
    assert live.id != shown.id, "what was withdrawn is not shown again"
    assert (await live.open()).body == "A new summary."
    assert not (await lena.rollback()).is_one
    assert not (await marek.rollback()).is_one


async def test_nothing_is_accepted_by_looking(three: Three, tmp_path: Path) -> None:
    world = three.world
    backup = back_up(world.deployment, tmp_path)
    await three.at_lenas.notes.add("lost")
    await close_all(world)
    go_back(world.deployment, backup)
    for _ in range(2):
        lena = await world.unlock("lena")
        found = await lena.rollback()
        assert found.is_one
        [gone] = [each for each in found.gone if each.journal.subject.hex() == three.at_lenas.id]
        assert len(gone.lost) == gone.seen - gone.kept == 1
        assert [each.type for each in found.held] == ["item"]
        await world.close(lena)
    lena = await world.unlock("lena")
    with pytest.raises(VerificationError):
        await at(lena, three.at_lenas).notes.add("on top")


async def test_others_who_wrote_meanwhile_make_it_a_fork_and_it_ends_the_same(three: Three, tmp_path: Path) -> None:
    world = three.world
    await world.close(three.marek)
    backup = back_up(world.deployment, tmp_path)
    await three.at_lenas.notes.add("lost")
    await close_all(world)
    go_back(world.deployment, backup)
    marek = await world.unlock("marek")  # has seen nothing of it
    for number in range(3):
        await at(marek, three.at_mareks).notes.add(f"meanwhile {number}")
    await world.close(marek)
    lena = await world.unlock("lena")
    with pytest.raises((ForkDetected, VerificationError)):
        await at(lena, three.at_lenas).notes.list()
    await world.close(lena)
    lena = await accepted(world, "lena")
    assert lena.outbox == []
    assert await bodies(at(lena, three.at_lenas)) == ["lost", "meanwhile 0", "meanwhile 1", "meanwhile 2"]


async def test_an_engagement_and_keys_that_were_lost_whole_come_back(world: World, tmp_path: Path) -> None:
    lena = await world.join("lena")
    marek = await world.join("marek", lena.invite("Marek"), "Lena")
    await lena.people.list()
    await close_all(world)
    backup = back_up(world.deployment, tmp_path)
    lena, marek = await world.unlock("lena"), await world.unlock("marek")
    at_lenas = await lena.propose(terms.two_way(coachee="Marek", words="We meet."))
    at_mareks = await marek.engagements.get(at_lenas.id)
    await at_mareks.assent()
    await at(lena, at_lenas).notes.add("a note")
    await marek.rotate()
    await close_all(world)
    go_back(world.deployment, backup)
    lena = await accepted(world, "lena")
    marek = await accepted(world, "marek")
    assert [(waiting.type, waiting.refused) for waiting in marek.outbox] == []
    assert [(waiting.type, waiting.refused) for waiting in lena.outbox] == [("item", "contract-inactive")]
    await lena.send_again()
    assert lena.outbox == []
    assert await bodies(at(marek, at_mareks)) == ["a note"]
    assert await marek.rotate() == 3


async def test_an_account_that_was_lost_waits_to_be_enrolled_again(world: World, tmp_path: Path) -> None:
    backup = back_up(world.deployment, tmp_path)
    lena = await world.join("lena")
    await world.close(lena)
    go_back(world.deployment, backup)
    lena = await world.unlock("lena")
    found = await lena.rollback()
    assert found.is_account_gone
    lena.accept_rollback(found)
    with pytest.raises(Refused, match="login-refused"):
        await lena.send()
    assert [waiting.type for waiting in lena.outbox] == ["keys"]
    await lena._driver.run(join(lena._session, world.deployment.enrolment()))
    await lena.store()
    assert lena.outbox == []
    assert not (await lena.rollback()).is_one


async def test_versions_of_an_item_that_were_lost_together_come_back_as_one_history(
    three: Three, tmp_path: Path
) -> None:
    world = three.world
    await world.close(three.marek)
    backup = back_up(world.deployment, tmp_path)
    await three.at_lenas.notes.add("another one, so that nothing fits as it is")
    note = await three.at_lenas.notes.add("one", title="Draft")
    await note.edit("two")
    await close_all(world)
    go_back(world.deployment, backup)
    marek = await world.unlock("marek")
    await at(marek, three.at_mareks).notes.add("meanwhile")
    lena = await accepted(world, "lena")
    assert [(each.type, each.refused) for each in lena.outbox] == [("item", "not-found")]
    await lena.send_again()
    assert lena.outbox == []
    assert await bodies(at(marek, three.at_mareks)) == [
        "another one, so that nothing fits as it is",
        "meanwhile",
        "two",
    ]


async def test_a_new_passphrase_that_was_lost_holds_again_after_accepting(world: World, tmp_path: Path) -> None:
    lena = await world.join("lena")
    await world.close(lena)
    backup = back_up(world.deployment, tmp_path)
    lena = await world.unlock("lena")
    await lena.change_passphrase(lambda: NEW_PASSPHRASE)
    kit = lena.kit
    await world.close(lena)
    go_back(world.deployment, backup)
    transport, clock = world.transport(), world.deployment.clock
    async with await AsyncVault.unlock(
        world.folder / "lena", passphrase=lambda: NEW_PASSPHRASE, transport=transport, now=clock
    ) as lena:
        found = await lena.rollback()
        assert [gone.journal.kind for gone in found.gone] == [JournalKind.KEYRING]
        lena.accept_rollback(found)
        await lena.store()
        assert not (await lena.rollback()).is_one
    async with await AsyncVault.recover(
        URL, tmp_path / "new", passphrase=lambda: NEW_PASSPHRASE, kit=kit, transport=world.transport(), now=clock
    ) as recovered:
        assert recovered.account == lena.account


async def test_what_was_sent_is_kept_for_a_month(three: Three) -> None:
    world = three.world
    await three.at_lenas.notes.add("a note")
    kept = three.lena._session.home.list_sent()
    assert any(b'"item"' in each for each in kept)
    assert len(kept) == len(list_sent(three.lena._session.home))
    await world.close(three.lena)
    (world.folder / "lena" / "sent" / f"{world.deployment.clock():012}-00000099-cut").write_bytes(b"{")
    world.deployment.clock.move(KEPT_SECONDS - DAY_SECONDS)
    lena = await world.unlock("lena")
    home = lena._session.home
    assert len(list_sent(home)) == len(home.list_sent()) - 1, "one that a crash has cut off is passed over"
    assert len(lena._session.home.list_sent()) >= len(kept)
    await world.close(lena)
    world.deployment.clock.move(2 * DAY_SECONDS)
    lena = await world.unlock("lena")
    await lena.engagements.list()  # the deployment's clock says so too
    await world.close(lena)
    assert not [name for name in (world.folder / "lena" / "sent").iterdir() if b'"item"' in name.read_bytes()]


async def test_each_device_of_a_person_is_told_and_decides(three: Three, tmp_path: Path) -> None:
    world, clock = three.world, three.world.deployment.clock
    kit = three.lena.kit
    await three.lena.store()
    second = await AsyncVault.recover(
        URL, world.folder / "second", passphrase=passphrase, kit=kit, transport=world.transport(), now=clock
    )
    await second.close()
    backup = back_up(world.deployment, tmp_path)
    await three.at_lenas.notes.add("from the first device")
    await three.lena.store()
    second = await world.unlock("second")
    await at(second, three.at_lenas).notes.add("from the second device")
    await close_all(world)
    go_back(world.deployment, backup)
    first = await accepted(world, "lena")
    assert await bodies(at(first, three.at_lenas)) == ["from the first device"]
    await world.close(first)
    second = await world.unlock("second")
    with pytest.raises(VerificationError) as refused:
        await at(second, three.at_lenas).notes.list()
    assert "rollback show" in sentence_of(refused.value)
    await world.close(second)
    second = await accepted(world, "second")
    assert second.outbox == []
    expected = ["from the first device", "from the second device"]
    assert await bodies(at(second, three.at_lenas)) == expected
    await second.store()
    first = await world.unlock("lena")
    assert await bodies(at(first, three.at_lenas)) == expected


async def test_whoever_joined_after_the_backup_comes_back_with_the_engagements(world: World, tmp_path: Path) -> None:
    backup = back_up(world.deployment, tmp_path)
    lena = await world.join("lena")
    marek = await world.join("marek", lena.invite("Marek"), "Lena")
    at_lenas = await lena.propose(terms.two_way(coachee="Marek", words="We meet."))
    await (await marek.engagements.get(at_lenas.id)).assent()
    await at(lena, at_lenas).notes.add("a note")
    await close_all(world)
    go_back(world.deployment, backup)
    for name in ("lena", "marek"):
        vault = await world.unlock(name)
        found = await vault.rollback()
        assert found.is_account_gone
        vault.accept_rollback(found)
        await vault._driver.run(join(vault._session, world.deployment.enrolment()))
        await world.close(vault)
    lena = await accepted(world, "lena")
    marek = await accepted(world, "marek")
    assert marek.outbox == []
    await lena.send_again()
    assert lena.outbox == []
    assert await bodies(at(marek, at_lenas)) == ["a note"]


async def sponsor_sees(world: World) -> list[str]:
    """What is in the sponsor's inbox, after she has accepted what there was to accept."""
    ana = await world.unlock("ana")
    found = await ana.rollback()
    if found.is_one:
        ana.accept_rollback(found)
        await ana.send()
    seen = [received.id for received in await ana.inbox()]
    await world.close(ana)
    return seen


async def test_what_was_disclosed_and_withdrawn_after_the_backup_is_not_shown_again(
    three: Three, tmp_path: Path
) -> None:
    world = three.world
    summary = await three.at_mareks.summaries.add("A summary.", title="S")
    await close_all(world)
    backup = back_up(world.deployment, tmp_path)
    for _ in range(2):  # the second time nothing of the first may come back either
        marek = await world.unlock("marek")
        [summary] = await at(marek, three.at_mareks).summaries.list()
        shown = await (await summary.preview(share_kind="progress", purpose="own_words")).disclose()
        await shown.withdraw()
        await close_all(world)
        go_back(world.deployment, backup)
        marek = await world.unlock("marek")
        found = await marek.rollback()
        assert bytes.fromhex(shown.id) in found.ended
        assert "disclosure" not in [each.type for each in found.held]
        marek.accept_rollback(found)
        await marek.send()
        assert marek.outbox == []
        await close_all(world)
        assert await sponsor_sees(world) == []


async def test_what_another_device_has_withdrawn_is_not_shown_again(three: Three, tmp_path: Path) -> None:
    world, kit = three.world, three.marek.kit
    await three.at_mareks.summaries.add("A summary.", title="S")
    await three.marek.store()
    second = await AsyncVault.recover(
        URL,
        world.folder / "second",
        passphrase=passphrase,
        kit=kit,
        transport=world.transport(),
        now=world.deployment.clock,
    )
    await second.close()
    await close_all(world)
    backup = back_up(world.deployment, tmp_path)
    marek = await world.unlock("marek")
    [summary] = await at(marek, three.at_mareks).summaries.list()
    shown = await (await summary.preview(share_kind="progress", purpose="own_words")).disclose()
    second = await world.unlock("second")
    await (await at(second, three.at_mareks).disclosures())[0].withdraw()
    await at(marek, three.at_mareks).notes.list()  # now the first device knows of it
    await close_all(world)
    go_back(world.deployment, backup)
    marek = await accepted(world, "marek")
    assert marek.outbox == []
    await close_all(world)
    assert shown.id not in await sponsor_sees(world)
    assert await sponsor_sees(world) == []


async def test_a_disclosure_that_fits_as_it_is_comes_back_as_the_very_statement(three: Three, tmp_path: Path) -> None:
    world = three.world
    await three.at_mareks.summaries.add("A summary.", title="S")
    await close_all(world)
    backup = back_up(world.deployment, tmp_path)
    marek = await world.unlock("marek")
    [summary] = await at(marek, three.at_mareks).summaries.list()
    shown = await (await summary.preview(share_kind="progress", purpose="own_words")).disclose()
    await close_all(world)
    go_back(world.deployment, backup)
    marek = await accepted(world, "marek")
    assert marek.outbox == []
    await close_all(world)
    assert await sponsor_sees(world) == [shown.id]


async def test_whoever_has_accepted_notices_a_third_history(three: Three, tmp_path: Path) -> None:
    world = three.world
    (tmp_path / "older").mkdir()
    older = back_up(world.deployment, tmp_path / "older")
    await three.at_lenas.notes.add("in the newer backup alone")
    backup = back_up(world.deployment, tmp_path)
    await three.at_lenas.notes.add("lost")
    await close_all(world)
    go_back(world.deployment, backup)
    lena = await world.unlock("lena")
    found = await lena.rollback()
    assert isinstance(found.log, LogRewind)
    kept = VerificationError("journal", "expected what was refused before")
    lena._session.verified.broken[JournalId(JournalKind.KEYS, bytes(32))] = kept
    lena.accept_rollback(found)
    assert list(lena._session.verified.broken.values()) == [kept], "a journal that did not go back stays refused"
    world.open.remove(lena)
    await lena._leave()  # as a crash does: without another look at the log
    go_back(world.deployment, older)
    lena = await world.unlock("lena")
    assert isinstance((await lena.rollback()).log, LogRewind)


def test_a_statement_that_is_signed_anew_names_no_old_hash() -> None:
    old, new = bytes(32), bytes([1]) * 32
    unchecked: dict[str, Callable[..., Body]] = {
        model.__name__: model.model_construct for model in (Withdrawal, Disclosure, Item)
    }
    common = {"suite": 1, "audience": "vault.example", "id": bytes(16), "by": old, "key": bytes(16), "at": 86400}
    withdrawal = unchecked["Withdrawal"](
        **common, type=StatementType.WITHDRAWAL, after=old, seen=old, engagement=bytes(16), disclosure=old
    )
    again = rename(withdrawal, {old: new}, {"after": new})
    assert isinstance(again, Withdrawal)
    assert (again.disclosure, again.after) == (new, new)
    with pytest.raises(AssertionError):
        rename(withdrawal, {old: new, new: old}, {})
