"""One person on two devices: whatever one of them changes, the other goes on with it, and is told nothing untrue."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from tests.server.deployments import URL, Deployment
from tests.system.transports import Lies
from tests.system.worlds import PASSPHRASE, Three, World, leaving, passphrase, three_people, three_way_terms
from vault.client import AsyncVault, Refused, Unreachable, UsageError, VerificationError
from vault.protocol.vocabulary import StatementType


async def second(world: World, vault: AsyncVault, name: str, typed: str = PASSPHRASE) -> AsyncVault:
    """Another device of the same person."""
    made = await AsyncVault.recover(
        URL,
        world.folder / name,
        kit=vault.kit,
        passphrase=lambda: typed,
        transport=world.transport(),
        now=world.deployment.clock,
    )
    world.open.append(made)
    return made


class Away(httpx.AsyncBaseTransport):
    """Carries nothing while `is_away`."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner, self.is_away = inner, False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.is_away:
            raise httpx.ConnectError("no route", request=request)
        return await self.inner.handle_async_request(request)


async def test_new_keys_of_one_device_lock_no_other_one_out(three: Three) -> None:
    phone = await second(three.world, three.lena, "phone")
    [at_phone] = await phone.engagements.list()
    await three.lena.rotate()
    assert len(await at_phone.notes.list()) == 0
    await at_phone.notes.add("From the phone", title="phone")
    assert [note.title for note in await three.at_mareks.notes.list()] == ["phone"]


async def test_what_waited_when_another_device_made_new_keys_is_signed_anew_and_sent(
    deployment: Deployment, tmp_path: Path
) -> None:
    made: list[Away] = []

    def wrap(inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        made.append(Away(inner))
        return made[-1]

    async with leaving(World(deployment, tmp_path / "people", wrap)) as world:
        three = await three_people(world)
        phone = await second(world, three.lena, "phone")
        [at_phone] = await phone.engagements.list()
        await at_phone.notes.list()
        made[-1].is_away = True
        with pytest.raises(Unreachable):
            await at_phone.goals.add("Written on the way", title="goal")
        await three.lena.rotate()
        deployment.clock.move(3_600)
        made[-1].is_away = False
        await phone.send()
        assert phone.outbox == []
        assert [goal.title for goal in await three.at_mareks.goals.list()] == ["goal"]


async def test_a_device_goes_on_after_the_passphrase_was_changed_on_another(three: Three) -> None:
    phone = await second(three.world, three.lena, "phone")
    await three.lena.change_passphrase(lambda: "changed on the laptop")
    phone.invite("Pia")
    with pytest.raises(UsageError, match="passphrase was changed on another device"):
        await phone.store()
    with pytest.raises(UsageError, match="passphrase was changed on another device"):
        await phone.rotate()
    assert len(phone._session.identity.generations) == 1, "it looks before it makes new keys"
    with pytest.raises(UsageError):
        await phone.adopt_passphrase(lambda: "not the one")
    await phone.adopt_passphrase(lambda: "changed on the laptop")
    assert await phone.rotate() == 2
    await three.world.close(phone)
    again = await AsyncVault.unlock(
        three.world.folder / "phone",
        passphrase=lambda: "changed on the laptop",
        transport=three.world.transport(),
        now=three.world.deployment.clock,
    )
    three.world.open.append(again)
    assert {each.name for each in again._session.identity.invitations} == {"Pia"}


async def headers(world: World, account: str) -> list[bytes]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(world.deployment.app), base_url=URL) as client:
        return [(await client.get(f"/v1/accounts/{account}/slots/{kind}")).content for kind in (1, 2, 3)]


async def test_only_a_new_passphrase_kit_or_code_changes_a_header(three: Three) -> None:
    before = await headers(three.world, three.lena.account)
    phone = await second(three.world, three.lena, "phone")
    await phone.rotate()
    phone.invite("Pia")
    await phone.store()
    three.lena.invite("Paul")
    await three.lena.store()
    assert await headers(three.world, three.lena.account) == before
    await phone.change_passphrase(lambda: "another passphrase")
    after = await headers(three.world, three.lena.account)
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, True]


Lying = tuple[Three, dict[str, Lies]]


