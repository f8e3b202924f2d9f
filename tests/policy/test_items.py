"""Items and reseals: who writes what, for whom, on top of what."""

import pytest

from tests.policy.states import PAIR
from tests.policy.worlds import ENDS, FULL, World, make_active_world
from tests.support.people import account, digest, short
from vault.policy.facts import SealsAdded, VersionAdded, VersionFact
from vault.policy.items import list_reader_sets
from vault.protocol.envelope import Statement
from vault.protocol.problems import Refused
from vault.protocol.statements import Contract, Item
from vault.protocol.vocabulary import ItemKind, Role

SHARED = (ItemKind.GOAL, ItemKind.ACTION)
SESSION = tuple(kind for kind in ItemKind if kind is not ItemKind.SUMMARY)


@pytest.fixture
def world() -> World:
    return make_active_world()


def list_right(by: str, kind: ItemKind) -> tuple[str, ...]:
    return (by,) if kind is ItemKind.PRIVATE else PAIR


def write(world: World, by: str, kind: ItemKind = ItemKind.NOTE, sealed: tuple[str, ...] | None = None) -> Item:
    """Append version 1; its body."""
    statement = world.write_item(by, kind, sealed=sealed or list_right(by, kind))
    world.add(statement)
    assert isinstance(statement.body, Item)
    return statement.body


def item_of(statement: Statement) -> bytes:
    assert isinstance(statement.body, Item)
    return statement.body.item


def test_a_version_is_kept_with_its_author_and_its_seals(world: World) -> None:
    statement = world.write_item("coach", ItemKind.GOAL)
    item = item_of(statement)
    effects = world.add(statement)
    version = VersionFact(item, 1, statement.id, ItemKind.GOAL, account("coach"), erased=False)
    seals = tuple((seal.account, seal.key) for seal in world.seals(*PAIR))
    assert effects == (VersionAdded(version), SealsAdded(item, 1, seals))
    second = world.write_next("coachee", item)
    world.add(second)
    assert world.engagement.find_version(item) == VersionFact(
        item, 2, second.id, ItemKind.GOAL, account("coach"), erased=False
    )
    assert world.engagement.find_version(item, 1) == version


@pytest.mark.parametrize("kind", list(ItemKind))
@pytest.mark.parametrize("by", PAIR)
def test_each_kind_has_its_first_authors(world: World, by: str, kind: ItemKind) -> None:
    refused = (by, kind) in {("coach", ItemKind.SUMMARY), ("coachee", ItemKind.DRAFT)}
    assert world.answer(world.write_item(by, kind, sealed=list_right(by, kind))) == (
        "author-refused" if refused else "ok"
    )


@pytest.mark.parametrize("kind", list(ItemKind))
def test_later_versions_belong_to_the_first_author_except_of_goals_and_actions(world: World, kind: ItemKind) -> None:
    by, other = ("coachee", "coach") if kind is ItemKind.SUMMARY else ("coach", "coachee")
    item = write(world, by, kind).item
    assert world.answer(world.write_next(by, item, sealed=list_right(by, kind))) == "ok"
    assert world.answer(world.write_next(other, item, sealed=list_right(other, kind))) == (
        "ok" if kind in SHARED else "author-refused"
    )


def test_the_author_of_a_shared_item_stays_who_began_it(world: World) -> None:
    item = write(world, "coach", ItemKind.GOAL).item
    world.add(world.write_next("coachee", item))
    assert world.answer(world.write_next("coach", item)) == "ok"
    assert world.answer(world.write_next("coachee", item)) == "ok"


@pytest.mark.parametrize("kind", list(ItemKind))
@pytest.mark.parametrize(
    "sealed",
    [("coach",), ("coachee",), PAIR, (*PAIR, "sponsor"), (*PAIR, "contact"), (*PAIR, "supervisor"), ("sponsor",), ()],
)
def test_an_item_is_sealed_to_exactly_its_readers(world: World, kind: ItemKind, sealed: tuple[str, ...]) -> None:
    by = "coachee" if kind is ItemKind.SUMMARY else "coach"
    right: dict[ItemKind, list[tuple[str, ...]]] = {
        ItemKind.PRIVATE: [("coach",)],
        ItemKind.SUMMARY: [("coachee",), PAIR],
    }
    assert world.answer(world.write_item(by, kind, sealed=sealed)) == (
        "ok" if sealed in right.get(kind, [PAIR]) else "seals-refused"
    )


def test_an_item_is_sealed_to_current_keys(world: World) -> None:
    statement = world.write_item("coach")
    seals = tuple(seal.model_copy(update={"key": short("old")}) for seal in world.seals(*PAIR))
    assert world.answer(world.write_item("coach", seals=seals)) == "key-stale"
    assert world.answer(statement) == "ok"


