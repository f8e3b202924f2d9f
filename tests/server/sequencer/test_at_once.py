"""Many writes at the same moment: each stands once, and every journal is one chain."""

import asyncio

from tests.server.world import World


async def test_the_same_statement_sent_many_times_at_once_is_one_entry(three: World) -> None:
    note = three.item()
    answers = await asyncio.gather(*(three.send(note) for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [200] * 11 + [201]
    assert len({answer.content for answer in answers}) == 1


async def test_of_many_statements_on_one_place_one_is_taken(three: World) -> None:
    drafts = [three.item() for _ in range(12)]
    answers = await asyncio.gather(*(three.send(draft) for draft in drafts))
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 11
    assert {answer.json()["code"] for answer in answers if answer.status_code == 422} == {"not-newest"}


async def test_different_people_write_into_one_journal_at_once(three: World) -> None:
    disclosure = await three.write(three.disclosure())
    drafts = [three.item("coach"), three.item("coachee"), three.opening(disclosure), three.rotation("stranger")]
    answers = await asyncio.gather(*(three.send(draft) for draft in drafts))
    assert [answer.status_code for answer in answers] == [201] * 4