@pytest.fixture
async def lying(deployment: Deployment, tmp_path: Path) -> Lying:
    made: list[Lies] = []

    def wrap(inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        made.append(Lies(inner))
        return made[-1]

    three = await three_people(World(deployment, tmp_path / "people", wrap))
    return three, dict(zip(("lena", "marek", "ana", "ombuds"), made, strict=True))


class Refuses(httpx.AsyncBaseTransport):
    """Answers writes to such an address with a refusal of its own, and carries nothing of them."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner
        self.refusal: tuple[str, str] | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.refusal is not None and request.method == "POST" and request.url.path.endswith(self.refusal[0]):
            await request.aread()
            body = json.dumps({"code": self.refusal[1], "status": 409}).encode()
            return httpx.Response(
                409, headers={"content-type": "application/problem+json"}, stream=httpx.ByteStream(body)
            )
        return await self.inner.handle_async_request(request)


@pytest.fixture
async def refusing(deployment: Deployment, tmp_path: Path) -> tuple[Three, list[Refuses]]:
    made: list[Refuses] = []

    def wrap(inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        made.append(Refuses(inner))
        return made[-1]

    return await three_people(World(deployment, tmp_path / "people", wrap)), made


async def test_new_keys_are_in_force_in_every_engagement_or_the_rotation_fails_and_goes_on_later(
    refusing: tuple[Three, list[Refuses]],
) -> None:
    three, transports = refusing
    async with leaving(three.world):
        transports[1].refusal = ("/assents", "already-assented")
        with pytest.raises(VerificationError):
            await three.marek.rotate()
        assert three.marek.unfinished_rotation == [three.at_mareks.id]
        transports[1].refusal = None
        await three.marek.send()
        assert three.marek.unfinished_rotation == []
        view = await three.at_lenas.journal()
        assert [line.type for line in view][-1] == StatementType.ASSENT


async def test_an_unfinished_rotation_is_known_to_the_next_process_and_taken_up_by_it(
    refusing: tuple[Three, list[Refuses]],
) -> None:
    three, transports = refusing
    async with leaving(three.world):
        transports[1].refusal = ("/assents", "busy")
        with pytest.raises(Unreachable):
            await three.marek.rotate()
        await three.world.close(three.marek)
        marek = await three.world.unlock("marek")
        assert marek.unfinished_rotation == [three.at_mareks.id]
        marek.invite("Pia")
        await three.world.close(marek)
        again = await three.world.unlock("marek")
        assert again.unfinished_rotation == []


async def test_a_recovered_device_that_is_shown_no_engagements_rotates_in_those_of_its_keyring(lying: Lying) -> None:
    three, _ = lying
    async with leaving(three.world):
        await three.at_mareks.goals.add("A goal")
        await three.marek.store()
        await three.world.close(three.marek)
        kit = three.marek.kit
        marek = await AsyncVault.recover(
            URL,
            three.world.folder / "marek again",
            kit=kit,
            passphrase=passphrase,
            transport=three.world.transport(),
            now=three.world.deployment.clock,
        )
        three.world.open.append(marek)
        proxy = marek._driver._client._transport
        assert isinstance(proxy, Lies)
        proxy.change = lambda path, body: b'{"data": [], "next": null}' if path == "/v1/engagements" else body
        try:
            await marek.rotate()
        except VerificationError:
            assert marek.unfinished_rotation != []
        else:
            assert [line.type for line in await three.at_lenas.journal()][-1] == StatementType.ASSENT
        proxy.change = lambda _path, body: body


def as_proposed(path: str, body: bytes) -> bytes:
    """The engagement as its sponsor is served it, with every contract called proposed."""
    if "/v1/engagements/" not in path or b'"contracts"' not in body:
        return body
    answer = json.loads(body)
    for row in answer.get("contracts", ()):
        row["state"] = "proposed"
    return json.dumps(answer).encode()


async def test_a_sponsor_who_rotates_assents_whatever_the_server_calls_the_contract(lying: Lying) -> None:
    three, transports = lying
    async with leaving(three.world):
        transports["ana"].change = as_proposed
        await three.ana.rotate()
        transports["ana"].change = lambda _path, body: body
        summary = await three.at_mareks.summaries.add("I am on my way.")
        await (await summary.preview(share_kind="progress", purpose="own_words")).disclose()
        disclosed = [line for line in await three.at_mareks.journal() if line.type == StatementType.DISCLOSURE]
        newest = three.ana._session.identity.generations[2]
        seals = {seal["account"]: seal["key"] for seal in disclosed[-1].members["seals"]}
        assert seals[three.ana.account] == newest.seal_key.hex()


async def test_nothing_is_disclosed_to_keys_that_the_recipient_has_given_up(
    refusing: tuple[Three, list[Refuses]],
) -> None:
    three, transports = refusing
    async with leaving(three.world):
        transports[2].refusal = ("/assents", "busy")
        with pytest.raises(Unreachable):
            await three.ana.rotate()
        summary = await three.at_mareks.summaries.add("I am on my way.")
        preview = await summary.preview(share_kind="progress", purpose="own_words")
        with pytest.raises(UsageError, match="new keys"):
            await preview.disclose()
        transports[2].refusal = None
        await three.ana.send()
        await preview.disclose()


async def _withdraw(three: Three) -> None:
    await (await three.at_mareks.disclosures())[0].withdraw()


async def _note(three: Three) -> None:
    await three.at_mareks.goals.add("A goal")


LIES: dict[str, tuple[str, str, Callable[[Three], Awaitable[None]]]] = {
    "withdrawal": ("/withdrawals", "already-withdrawn", _withdraw),
    "item": ("/items", "engagement-closed", _note),
    "version": ("/items", "version-taken", _note),
    "inactive": ("/items", "contract-inactive", _note),
}


@pytest.mark.parametrize("name", sorted(LIES))
async def test_a_refusal_that_the_journal_contradicts_is_not_believed(
    refusing: tuple[Three, list[Refuses]], name: str
) -> None:
    three, transports = refusing
    path, code, act = LIES[name]
    async with leaving(three.world):
        summary = await three.at_mareks.summaries.add("I am on my way.")
        await (await summary.preview(share_kind="progress", purpose="own_words")).disclose()
        transports[1].refusal = (path, code)
        with pytest.raises(VerificationError) as error:
            await act(three)
        assert error.value.evidence is not None
        assert error.value.kept == three.marek.outbox[-1].statement
        transports[1].refusal = None
        await three.marek.send()
        assert three.marek.outbox == []
        if name == "withdrawal":
            assert await three.ana.inbox() == []


async def test_a_refusal_that_the_journal_bears_out_is_told_as_before(three: Three) -> None:
    summary = await three.at_mareks.summaries.add("I am on my way.")
    await (await summary.preview(share_kind="progress", purpose="own_words")).disclose()
    [one] = await three.at_mareks.disclosures()
    [same] = await three.at_mareks.disclosures()
    await one.withdraw()
    with pytest.raises(Refused) as refused:
        await same.withdraw()
    assert refused.value.code == "already-withdrawn"
    await three.at_lenas.supersede(three_way_terms(set()))
