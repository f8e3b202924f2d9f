"""Appending: the place of a statement in its journal, all or nothing, and what a replayed journal answers."""

import copy
from typing import Any

import pytest

from tests.policy.states import PAIR
from tests.policy.worlds import ENDS, ENGAGEMENT, RETENTION_DAYS, SALT, START, World, make_active_world
from tests.support.people import account, digest, seed, short
from vault.errors import SignatureError
from vault.policy.decide import decide, holds_salt
from vault.policy.facts import Closed, KeysAdded, Withdrawn, find_party, find_role
from vault.policy.replay import Replayed, ReplayedEngagement, ReplayedJournal, append
from vault.policy.signers import list_signers
from vault.protocol.envelope import Statement, sign
from vault.protocol.ids import StatementId
from vault.protocol.journal import START as EMPTY
from vault.protocol.journal import JournalId, after_mark, next_position, seen_mark
from vault.protocol.limits import DAY_SECONDS, ZERO32
from vault.protocol.problems import Refused
from vault.protocol.statements import Contract, Item, Login
from vault.protocol.vocabulary import ClosureReason, ErasureReason, JournalKind, KeysReason, Role, StatementType


@pytest.fixture
def world() -> World:
    return make_active_world()


def test_a_journal_knows_its_place() -> None:
    world = World()
    assert world.engagement.journal == JournalId(JournalKind.ENGAGEMENT, ENGAGEMENT)
    assert world.escalations.journal == JournalId(JournalKind.ESCALATIONS, ENGAGEMENT)
    assert world.escalations.salt == SALT
    assert world.keys["coach"].journal == JournalId(JournalKind.KEYS, account("coach"))
    assert world.keys["coach"].salt == ZERO32
    assert world.keyrings["coach"].journal == JournalId(JournalKind.KEYRING, account("coach"))
    assert world.engagement.position == EMPTY
    first = world.write_contract()
    world.add(first)
    second = world.write_assent("coach", first.id)
    world.time += 7
    world.add(second)
    after_first = next_position(world.engagement.journal, EMPTY, START, first.id)
    assert world.engagement.position == next_position(world.engagement.journal, after_first, START + 7, second.id)
    assert world.engagement.statements == [first.id, second.id]


def test_after_names_the_signers_newest_entry_and_is_told(world: World) -> None:
    newest = world.engagement.find_newest(account("coach"))
    assert newest is not None
    with pytest.raises(Refused) as refusal:
        world.add(world.write_closure("coach", after=after_mark(SALT, None)))
    assert refusal.value.code == "not-newest"
    assert refusal.value.members == {"after": after_mark(SALT, newest.statement).hex()}
    assert world.answer(world.write_closure("coach", after=newest.statement)) == "not-newest", "with the salt, a mark"
    sponsors = world.engagement.find_newest(account("sponsor"))
    assert sponsors is not None
    with pytest.raises(Refused) as refusal:
        world.add(world.write_request(after=after_mark(SALT, sponsors.statement)))
    assert refusal.value.members == {"after": sponsors.statement.hex()}, "without the salt, the id"


def test_a_supervisor_and_a_contact_write_ids_and_see_nothing(world: World) -> None:
    for name in ("supervisor", "contact"):
        statement = world.write_assent(name, world.active())
        assert (statement.body.after, statement.body.seen) == (ZERO32, None)
        marked = world.write_assent(name, world.active(), after=after_mark(SALT, None))
        assert world.answer(marked) == "not-newest"
        knowing = seen_mark(SALT, world.engagement.position.seq, world.engagement.position.head)
        assert world.answer(world.write_assent(name, world.active(), seen=knowing)) == "seen-unknown"
        world.add(statement)


@pytest.mark.parametrize("name", PAIR)
def test_coach_and_coachee_name_an_entry_that_they_have_seen(world: World, name: str) -> None:
    for seen in (None, digest("another history")):
        assert world.answer(world.write_closure(name, seen=seen)) == "seen-unknown"
    head = world.engagement.position
    assert world.answer(world.write_closure(name, seen=seen_mark(SALT, head.seq, head.head))) == "ok"
    assert world.answer(world.write_closure(name, seen=seen_mark(SALT, head.seq + 1, head.head))) == "seen-unknown"


