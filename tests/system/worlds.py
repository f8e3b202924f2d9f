"""People on their own devices around one real deployment: the SDK over ASGI, a real database, a clock that is set."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx

from tests.server.deployments import URL, Deployment
from vault.client import AsyncVault, terms
from vault.client.acts.terms import Terms
from vault.client.sdk.asynchronous.engagements import AsyncEngagement

PASSPHRASE = "correct horse battery staple"
TRANSPORT = Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport]


def passphrase() -> str:
    """What every person of these tests types."""
    return PASSPHRASE


@dataclass
class World:
    """A deployment and the people in it."""

    deployment: Deployment
    folder: Path
    wrap: TRANSPORT = field(default=lambda inner: inner)
    open: list[AsyncVault] = field(default_factory=list)
    now: Callable[[], int] = field(init=False)

    def __post_init__(self) -> None:
        """Devices are on time."""
        self.now = self.deployment.clock

    def transport(self) -> httpx.AsyncBaseTransport:
        """The way to the deployment."""
        return self.wrap(httpx.ASGITransport(self.deployment.app))

    async def join(self, name: str, invitation: str | None = None, inviter: str | None = None) -> AsyncVault:
        """A new person in a folder of her own."""
        vault = await AsyncVault.join(
            URL,
            self.folder / name,
            enrolment=self.deployment.enrolment(),
            passphrase=passphrase,
            invitation=invitation,
            inviter=inviter,
            transport=self.transport(),
            now=lambda: self.now(),
        )
        self.open.append(vault)
        return vault

    async def unlock(self, name: str) -> AsyncVault:
        """The same person, after her program was closed."""
        vault = await AsyncVault.unlock(
            self.folder / name, passphrase=passphrase, transport=self.transport(), now=lambda: self.now()
        )
        self.open.append(vault)
        return vault

    async def close(self, vault: AsyncVault) -> None:
        """Close one person's program."""
        self.open.remove(vault)
        await vault.close()


@dataclass
class Three:
    """A coach, a coachee, a sponsor and an ombudsperson, with an active three-way contract."""

    world: World
    lena: AsyncVault
    marek: AsyncVault
    ana: AsyncVault
    ombuds: AsyncVault
    at_lenas: AsyncEngagement
    at_mareks: AsyncEngagement
    at_anas: AsyncEngagement


def three_way_terms(share_kinds: set[str] | None = None) -> Terms:
    """The terms of these tests."""
    return terms.three_way(
        coachee="Marek",
        sponsor="Ana",
        contact=("Ombuds", "ombuds", "independent"),
        share_kinds={"progress"} if share_kinds is None else share_kinds,
        retention=timedelta(days=365),
        words="We meet every second week.",
    )


async def three_people(world: World) -> Three:
    """Everybody joined by invitation, and all have assented."""
    lena = await world.join("lena")
    codes = {name: lena.invite(name) for name in ("Marek", "Ana", "Ombuds")}
    marek = await world.join("marek", codes["Marek"], "Lena")
    ana = await world.join("ana", codes["Ana"], "Lena")
    ombuds = await world.join("ombuds", codes["Ombuds"], "Lena")
    at_lenas = await lena.propose(three_way_terms())
    at_mareks = await marek.engagements.get(at_lenas.id)
    await at_mareks.assent()
    at_anas = await ana.engagements.get(at_lenas.id)
    await at_anas.assent()
    await at_lenas.reload()
    return Three(world, lena, marek, ana, ombuds, at_lenas, at_mareks, at_anas)


@asynccontextmanager
async def leaving(world: World) -> AsyncIterator[World]:
    """Close every program at the end."""
    try:
        yield world
    finally:
        for vault in list(world.open):
            await world.close(vault)
