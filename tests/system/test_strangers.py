"""Whoever knows an account can propose to it: that alone stands in no list of this person, and stops nothing."""

from tests.system.worlds import Three, World
from vault.client import terms


async def test_a_strangers_proposals_are_in_no_list_and_can_be_ignored(three: Three, world: World) -> None:
    stranger = await world.join("stranger")
    stranger.people.add("Victim", three.marek.account)
    proposed = [(await stranger.propose(terms.two_way(coachee="Victim"))).id for _ in range(2)]
    assert (await three.marek.engagements.only()).id == three.at_mareks.id
    apart = await three.marek.engagements.strangers()
    assert sorted(each.id for each in apart) == sorted(proposed)
    three.marek.engagements.ignore(proposed[0])
    assert [each.id for each in await three.marek.engagements.strangers()] == proposed[1:]
    await three.marek.rotate()
    assert (await three.marek.engagements.only()).id == three.at_mareks.id


async def test_a_stranger_with_a_name_and_one_who_was_assented_to_is_none(three: Three, world: World) -> None:
    coach = await world.join("coach")
    coach.people.add("Marek", three.marek.account)
    first, second = [(await coach.propose(terms.two_way(coachee="Marek"))).id for _ in range(2)]
    at_mareks = await three.marek.engagements.get(first)
    await at_mareks.assent()
    assert {each.id for each in await three.marek.engagements.list()} == {three.at_mareks.id, first}
    three.marek.people.add("New coach", coach.account)
    assert {each.id for each in await three.marek.engagements.list()} == {three.at_mareks.id, first, second}
    assert await three.marek.engagements.strangers() == []