def test_nobody_forgets_what_they_had_seen(world: World) -> None:
    marks = {seq: mark for mark, seq in world.engagement.marks.items()}
    goal = world.write_withdrawal("coachee", digest("x"), seen=marks[3])
    world.add(goal)
    newest = world.engagement.find_newest(account("coachee"))
    assert newest is not None
    assert (newest.statement, newest.seen) == (goal.id, 3)
    answers = [world.answer(world.write_withdrawal("coachee", digest("y"), seen=marks[seq])) for seq in (0, 2, 3, 4)]
    assert answers == ["seen-unknown", "seen-unknown", "ok", "ok"]
    assert world.answer(world.write_closure("coach", seen=marks[2])) == "ok", "another signer, another memory"


def test_the_entry_that_is_being_appended_has_not_been_seen(world: World) -> None:
    position = world.engagement.position
    statement = world.write_closure()
    ahead = next_position(world.engagement.journal, position, world.time, statement.id)
    assert world.answer(world.write_closure(seen=seen_mark(SALT, ahead.seq, ahead.head))) == "seen-unknown"
    world.add(statement)
    assert world.engagement.find_seen(seen_mark(SALT, ahead.seq, ahead.head)) == ahead.seq


def test_the_deployment_holds_the_salt(world: World) -> None:
    statement = world.write_erasure("deployment", short("x"))
    assert holds_salt(world.engagement, statement.body)
    assert statement.body.seen is not None
    assert world.answer(world.write_closure("deployment", seen=None)) == "seen-unknown"


def test_before_the_first_contract_who_proposes_it_holds_the_salt() -> None:
    world = World()
    answers = {name: holds_salt(world.engagement, world.write_contract(name).body) for name in (*PAIR, "sponsor")}
    assert answers == {"coach": True, "coachee": True, "sponsor": False}
    assert not holds_salt(world.engagement, world.write_closure("coach").body)


def test_a_later_contract_that_swaps_roles_gives_nobody_the_salt() -> None:
    world = World()
    world.add(world.write_contract())
    swapped = world.write_contract("sponsor", roles={"sponsor": Role.COACH, "coachee": Role.COACHEE})
    assert not holds_salt(world.engagement, swapped.body)


def test_time_never_falls(world: World) -> None:
    world.time = START + 10
    world.add(world.write_withdrawal("coachee", digest("x")))
    world.time = START + 9
    with pytest.raises(Refused) as refusal:
        world.add(world.write_closure())
    assert refusal.value.code == "clock-skew"
    assert refusal.value.members == {"time": START + 10}
    world.time = START + 10
    world.add(world.write_closure())


def test_an_id_is_used_once_by_one_signer(world: World) -> None:
    statement = world.write_withdrawal("coachee", digest("x"))
    world.add(statement)
    with pytest.raises(Refused) as refusal:
        world.add(world.write_withdrawal("coachee", digest("y"), id=statement.body.id))
    assert refusal.value.code == "id-taken"
    world.add(world.write_closure("coach", id=statement.body.id))


def test_an_engagements_statement_stays_in_its_engagement(world: World) -> None:
    other = short("another engagement")
    for statement in (
        world.write_closure(engagement=other),
        world.write_withdrawal("coachee", digest("x"), engagement=other),
        world.write_escalation(engagement=other),
        world.write_contract(engagement=other),
    ):
        assert world.answer(statement) == "path-mismatch"


def test_what_is_refused_leaves_everything_as_it_was(world: World) -> None:
    before = _describe(world.engagement)
    refused = [
        world.write_item("sponsor"),
        world.write_closure(after=ZERO32),
        world.write_closure(seen=None),
        sign(world.write_closure().body, [seed("sponsor")]),
        sign(world.write_closure().body, [seed("coach"), seed("coach")]),
    ]
    for statement in refused:
        with pytest.raises((Refused, SignatureError)):
            world.add(statement)
    assert _describe(world.engagement) == before


