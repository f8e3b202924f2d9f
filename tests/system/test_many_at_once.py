"""A hundred acts at once on one loop."""

import asyncio
import threading

from tests.support.databases import on_each_engine
from tests.system.worlds import Three


@on_each_engine
async def test_a_hundred_notes_at_once_are_a_hundred_notes_in_one_journal(three: Three) -> None:
    threads = threading.active_count()
    texts = [f"Note {number}" for number in range(100)]
    written = await asyncio.gather(*(three.at_lenas.notes.add(text, title=text) for text in texts))
    assert {note.title for note in written} == set(texts)
    assert threading.active_count() <= threads + 1  # the server's own writer, never the client's
    assert {note.title for note in await three.at_mareks.notes.list()} == set(texts)
    journal = await three.at_mareks.journal()
    assert [line.seq for line in journal] == list(range(1, len(journal) + 1))


async def test_readers_and_writers_at_once_see_only_verified_journals(three: Three) -> None:
    async def read() -> int:
        return len(await three.at_mareks.notes.list())

    async def both(number: int) -> int:
        await three.at_lenas.notes.add(f"Note {number}")
        await three.at_mareks.goals.add(f"Goal {number}")
        return await read()

    counts = await asyncio.gather(*(both(number) for number in range(12)))
    assert max(counts) == 12
    assert len(await three.at_lenas.goals.list()) == 12
