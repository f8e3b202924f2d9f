"""People come back, change their keys, use two devices, and notice when somebody else's keys change."""

import pytest

from tests.server.deployments import URL
from tests.system.worlds import PASSPHRASE, Three, World, passphrase
from vault.client import AsyncVault, Refused, UsageError, VerificationError, WrongPassphrase
from vault.client.acts import keyrings
from vault.client.cli.refusals import exit_code, sentence_of
from vault.client.reading import keyring_slots
from vault.protocol import slot


async def recover(
    world: World, name: str, kit: str | None = None, code: str | None = None, typed: str = PASSPHRASE
) -> AsyncVault:
    vault = await AsyncVault.recover(
        URL,
        world.folder / name,
        kit=kit,
        recovery_code=code,
        passphrase=lambda: typed,
        transport=world.transport(),
        now=world.deployment.clock,
    )
    world.open.append(vault)
    return vault


async def test_two_people_read_the_same_number_and_confirm_it(three: Three) -> None:
    at_lenas = await three.lena.people.get("Marek")
    at_mareks = await three.marek.people.get("Lena")
    assert str(at_lenas.safety_number) == str(at_mareks.safety_number)
    assert len(at_lenas.safety_number.digits) == 60
    assert at_lenas.state == "unverified"
    await at_lenas.confirm()
    assert (await three.lena.people.get("Marek")).state == "verified"


async def test_a_person_whose_keys_change_is_shown_as_changed(three: Three) -> None:
    marek = await three.lena.people.get("Marek")
    await marek.confirm()
    before = str(marek.safety_number)
    assert await three.marek.rotate() == 2
    marek = await three.lena.people.get("Marek")
    assert marek.state == "changed"
    assert str(marek.safety_number) != before


async def test_after_a_rotation_old_notes_open_new_notes_open_and_the_old_key_is_refused(three: Three) -> None:
    await three.at_lenas.notes.add("Before", title="before")
    await three.marek.rotate()
    await three.at_lenas.notes.add("After", title="after")
    assert [note.title for note in await three.at_mareks.notes.list()] == ["before", "after"]
    await three.at_mareks.goals.add("A goal under the new key")
    assert [goal.body for goal in await three.at_lenas.goals.list()] == ["A goal under the new key"]


async def test_a_sponsor_who_rotates_still_gets_the_next_disclosure(three: Three) -> None:
    await three.ana.rotate()
    summary = await three.at_mareks.summaries.add("I am on my way.")
    await (await summary.preview(share_kind="progress", purpose="own_words")).disclose()
    [received] = await three.ana.inbox()
    assert (await received.open()).body == "I am on my way."


async def test_a_new_device_comes_back_with_the_kit_and_the_passphrase(three: Three) -> None:
    note = await three.at_lenas.notes.add("Session 1", title="1")
    lena = three.lena
    kit = lena.kit
    await three.world.close(lena)
    again = await recover(three.world, "lena again", kit=kit)
    assert again.account == lena.account
    assert {person.name for person in await again.people.list()} == {"Marek", "Ana", "Ombuds"}
    [engagement] = await again.engagements.list()
    assert [one.id for one in await engagement.notes.list()] == [note.id]
    await engagement.notes.add("Session 2", title="2")
    assert len(await three.at_mareks.notes.list()) == 2


async def test_a_new_device_comes_back_with_the_recovery_code_alone_and_a_new_passphrase(three: Three) -> None:
    await three.at_lenas.notes.add("Session 1", title="1")
    code = three.marek.recovery_code
    await three.world.close(three.marek)
    again = await recover(three.world, "marek again", code=code, typed="a new passphrase")
    [engagement] = await again.engagements.list()
    assert [note.title for note in await engagement.notes.list()] == ["1"]
    await three.world.close(again)
    third = await recover(three.world, "marek once more", kit=again.kit, typed="a new passphrase")
    assert third.account == again.account


async def test_a_wrong_passphrase_opens_nothing_and_asks_the_server_for_nothing_more(three: Three) -> None:
    kit = three.lena.kit
    await three.world.close(three.lena)
    with pytest.raises(Refused) as refused:  # another fetch key than the slot's: the server does not serve the slot
        await recover(three.world, "thief", kit=kit, typed="not the passphrase")
    assert refused.value.code == "login-refused"