def _describe(state: ReplayedEngagement) -> object:
    return {name: copy.copy(value) for name, value in vars(state).items() if name != "find_keys"}


def test_a_decision_alone_changes_nothing(world: World) -> None:
    before = _describe(world.engagement)
    assert decide(world.engagement, world.write_closure(), START) == (Closed(START, ClosureReason.COMPLETED),)
    assert _describe(world.engagement) == before


def list_journals(world: World) -> list[ReplayedJournal]:
    return [world.keys["coach"], world.keyrings["coach"], world.engagement, world.escalations]


def test_each_journal_takes_its_own_types_and_no_others(world: World) -> None:
    statements = {
        "keys": world.write_keys("coach", KeysReason.ROTATE, seal_generation=2),
        "keyring": world.write_keyring("coach"),
        "closure": world.write_closure(),
        "escalation": world.write_escalation(),
    }
    for journal, own in zip(list_journals(world), statements, strict=True):
        for name, statement in statements.items():
            if name == own:
                decide(journal, statement, START)
                continue
            with pytest.raises(Refused) as refusal:
                decide(journal, statement, START)
            assert refusal.value.code == "statement-malformed"


def test_a_login_stands_in_no_journal(world: World) -> None:
    common = world.write_closure().body.model_dump(exclude={"engagement", "reason", "type", "after", "seen"})
    body = Login(
        **common,
        type=StatementType.LOGIN,
        after=None,
        seen=None,
        url="https://vault.example",
        challenge=digest("challenge"),
        expires=START,
    )
    for journal in list_journals(world):
        with pytest.raises(Refused):
            append(journal, sign(body, [seed("coach")]), START)


def test_each_journal_takes_over_its_own_effects_and_no_others(world: World) -> None:
    closed, withdrawn = Closed(START, ClosureReason.ENDED), Withdrawn(StatementId(digest("x")))
    for journal in (world.keys["coach"], world.keyrings["coach"], world.escalations):
        for effect in (closed, withdrawn):
            with pytest.raises(TypeError, match=type(effect).__name__):
                journal.apply(effect)
    for other in (world.engagement, Replayed(JournalId(JournalKind.DEPLOYMENT, account("coach")), ZERO32)):
        with pytest.raises(TypeError, match="KeysAdded"):
            other.apply(KeysAdded(world.fact("coach")))


def test_who_has_no_place_here_is_told_nothing(world: World) -> None:
    for statement in (
        world.write_item("stranger"),
        world.write_closure("stranger"),
        world.write_opening("stranger", digest("x")),
        world.write_escalation("stranger"),
    ):
        assert world.answer(statement) == "not-found"
    empty = World()
    assert empty.answer(empty.write_closure("sponsor")) == "not-found"


def test_signers_are_named_by_the_journal(world: World) -> None:
    for name in ("coach", "sponsor", "deployment"):
        signers = list_signers(world.engagement, world.write_closure(name).body, START)
        assert signers == (world.fact(name).sign_public,)
    for key in (short("another"), world.fact("coachee").sign_key):
        with pytest.raises(Refused) as refusal:
            list_signers(world.engagement, world.write_closure("coach", key=key).body, START)
        assert refusal.value.code == "key-stale"


def test_nobody_assents_under_the_keys_of_another(world: World) -> None:
    statement = world.write_assent("coachee", world.active(), keys=world.fact("sponsor").statement)
    assert world.answer(statement) == "key-stale"
    as_sponsor = sign(statement.body.model_copy(update={"key": world.fact("sponsor").sign_key}), [seed("sponsor")])
    assert world.answer(as_sponsor) == "key-stale"
    with pytest.raises(Refused) as refusal:
        list_signers(world.engagement, as_sponsor.body, START)
    assert refusal.value.code == "key-stale"
    with pytest.raises(Refused) as refusal:
        decide(world.engagement, as_sponsor, START)
    assert refusal.value.code == "key-stale"