def test_an_item_begins_with_version_1(world: World) -> None:
    statement = world.write_item("coach", version=2, previous=digest("nothing"))
    assert world.answer(statement) == "not-found"


def test_a_version_stands_on_the_newest_one_and_is_told_which_that_is(world: World) -> None:
    item = write(world, "coach").item
    first = world.engagement.find_version(item)
    assert first is not None
    world.add(world.write_next("coach", item))
    second = world.engagement.find_version(item)
    assert second is not None
    for version, previous in (
        (1, None),
        (2, first.statement),
        (2, second.statement),
        (3, first.statement),
        (3, digest("x")),
        (4, second.statement),
    ):
        statement = world.write_next("coach", item, version=version, previous=previous)
        with pytest.raises(Refused) as refusal:
            world.add(statement)
        assert refusal.value.code == "version-taken"
        assert refusal.value.members == {"current": {"version": 2, "statement": second.statement.hex()}}
    assert world.answer(world.write_next("coach", item, version=3, previous=second.statement)) == "ok"


def test_a_kind_never_changes(world: World) -> None:
    item = write(world, "coach", ItemKind.NOTE).item
    assert world.answer(world.write_next("coach", item, kind=ItemKind.ASSESSMENT)) == "class-refused"


def test_nothing_follows_what_was_erased(world: World) -> None:
    item = write(world, "coach").item
    world.add(world.write_erasure("coachee", item))
    assert world.answer(world.write_next("coach", item)) == "not-found"
    assert world.answer(world.write_item("coach", item=item)) == "not-found"
    assert world.answer(world.write_reseal("coachee", item, ("supervisor",))) == "not-found"


def test_notes_end_with_the_contract_to_the_second_and_other_kinds_do_not(world: World) -> None:
    world.time = ENDS - 1
    assert world.answer(world.write_item("coach")) == "ok"
    world.time = ENDS
    assert world.answer(world.write_item("coach")) == "engagement-closed"
    assert world.answer(world.write_item("coach", ItemKind.ASSESSMENT)) == "ok"


def test_notes_end_with_a_closure_and_other_kinds_do_not(world: World) -> None:
    item = write(world, "coach").item
    world.add(world.write_closure("coach"))
    assert world.answer(world.write_item("coach")) == "engagement-closed"
    assert world.answer(world.write_next("coach", item)) == "engagement-closed"
    assert world.answer(world.write_item("coach", ItemKind.GOAL)) == "ok"


@pytest.mark.parametrize("name", ["sponsor", "supervisor", "contact"])
def test_nobody_else_writes_or_reseals(world: World, name: str) -> None:
    item = write(world, "coach").item
    assert world.answer(world.write_item(name)) == "role-refused"
    assert world.answer(world.write_reseal(name, item, (name,))) == "role-refused"


@pytest.mark.parametrize("kind", SESSION)
def test_the_coachee_reseals_what_she_reads_to_the_supervisor(world: World, kind: ItemKind) -> None:
    by = "coachee" if kind is ItemKind.PRIVATE else "coach"
    item = write(world, by, kind).item
    statement = world.write_reseal("coachee", item, ("supervisor",))
    if kind is ItemKind.PRIVATE:
        assert world.answer(statement) == "seals-refused"
        return
    assert world.answer(world.write_reseal("coach", item, ("supervisor",))) == "seals-refused"
    effects = world.add(statement)
    assert effects == (SealsAdded(item, 1, ((account("supervisor"), world.fact("supervisor").seal_key),)),)
    assert world.engagement.is_sealed_to(item, 1, account("supervisor"))


@pytest.mark.parametrize("by", PAIR)
def test_a_private_item_is_never_resealed_to_the_other(world: World, by: str) -> None:
    item = write(world, by, ItemKind.PRIVATE).item
    other = "coachee" if by == "coach" else "coach"
    assert world.answer(world.write_reseal(by, item, (other,))) == "seals-refused"
    assert world.answer(world.write_reseal(other, item, (other,))) == "role-refused"


def test_a_summary_is_never_resealed_to_the_supervisor(world: World) -> None:
    item = write(world, "coachee", ItemKind.SUMMARY).item
    assert world.answer(world.write_reseal("coachee", item, ("supervisor",))) == "seals-refused"


def test_a_summary_that_she_kept_is_resealed_to_the_coach_by_her_alone(world: World) -> None:
    item = write(world, "coachee", ItemKind.SUMMARY, ("coachee",)).item
    assert world.answer(world.write_reseal("coach", item, ("coach",))) == "role-refused"
    assert world.answer(world.write_reseal("coachee", item, ("coach",))) == "ok"