async def test_a_mistyped_passphrase_is_no_failed_proof(three: Three) -> None:
    await three.world.close(three.lena)
    with pytest.raises(WrongPassphrase, match="type it again") as error:
        await AsyncVault.unlock(three.world.folder / "lena", passphrase=lambda: "not the passphrase")
    assert not isinstance(error.value, VerificationError)
    assert exit_code(error.value) == 5
    assert "slot" not in sentence_of(error.value)


async def test_two_devices_of_one_person_merge_what_they_know(three: Three) -> None:
    await three.world.close(three.lena)
    phone = await recover(three.world, "lena's phone", kit=three.lena.kit)
    laptop = await three.world.unlock("lena")
    phone.invite("Pia")
    await phone.store()
    laptop.invite("Paul")
    await laptop.store()
    names = {invitation.name for invitation in laptop._session.identity.invitations}
    assert names == {"Pia", "Paul"}


async def test_a_note_of_another_device_is_built_upon(three: Three) -> None:
    await three.world.close(three.lena)
    phone = await recover(three.world, "lena's phone", kit=three.lena.kit)
    laptop = await three.world.unlock("lena")
    [at_phone], [at_laptop] = await phone.engagements.list(), await laptop.engagements.list()
    for number in range(3):
        await at_phone.notes.add(f"phone {number}")
        await at_laptop.notes.add(f"laptop {number}")
    assert len(await three.at_mareks.notes.list()) == 6


async def test_a_folder_is_open_in_one_program_at_a_time(three: Three) -> None:
    with pytest.raises(UsageError):
        await three.world.unlock("lena")


async def test_a_folder_in_which_somebody_lives_is_never_begun_anew(three: Three) -> None:
    await three.world.close(three.lena)
    with pytest.raises(UsageError):
        await three.world.join("lena")


async def test_a_used_enrolment_token_makes_no_second_account(world: World) -> None:
    token = world.deployment.enrolment()
    for name in ("lena", "mallory"):
        join = AsyncVault.join(
            URL,
            world.folder / name,
            enrolment=token,
            passphrase=passphrase,
            transport=world.transport(),
            now=world.deployment.clock,
        )
        if name == "lena":
            world.open.append(await join)
        else:
            with pytest.raises(Refused) as refused:
                await join
            assert refused.value.code == "enrolment-ended"


async def test_a_server_whose_clock_is_wrong_is_noticed(world: World) -> None:
    lena = await world.join("lena")
    lena._session.now = lambda: world.deployment.clock() - 3_600
    lena.invite("Marek")
    with pytest.raises(VerificationError) as error:
        await lena.store()
    assert error.value.step == "clock"
    lena._session.now = world.deployment.clock
    assert await lena.send() == 1


async def test_a_keyring_that_was_changed_often_is_verified_from_its_first_entry_on(
    three: Three, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyrings, "PAGE", 2)
    for number in range(4):
        three.lena.invite(f"Somebody {number}")
        await three.lena.store()
    await three.world.close(three.lena)
    again = await recover(three.world, "lena again", code=three.lena.recovery_code)
    assert len(again._session.identity.invitations) == 4


async def test_nobody_can_tell_from_a_slot_header_that_a_keyring_was_written(three: Three) -> None:
    async def headers() -> list[str]:
        async with three.world.deployment.client() as client:
            path = f"/v1/accounts/{three.marek.account}/slots/"
            return [(await client.get(f"{path}{kind}")).json()["header"] for kind in (1, 2, 3)]

    before = await headers()
    three.marek.invite("Pia")
    await three.marek.store()
    summary = await three.at_mareks.summaries.add("I am on my way.")
    await (await summary.preview(share_kind="progress", purpose="own_words")).disclose()
    await three.marek.rotate()
    assert await headers() == before
    await three.marek.change_passphrase(lambda: "another passphrase")
    after = await headers()
    assert [one == two for one, two in zip(before, after, strict=True)] == [True, False, True]


async def test_a_keyring_is_written_without_stretching_the_passphrase_again(
    three: Three, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring_slots, "passphrase_ikm", None)  # calling it would fail
    three.lena.invite("Pia")
    await three.lena.store()
    await three.world.close(three.lena)
    monkeypatch.undo()
    monkeypatch.setattr(slot, "MEMORY_NEW_KIB", slot.MEMORY_MINIMUM_KIB)
    lena = await three.world.unlock("lena")
    assert lena.outbox == []
