"""Escalations: the coach's own words to one contact, judged by what was so in the second of the entry."""

import pytest

from tests.policy.states import PAIR
from tests.policy.worlds import CONTACT_ID, ENDS, ESCALATION_BLOB, FULL, START, World, make_active_world
from tests.support.people import account, digest, short
from vault.policy.facts import Escalated, EscalationFact, Opened
from vault.protocol.ids import StatementId
from vault.protocol.journal import after_mark
from vault.protocol.limits import DAY_SECONDS, ZERO32
from vault.protocol.statements import BlobRef, Delay
from vault.protocol.vocabulary import DelayReason, Role


@pytest.fixture
def world() -> World:
    return make_active_world()


def escalate(world: World) -> bytes:
    statement = world.write_escalation()
    world.add(statement)
    return statement.id


def test_an_escalation_is_kept_with_its_contact(world: World) -> None:
    statement = world.write_escalation()
    fact = EscalationFact(statement.id, world.active(), CONTACT_ID, account("contact"))
    assert world.add(statement) == (Escalated(fact),)
    assert world.escalations.find_escalation(statement.id) == fact
    assert world.escalations.find_escalation(StatementId(digest("another"))) is None


@pytest.mark.parametrize("name", ["coachee", "sponsor", "supervisor", "contact"])
def test_nobody_but_the_coach_escalates(world: World, name: str) -> None:
    assert world.answer(world.write_escalation(name)) == "role-refused"


@pytest.mark.parametrize(
    ("sealed", "answer"),
    [
        (("coach", "contact"), "ok"),
        (("coach", "contact", "coachee"), "ok"),
        (("coach",), "seals-refused"),
        (("contact",), "seals-refused"),
        (("coach", "coachee"), "seals-refused"),
        (("coach", "contact", "sponsor"), "seals-refused"),
        (("coach", "contact", "coachee", "supervisor"), "seals-refused"),
        ((), "seals-refused"),
    ],
)
def test_an_escalation_is_sealed_to_coach_and_contact_and_to_the_coachee_if_the_coach_wishes(
    world: World, sealed: tuple[str, ...], answer: str
) -> None:
    assert world.answer(world.write_escalation(sealed=sealed)) == answer


def test_a_contact_without_an_account_is_told_outside() -> None:
    world = World()
    world.agree(world.write_contract(contacts=(world.contact(None),)))
    contact = short("contact id", None)
    assert world.answer(world.write_escalation(contact=contact, sealed=("coach", "contact"))) == "seals-refused"
    assert world.answer(world.write_escalation(contact=contact, sealed=PAIR)) == "ok"
    statement = world.write_escalation(contact=contact, sealed=("coach",))
    world.add(statement)
    fact = world.escalations.find_escalation(statement.id)
    assert fact == EscalationFact(statement.id, world.active(), contact, None)
    assert world.answer(world.write_opening("coach", statement.id)) == "not-found"


@pytest.mark.parametrize(
    ("size", "answer"), [(8_271, "blob-shape"), (8_272, "ok"), (8_273, "too-large"), (1, "blob-shape")]
)
def test_an_escalation_has_one_size(world: World, size: int, answer: str) -> None:
    assert ESCALATION_BLOB.size == 8_272
    assert world.answer(world.write_escalation(blob=BlobRef(sha256=digest("blob"), size=size))) == answer


def test_a_delay_is_the_coachs_word_and_decides_nothing_here(world: World) -> None:
    delay = Delay(hours=72, reason=DelayReason.SAFETY)
    assert world.answer(world.write_escalation(delay=delay)) == "ok"


def test_a_contact_is_one_of_the_contract(world: World) -> None:
    assert world.answer(world.write_escalation(contact=short("another"))) == "contact-refused"


def test_seals_are_for_keys_of_that_second(world: World) -> None:
    seals = tuple(seal.model_copy(update={"key": short("old")}) for seal in world.seals("coach", "contact"))
    assert world.answer(world.write_escalation(seals=seals)) == "key-stale"


def test_escalations_go_on_after_closure_and_after_the_end(world: World) -> None:
    world.add(world.write_closure())
    world.time = ENDS + DAY_SECONDS
    assert world.answer(world.write_escalation()) == "ok"


def test_an_unknown_contract_is_not_found_and_a_proposal_is_not_active(world: World) -> None:
    assert world.answer(world.write_escalation(contract=digest("no contract"))) == "not-found"
    proposal = world.write_contract()
    world.add(proposal)
    assert world.answer(world.write_escalation(contract=proposal.id)) == "contract-inactive"


def test_in_the_second_of_a_change_of_contracts_both_are_active(world: World) -> None:
    before = world.active()
    world.time = START + 100
    after = world.agree(world.write_contract())
    for time, answers in (
        (START + 99, ("ok", "contract-inactive")),
        (START + 100, ("ok", "ok")),
        (START + 101, ("contract-inactive", "ok")),
    ):
        world.time = time
        assert tuple(world.answer(world.write_escalation(contract=contract)) for contract in (before, after)) == answers


