"""An answer that gets lost doubles nothing and loses nothing, for every type of statement."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from tests.server.deployments import URL, Deployment
from tests.system.transports import IsAway, LosesAnswers
from tests.system.worlds import Three, World, leaving, passphrase, three_people, three_way_terms
from vault.client import AsyncVault, Unreachable
from vault.client.outbox.writing import Unsigned, common_members, enqueue, sign_again
from vault.client.reading.views import engagement_journal
from vault.protocol.statements import Assent
from vault.protocol.vocabulary import StatementType
from vault.server.storage.tables import introductions, statements

Losing = tuple[Three, dict[str, LosesAnswers]]


async def _disclose(three: Three) -> object:
    summary = await three.at_mareks.summaries.add("I am on my way.", title="Half time")
    return await (await summary.preview(share_kind="progress", purpose="own_words")).disclose()


async def _withdraw(three: Three) -> object:
    return await (await three.at_mareks.disclosures())[0].withdraw()


async def _open(three: Three) -> object:
    return await (await three.ana.inbox())[0].open()


async def _reseal(three: Three) -> None:
    [note] = await three.at_lenas.notes.list()
    await note.reseal()


async def _propose_again(three: Three) -> object:
    return await three.at_lenas.supersede(three_way_terms({"progress", "goals"}))


ACTS: dict[str, tuple[str, str, Callable[[Three], Awaitable[Any]]]] = {
    "keys": ("lena", "keys", lambda three: three.lena.rotate()),
    "keyring": ("lena", "keyring", lambda three: three.lena.change_passphrase(lambda: "another passphrase")),
    "contract": ("lena", "contracts", _propose_again),
    "assent": ("marek", "assents", lambda three: three.at_mareks.assent()),
    "item": ("lena", "items", lambda three: three.at_lenas.notes.add("Session 2", title="2")),
    "disclosure": ("marek", "disclosures", _disclose),
    "withdrawal": ("marek", "withdrawals", _withdraw),
    "opening": ("ana", "openings", _open),
    "closure": ("lena", "closures", lambda three: three.at_lenas.close()),
    "reseal": ("lena", "reseals", _reseal),
}


@pytest.fixture
async def losing(deployment: Deployment, tmp_path: Path) -> Losing:
    made: list[LosesAnswers] = []

    def wrap(inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        made.append(LosesAnswers(inner))
        return made[-1]

    three = await three_people(World(deployment, tmp_path / "people", wrap))
    return three, dict(zip(("lena", "marek", "ana", "ombuds"), made, strict=True))


def count(deployment: Deployment, type_: str) -> int:
    with deployment.context.storage.reading() as connection:
        found = select(func.count()).select_from(statements).where(statements.c.type == type_)
        return connection.execute(found).scalar_one()


@pytest.mark.parametrize("type_", sorted(ACTS))
async def test_a_lost_answer_makes_exactly_one_entry(losing: Losing, type_: str) -> None:
    three, transports = losing
    who, collection, act = ACTS[type_]
    async with leaving(three.world):
        if type_ == "assent":
            await three.at_lenas.supersede(three_way_terms(set()))
            await three.at_mareks.reload()
        if type_ in ("withdrawal", "opening"):
            await _disclose(three)
        if type_ == "reseal":
            await three.at_lenas.notes.add("Session 1", title="1")
            await three.marek.rotate()
        transport = transports[who]
        vault: AsyncVault = getattr(three, who)
        before = count(three.world.deployment, type_)
        transport.loses = lambda request: request.method == "POST" and request.url.path.endswith(f"/{collection}")
        with pytest.raises(Unreachable):
            await act(three)
        waits = [type_, "assent"] if type_ == "contract" else [type_]  # the author's yes goes with the contract
        assert [waiting.type for waiting in vault.outbox] == waits
        transport.loses = lambda request: False
        sent = await vault.send()
        assert (sent, vault.outbox) == (len(waits), [])
        assert vault.outbox == []
        bodies = [body for method, path, body in transport.sent if method == "POST" and path.endswith(f"/{collection}")]
        assert bodies[-1] == bodies[-2], "the same bytes were sent again"
        assert count(three.world.deployment, type_) == before + 1


async def test_a_new_identity_survives_a_lost_answer_to_its_first_statement(world: World) -> None:
    transport = LosesAnswers(httpx.ASGITransport(world.deployment.app))
    transport.loses = lambda request: request.url.path == "/v1/accounts"
    join = AsyncVault.join(
        URL,
        world.folder / "lena",
        enrolment=world.deployment.enrolment(),
        passphrase=passphrase,
        transport=transport,
        now=world.deployment.clock,
    )
    with pytest.raises(Unreachable):
        await join
    lena = await world.unlock("lena")
    assert [waiting.type for waiting in lena.outbox] == ["keys", "keyring"]
    assert await lena.send() == 2
    assert count(world.deployment, "keys") == 1


async def test_an_introduction_whose_answer_is_lost_is_there_once(losing: Losing) -> None:
    three, transports = losing
    async with leaving(three.world):
        code = three.marek.invite("Ana from work")
        transports["ana"].loses = lambda request: request.url.path == "/v1/introductions"
        with pytest.raises(Unreachable):
            await three.ana.accept(code, "Marek from work")
        transports["ana"].loses = lambda request: False
        await three.ana.send()
        with three.world.deployment.context.storage.reading() as connection:
            to_marek = select(func.count()).select_from(introductions)
            found = to_marek.where(introductions.c.to_account == bytes.fromhex(three.marek.account))
            assert connection.execute(found).scalar_one() == 1
        assert (await three.marek.people.get("Ana from work")).account == three.ana.account


async def test_notes_are_written_without_a_network_and_sent_later_in_their_order(
    deployment: Deployment, tmp_path: Path
) -> None:
    made: list[IsAway] = []

    def wrap(inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        made.append(IsAway(inner))
        return made[-1]

    world = World(deployment, tmp_path / "people", wrap)
    async with leaving(world):
        three = await three_people(world)
        made[0].away = True
        for number in (1, 2, 3):
            with pytest.raises(Unreachable):
                await three.at_lenas.notes.add(f"Session {number}", title=str(number))
        assert [waiting.type for waiting in three.lena.outbox] == ["item"] * 3
        await world.close(three.lena)
        lena = await world.unlock("lena")
        assert await lena.send() == 4, "the notes, and the keyring that knows the people"
        assert [note.title for note in await three.at_mareks.notes.list()] == ["1", "2", "3"]


async def test_a_statement_that_is_signed_anew_where_it_stood_is_no_other_statement(three: Three) -> None:
    """Else whatever names it could not be signed anew either, and what was refused after a rollback never left."""
    session = three.lena._session
    journal = engagement_journal(bytes.fromhex(three.at_lenas.id))
    body = Assent(
        **common_members(session, StatementType.ASSENT, journal, session.current),
        engagement=journal.subject,
        contract=bytes.fromhex(three.at_lenas.contract.id),
        keys=session.verified.keys[session.account].generations[0].statement,
    )
    with session.change() as draft:
        waiting = enqueue(draft, "/v1/assents", Unsigned(body), journal, (session.current.sign_seed,))
    renamed: dict[bytes, bytes] = {}
    with session.change() as draft:
        draft.outbox = draft.outbox.drop(waiting.statement)
        assert sign_again(draft, waiting, renamed).statement == waiting.statement
    assert renamed == {}
