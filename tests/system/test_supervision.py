"""A supervisor reads what the coachee sealed for supervision, item by item, and nothing else."""

import pytest

from tests.system.worlds import World
from vault.client import AsyncVault, Refused, terms
from vault.client.acts.exporting import ExportedFile, export_engagement
from vault.client.sdk.asynchronous.engagements import AsyncEngagement

Four = tuple[AsyncVault, AsyncVault, AsyncVault, AsyncEngagement, AsyncEngagement, AsyncEngagement]


@pytest.fixture
async def supervised(world: World) -> Four:
    lena = await world.join("lena")
    marek = await world.join("marek", lena.invite("Marek"), "Lena")
    sven = await world.join("sven", lena.invite("Sven"), "Lena")
    at_lenas = await lena.propose(terms.two_way(coachee="Marek", supervisor="Sven"))
    at_mareks = await marek.engagements.get(at_lenas.id)
    await at_mareks.assent()
    at_svens = await sven.engagements.get(at_lenas.id)
    await at_svens.assent()
    return lena, marek, sven, at_lenas, at_mareks, at_svens


async def test_a_supervisor_reads_what_the_coachee_sealed_and_nothing_else(supervised: Four) -> None:
    _lena, _marek, _sven, at_lenas, at_mareks, at_svens = supervised
    await at_lenas.notes.add("Session 1", title="1")
    await at_lenas.notes.add("Session 2", title="2")
    assert await at_svens.notes.list() == []
    first, _second = await at_mareks.notes.list()
    await first.seal_for_supervisor()
    [seen] = await at_svens.notes.list()
    assert (seen.title, seen.body, seen.author) == ("1", "Session 1", "Lena")
    [shown, hidden] = await at_mareks.notes.list()
    assert [reader.name for reader in shown.readers] == ["Lena", "the supervisor", "you"]
    assert [reader.name for reader in hidden.readers] == ["Lena", "you"]


async def test_a_supervisor_reads_by_its_id_what_the_list_has_and_exports_it(supervised: Four) -> None:
    _lena, _marek, sven, at_lenas, at_mareks, at_svens = supervised
    note = await at_lenas.notes.add("Session 1", title="1")
    with pytest.raises(Refused) as refused:
        await at_svens.notes.get(note.id)
    assert refused.value.code == "not-found"
    await (await at_mareks.notes.get(note.id[:8])).seal_for_supervisor()
    seen = await at_svens.notes.get(note.id[:8])
    assert (seen.body, seen.version, seen.author) == ("Session 1", 1, "Lena")
    files = await sven._driver.run(export_engagement(sven._session, bytes.fromhex(at_svens.id)))
    assert b"Session 1" in [file.content for file in files if isinstance(file, ExportedFile)]


async def test_the_coach_cannot_let_a_supervisor_in(supervised: Four) -> None:
    *_, at_lenas, _at_mareks, at_svens = supervised
    note = await at_lenas.notes.add("Session 1", title="1")
    with pytest.raises(Refused) as refused:
        await note.seal_for_supervisor()
    assert refused.value.code == "seals-refused"
    assert await at_svens.notes.list() == []


async def test_private_notes_and_summaries_never_reach_a_supervisor(supervised: Four) -> None:
    *_, at_mareks, at_svens = supervised
    for item in (await at_mareks.notes.add("Mine alone", kind="private"), await at_mareks.summaries.add("My summary")):
        with pytest.raises(Refused) as refused:
            await item.seal_for_supervisor()
        assert refused.value.code == "seals-refused"
    assert await at_svens.summaries.list() == []