def test_nobody_proposes_under_the_keys_of_another() -> None:
    world = World()
    body = world.write_contract("coachee").body
    assert isinstance(body, Contract)
    keys = world.fact("coach")
    parties = tuple(
        party.model_copy(update={"keys": keys.statement}) if party.account == account("coachee") else party
        for party in body.parties
    )
    forged = sign(body.model_copy(update={"parties": parties, "key": keys.sign_key}), [seed("coach")])
    assert world.answer(forged) == "parties-refused"


def test_versions_are_found_by_number_within_their_range(world: World) -> None:
    assert world.engagement.find_version(short("no item")) is None
    assert world.engagement.find_version(short("no item"), 1) is None
    statement = world.write_item("coach", item=short("item"))
    world.add(statement)
    found = [world.engagement.find_version(short("item"), number) for number in (0, 1, 2)]
    assert [version and version.statement for version in found] == [None, statement.id, None]
    assert not world.engagement.is_sealed_to(short("item"), 1, account("coach"), short("another key"))
    assert not world.engagement.is_sealed_to(short("item"), 2, account("coach"))
    assert not world.engagement.is_sealed_to(short("no item"), None, account("coach"))


def test_roles_and_parties_are_found_in_a_contract(world: World) -> None:
    contract = world.engagement.find_active_contract()
    assert contract is not None
    assert find_role(contract.body, account("sponsor")) is Role.SPONSOR
    assert find_role(contract.body, account("contact")) is None
    assert find_party(contract.body, Role.SUPERVISOR) == account("supervisor")


def refuse(journal: ReplayedJournal, statement: Statement) -> str:
    """The code with which the decision alone refuses, though whoever calls it verifies keys first."""
    with pytest.raises(Refused) as refusal:
        decide(journal, statement, START)
    return refusal.value.code


def test_a_decision_asks_for_the_current_key_itself(world: World) -> None:
    item, disclosure, escalation = world.write_item("coach"), world.write_disclosure(), world.write_escalation()
    for statement in (item, disclosure, escalation):
        world.add(statement)
    assert isinstance(item.body, Item)
    wrong: dict[str, Any] = {"key": short("another key")}
    for statement in (
        world.write_contract(**wrong),
        world.write_assent("supervisor", world.active(), **wrong),
        world.write_item("coach", **wrong),
        world.write_reseal("coachee", item.body.item, ("supervisor",), **wrong),
        world.write_disclosure(**wrong),
        world.write_withdrawal("coachee", disclosure.id, **wrong),
        world.write_request(**wrong),
        world.write_opening("sponsor", disclosure.id, **wrong),
        world.write_closure(**wrong),
        world.write_erasure("coachee", item.body.item, **wrong),
    ):
        assert refuse(world.engagement, statement) == "key-stale", statement.body.type
    for statement in (world.write_escalation(**wrong), world.write_opening("contact", escalation.id, **wrong)):
        assert refuse(world.escalations, statement) == "key-stale", statement.body.type
    world.time = ENDS + RETENTION_DAYS * DAY_SECONDS
    erasure = world.write_erasure("deployment", item.body.item, reason=ErasureReason.RETENTION, **wrong)
    with pytest.raises(Refused) as refusal:
        decide(world.engagement, erasure, world.time)
    assert refusal.value.code == "key-stale"


def test_a_decision_asks_for_known_keys_and_for_what_is_named_itself(world: World) -> None:
    unknown = world.write_assent("supervisor", world.active(), keys=digest("no keys"))
    assert refuse(world.engagement, unknown) == "key-stale"
    opening = world.write_opening("contact", digest("no escalation"))
    assert refuse(world.escalations, opening) == "not-found"
    with pytest.raises(Refused) as refusal:
        list_signers(world.escalations, opening.body, START)
    assert refusal.value.code == "not-found"
    empty = World()
    for statement in (empty.write_closure(), empty.write_withdrawal("coachee", digest("x"))):
        assert refuse(empty.engagement, statement) == "role-refused"
    assert refuse(empty.engagement, empty.write_erasure("coachee", short("x"))) == "role-refused"
    assert refuse(empty.engagement, empty.write_opening("sponsor", digest("x"))) == "not-found"