@pytest.mark.parametrize("name", ["sponsor", "contact", "stranger"])
@pytest.mark.parametrize("by", PAIR)
def test_nothing_is_resealed_to_anybody_else(world: World, by: str, name: str) -> None:
    item = write(world, "coach", ItemKind.GOAL).item
    for sealed in ((name,), (*PAIR, name)):
        assert world.answer(world.write_reseal(by, item, sealed)) == "seals-refused"


def test_a_reseal_adds_a_seal_for_a_new_key_and_repeats_none(world: World) -> None:
    item = write(world, "coach").item
    assert world.answer(world.write_reseal("coach", item, ())) == "seals-refused"
    assert world.answer(world.write_reseal("coach", item, ("coachee",))) == "seals-refused"
    world.rotate("coachee")
    stale = tuple(seal.model_copy(update={"key": world.fact("coachee", 2).seal_key}) for seal in world.seals("coachee"))
    assert world.answer(world.write_reseal("coach", item, (), seals=stale)) == "key-stale", "not assented to yet"
    world.acting["coachee"] = 2
    world.add(world.write_assent("coachee", world.active()))
    world.acting["coachee"] = 1
    old = world.seals("coachee")
    world.acting["coachee"] = 2
    assert world.answer(world.write_reseal("coach", item, (), seals=old)) == "key-stale"
    world.add(world.write_reseal("coach", item, ("coachee",)))
    assert world.engagement.is_sealed_to(item, 1, account("coachee"), world.fact("coachee", 2).seal_key)
    assert world.answer(world.write_reseal("coachee", item, ("coachee",))) == "seals-refused"


def test_a_reseal_names_the_version_and_its_statement(world: World) -> None:
    item = write(world, "coach").item
    first = world.engagement.find_version(item)
    assert first is not None
    world.add(world.write_next("coach", item))
    second = world.engagement.find_version(item)
    assert second is not None
    answers = {
        (version, name): world.answer(
            world.write_reseal("coachee", item, ("supervisor",), version=version, statement=statement)
        )
        for version in (1, 2, 3)
        for name, statement in (("first", first.statement), ("second", second.statement))
    }
    assert {key for key, answer in answers.items() if answer == "ok"} == {(1, "first"), (2, "second")}
    assert set(answers.values()) == {"ok", "not-found"}
    assert world.answer(world.write_reseal("coachee", short("no item"), ("supervisor",))) == "not-found"


def test_each_version_is_resealed_for_itself(world: World) -> None:
    item = write(world, "coach").item
    world.add(world.write_reseal("coachee", item, ("supervisor",)))
    world.add(world.write_next("coach", item))
    assert not world.engagement.is_sealed_to(item, 2, account("supervisor"))
    assert world.engagement.is_sealed_to(item, None, account("supervisor"))
    assert world.answer(world.write_reseal("coachee", item, ("supervisor",))) == "ok"


def test_a_reader_of_one_version_does_not_reseal_another(world: World) -> None:
    item = write(world, "coachee", ItemKind.SUMMARY, PAIR).item
    first = world.engagement.find_version(item)
    assert first is not None
    world.add(world.write_next("coachee", item, sealed=("coachee",)))
    assert world.answer(world.write_reseal("coach", item, ("coach",))) == "role-refused"
    assert world.answer(world.write_reseal("coach", item, ("coach",), version=1, statement=first.statement)) == (
        "seals-refused"
    )


def test_a_supervisor_who_was_dropped_is_sealed_to_no_more(world: World) -> None:
    item = write(world, "coach").item
    roles = {name: role for name, role in FULL.items() if role is not Role.SUPERVISOR}
    world.agree(world.write_contract(roles=roles))
    assert world.answer(world.write_reseal("coachee", item, ("supervisor",))) == "seals-refused"


def test_items_and_reseals_name_the_active_contract(world: World) -> None:
    item = write(world, "coach").item
    before = world.active()
    world.agree(world.write_contract())
    assert world.answer(world.write_item("coach", contract=before)) == "contract-inactive"
    assert world.answer(world.write_reseal("coachee", item, ("supervisor",), contract=before)) == "contract-inactive"
    assert world.answer(world.write_reseal("coachee", item, ("supervisor",))) == "ok"


def test_readers_are_told_apart_without_a_journal() -> None:
    contract = World().write_contract().body
    assert isinstance(contract, Contract)
    coach, coachee = account("coach"), account("coachee")
    pair = frozenset({coach, coachee})
    assert list_reader_sets(ItemKind.PRIVATE, coach, contract) == (frozenset({coach}),)
    assert list_reader_sets(ItemKind.SUMMARY, coachee, contract) == (frozenset({coachee}), pair)
    for kind in (ItemKind.NOTE, ItemKind.GOAL, ItemKind.ACTION, ItemKind.ASSESSMENT, ItemKind.DRAFT):
        assert list_reader_sets(kind, coach, contract) == (pair,)
