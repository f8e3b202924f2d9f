"""A device's clock may be five minutes off, and nothing else changes; beyond that both times are named."""

import pytest

from tests.server.deployments import URL
from tests.system.worlds import Three, World, passphrase
from vault.client import AsyncVault, UsageError
from vault.protocol.limits import UPLOAD_SECONDS


def off(world: World, seconds: int) -> None:
    """Every device of this world opened from now on is so many seconds fast."""
    real = world.deployment.clock
    world.now = lambda: real() + seconds


@pytest.mark.parametrize("seconds", [-290, -65, 65, 290])
async def test_everything_works_on_a_clock_that_is_within_five_minutes(world: World, seconds: int) -> None:
    off(world, seconds)
    lena = await world.join("lena")
    code = lena.invite("Marek")
    marek = await world.join("marek", code, "Lena")
    await lena.people.get("Marek")
    world.deployment.clock.move(3_600)  # every token has ended
    await lena.rotate()
    await marek.store()
    await world.close(marek)
    again = await AsyncVault.recover(
        URL,
        world.folder / "marek again",
        kit=marek.kit,
        passphrase=passphrase,
        transport=world.transport(),
        now=world.now,
    )
    world.open.append(again)
    assert again.account == marek.account


@pytest.mark.parametrize("seconds", [-400, 400])
async def test_a_clock_that_is_further_off_is_named_as_that_with_both_times(world: World, seconds: int) -> None:
    lena = await world.join("lena")
    await world.close(lena)
    off(world, seconds)
    with pytest.raises(UsageError, match="clock") as error:
        await AsyncVault.recover(
            URL,
            world.folder / "again",
            kit=lena.kit,
            passphrase=passphrase,
            transport=world.transport(),
            now=world.now,
        )
    assert str(error.value).count("UTC") == 2


async def test_a_clock_that_jumps_far_ahead_lets_go_of_nothing_that_was_kept(three: Three) -> None:
    await three.at_lenas.notes.add("Session 1")
    await three.world.close(three.lena)
    kept = sorted(path.name for path in (three.world.folder / "lena" / "sent").iterdir())
    off(three.world, 10 * UPLOAD_SECONDS + 400 * 86_400)
    lena = await three.world.unlock("lena")
    with pytest.raises(UsageError, match="clock"):
        await lena.engagements.list()
    await three.world.close(lena)
    off(three.world, 0)
    assert sorted(path.name for path in (three.world.folder / "lena" / "sent").iterdir()) == kept