def test_a_contract_is_not_active_before_its_second() -> None:
    world = World()
    world.time = START + 100
    contract = world.agree(world.write_contract())
    world.time = START + 99
    assert world.answer(world.write_escalation(contract=contract)) == "contract-inactive"


@pytest.mark.parametrize("name", ["coach", "contact"])
def test_in_the_second_of_a_change_of_keys_both_are_current(world: World, name: str) -> None:
    if name == "contact":
        world.add(world.write_assent("contact", world.active()))
    world.time = START + 100
    world.rotate(name)
    world.acting[name] = 2
    world.add(world.write_assent(name, world.active()))
    for time, answers in (
        (START + 99, ("ok", "key-stale")),
        (START + 100, ("ok", "ok")),
        (START + 101, ("key-stale", "ok")),
    ):
        world.time = time
        given = []
        for generation in (1, 2):
            world.acting[name] = generation
            given.append(world.answer(world.write_escalation()))
        assert tuple(given) == answers


def test_until_the_second_of_its_first_assent_a_contact_has_the_keys_that_the_contract_names(world: World) -> None:
    world.rotate("contact")
    world.acting["contact"] = 2
    world.time = START + 100
    world.add(world.write_assent("contact", world.active()))
    for time, answers in (
        (START + 99, ("ok", "key-stale")),
        (START + 100, ("ok", "ok")),
        (START + 101, ("key-stale", "ok")),
    ):
        world.time = time
        given = []
        for generation in (1, 2):
            world.acting["contact"] = generation
            given.append(world.answer(world.write_escalation()))
        assert tuple(given) == answers


def test_between_two_assents_only_the_keys_of_the_first_are_current(world: World) -> None:
    for generation, time in ((2, START + 100), (3, START + 200)):
        world.time = time
        world.rotate("coach")
        world.acting["coach"] = generation
        world.add(world.write_assent("coach", world.active()))
    for time, right in ((START + 50, 1), (START + 150, 2), (START + 250, 3)):
        world.time = time
        for generation in (1, 2, 3):
            world.acting["coach"] = generation
            assert world.answer(world.write_escalation()) == ("ok" if generation == right else "key-stale")


def test_the_contact_opens_and_nobody_else(world: World) -> None:
    statement = escalate(world)
    for name in (*FULL, "deployment", "stranger"):
        assert world.answer(world.write_opening(name, statement)) == "not-found"
    assert world.add(world.write_opening("contact", statement)) == (Opened(StatementId(statement), account("contact")),)
    assert world.escalations.openings == {statement: [account("contact")]}
    assert world.engagement.openings == {}
    world.add(world.write_opening("contact", statement))
    assert world.escalations.openings == {statement: [account("contact")] * 2}


def test_a_contact_that_was_dropped_still_opens_what_was_sent_to_it(world: World) -> None:
    statement = escalate(world)
    world.time += 10
    roles = {"coach": Role.COACH, "coachee": Role.COACHEE}
    world.agree(world.write_contract(roles=roles, contacts=()), *PAIR)
    world.time += 10
    assert world.answer(world.write_opening("contact", statement)) == "ok"
    assert world.answer(world.write_escalation()) == "contact-refused"


def test_an_opening_names_a_current_key(world: World) -> None:
    statement = escalate(world)
    world.rotate("contact")
    world.acting["contact"] = 2
    assert world.answer(world.write_opening("contact", statement)) == "key-stale"


def test_a_contact_stands_on_its_own_entries_of_this_journal_and_names_no_other(world: World) -> None:
    statement = escalate(world)
    opening = world.write_opening("contact", statement)
    assert (opening.body.after, opening.body.seen) == (ZERO32, None)
    world.add(opening)
    assert world.answer(world.write_opening("contact", statement, after=ZERO32)) == "not-newest"
    assert world.answer(
        world.write_opening("contact", statement, after=after_mark(world.escalations.salt, opening.id))
    ) == ("not-newest")
    assert world.answer(world.write_opening("contact", statement, seen=digest("x"))) == "seen-unknown"
    assert world.answer(world.write_opening("contact", statement)) == "ok"


def test_a_contact_of_two_contracts_opens_what_came_under_either(world: World) -> None:
    first = escalate(world)
    world.time += 10
    world.agree(world.write_contract(contacts=(world.contact("contact", contact=short("another id")),)))
    world.time += 10
    assert world.answer(world.write_escalation()) == "contact-refused"
    second = world.write_escalation(contact=short("another id"))
    world.add(second)
    assert [world.answer(world.write_opening("contact", statement)) for statement in (first, second.id)] == ["ok", "ok"]
