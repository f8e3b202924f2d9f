"""Disclosures, withdrawals, requests, openings, erasures: what a sponsor sees, for how long, and what it may ask."""

import pytest

from tests.policy.states import PAIR
from tests.policy.worlds import ENDS, FULL, RETENTION_DAYS, START, World, make_active_world
from tests.support.people import account, digest, short
from vault.policy.facts import Disclosed, DisclosureFact, Erased, Opened, Requested, Withdrawn
from vault.protocol.limits import DAY_SECONDS
from vault.protocol.statements import Disclosure, Item
from vault.protocol.terms import RequestBudget
from vault.protocol.vocabulary import ErasureReason, ItemKind, Role, ShareKind

WITHOUT_SPONSOR = {name: role for name, role in FULL.items() if role is not Role.SPONSOR}


@pytest.fixture
def world() -> World:
    return make_active_world()


def disclose(world: World, expires: int | None = None) -> Disclosure:
    """Append a disclosure, its id under the name `disclosure`; its body."""
    statement = world.write_disclosure(expires=expires)
    world.add(statement, "disclosure")
    assert isinstance(statement.body, Disclosure)
    return statement.body


def write_item(world: World, by: str, kind: ItemKind, *sealed: str) -> bytes:
    statement = world.write_item(by, kind, sealed=sealed or PAIR)
    world.add(statement)
    assert isinstance(statement.body, Item)
    return statement.body.item


def test_a_disclosure_is_live_from_its_entry_on(world: World) -> None:
    statement = world.write_disclosure(expires=START + 10)
    fact = DisclosureFact(
        statement.id, statement.body.id, account("sponsor"), START + 10, withdrawn=False, erased=False
    )
    assert world.add(statement) == (Disclosed(fact),)
    assert world.engagement.find_disclosure(statement.id) == fact
    assert world.engagement.find_disclosure_by_id(statement.body.id) == fact
    assert world.engagement.find_disclosure_by_id(short("another")) is None


@pytest.mark.parametrize("name", ["coach", "sponsor", "supervisor", "contact"])
def test_nobody_but_the_coachee_discloses(world: World, name: str) -> None:
    for recipient in ("sponsor", "coachee"):
        assert world.answer(world.write_disclosure(name, recipient)) == "role-refused"


@pytest.mark.parametrize("recipient", ["coach", "coachee", "supervisor", "contact", "stranger"])
def test_a_disclosure_goes_to_the_sponsor(world: World, recipient: str) -> None:
    assert world.answer(world.write_disclosure(recipient=recipient)) == "recipient-refused"


@pytest.mark.parametrize("kind", list(ShareKind))
def test_a_disclosure_is_of_a_kind_that_the_contract_lists(world: World, kind: ShareKind) -> None:
    listed = kind in (ShareKind.ATTENDANCE, ShareKind.THEMES)
    assert world.answer(world.write_disclosure(share_kind=kind)) == ("ok" if listed else "share-kind-refused")


@pytest.mark.parametrize(
    "sealed", [("coachee",), ("sponsor",), ("coach", "coachee", "sponsor"), ("coachee", "contact"), ()]
)
def test_a_disclosure_is_sealed_to_exactly_coachee_and_sponsor(world: World, sealed: tuple[str, ...]) -> None:
    assert world.answer(world.write_disclosure(sealed=sealed)) == "seals-refused"


def test_a_disclosure_is_sealed_to_current_keys(world: World) -> None:
    seals = tuple(seal.model_copy(update={"key": short("old")}) for seal in world.seals("coachee", "sponsor"))
    assert world.answer(world.write_disclosure(seals=seals)) == "key-stale"


def test_a_disclosure_ends_in_the_future_or_never(world: World) -> None:
    for expires, answer in (
        (world.time - 1, "disclosure-past"),
        (world.time, "disclosure-past"),
        (world.time + 1, "ok"),
    ):
        assert world.answer(world.write_disclosure(expires=expires)) == answer
    assert world.answer(world.write_disclosure(expires=0)) == "disclosure-past"


def test_disclosures_go_on_after_closure_and_after_the_contract_has_ended(world: World) -> None:
    world.add(world.write_closure())
    world.time = ENDS + 1
    assert world.answer(world.write_disclosure()) == "ok"


def test_a_disclosure_that_was_withdrawn_ahead_never_lives(world: World) -> None:
    unanswered = world.write_disclosure()
    assert world.add(world.write_withdrawal("coachee", unanswered.id)) == (Withdrawn(unanswered.id),)
    assert world.answer(unanswered) == "disclosure-ended"
    assert world.answer(world.write_disclosure()) == "ok"


def test_a_withdrawal_is_final_and_cannot_be_repeated(world: World) -> None:
    disclose(world)
    statement = world.named["disclosure"]
    world.add(world.write_withdrawal("coachee", statement))
    assert world.answer(world.write_opening("sponsor", statement)) == "disclosure-ended"
    assert world.answer(world.write_withdrawal("coachee", statement)) == "already-withdrawn"
    assert world.answer(world.write_withdrawal("coachee", digest("another"))) == "ok"


@pytest.mark.parametrize("name", ["coach", "sponsor", "supervisor", "contact", "deployment"])
def test_nobody_but_the_coachee_withdraws(world: World, name: str) -> None:
    disclose(world)
    assert world.answer(world.write_withdrawal(name, world.named["disclosure"])) == "role-refused"


def test_a_withdrawal_works_after_closure_and_under_a_later_contract(world: World) -> None:
    disclose(world)
    world.agree(world.write_contract(roles=WITHOUT_SPONSOR), *PAIR)
    world.add(world.write_closure())
    assert world.answer(world.write_withdrawal("coachee", world.named["disclosure"])) == "ok"


def test_an_opening_is_kept_each_time(world: World) -> None:
    disclose(world)
    statement = world.named["disclosure"]
    for _ in range(2):
        assert world.add(world.write_opening("sponsor", statement)) == (Opened(statement, account("sponsor")),)
    assert world.engagement.openings == {statement: [account("sponsor")] * 2}


@pytest.mark.parametrize("name", ["coach", "coachee", "supervisor", "contact"])
def test_nobody_but_the_recipient_opens(world: World, name: str) -> None:
    disclose(world)
    assert world.answer(world.write_opening(name, world.named["disclosure"])) == "not-found"
    assert world.answer(world.write_opening("sponsor", digest("no disclosure"))) == "not-found"


def test_an_end_is_exclusive(world: World) -> None:
    disclose(world, expires=START + 10)
    world.time = START + 9
    assert world.answer(world.write_opening("sponsor", world.named["disclosure"])) == "ok"
    world.time = START + 10
    assert world.answer(world.write_opening("sponsor", world.named["disclosure"])) == "disclosure-ended"


def test_a_sponsor_that_was_dropped_still_opens_what_is_live(world: World) -> None:
    disclose(world)
    world.agree(world.write_contract(roles=WITHOUT_SPONSOR), *PAIR)
    assert world.answer(world.write_opening("sponsor", world.named["disclosure"])) == "ok"
    assert world.answer(world.write_disclosure()) == "recipient-refused"


def test_a_sponsor_signs_with_its_current_key(world: World) -> None:
    disclose(world)
    world.rotate("sponsor")
    world.acting["sponsor"] = 2
    assert world.answer(world.write_opening("sponsor", world.named["disclosure"])) == "key-stale"
    world.add(world.write_assent("sponsor", world.active()))
    assert world.answer(world.write_opening("sponsor", world.named["disclosure"])) == "ok"


# Requests


def test_a_request_is_counted(world: World) -> None:
    assert world.add(world.write_request()) == (Requested(account("sponsor"), START),)


@pytest.mark.parametrize("name", ["coach", "coachee", "supervisor", "contact"])
def test_nobody_but_the_sponsor_requests(world: World, name: str) -> None:
    assert world.answer(world.write_request(name)) == "role-refused"


def test_a_request_is_of_a_listed_kind_and_ends_with_the_contract_at_the_latest(world: World) -> None:
    assert world.answer(world.write_request(share_kind=ShareKind.GOALS)) == "request-refused"
    for expires, answer in (
        (world.time - 1, "request-refused"),
        (world.time, "request-refused"),
        (world.time + 1, "ok"),
        (ENDS, "ok"),
        (ENDS + 1, "request-refused"),
    ):
        assert world.answer(world.write_request(expires=expires)) == answer


def test_the_budget_counts_requests_within_so_many_days_to_the_second(world: World) -> None:
    world.add(world.write_request())
    world.time += 60
    world.add(world.write_request())
    assert world.answer(world.write_request()) == "budget-spent"
    world.time = START + 7 * DAY_SECONDS - 1
    assert world.answer(world.write_request()) == "budget-spent"
    world.time = START + 7 * DAY_SECONDS
    world.add(world.write_request())
    assert world.answer(world.write_request()) == "budget-spent"


def test_a_budget_of_nothing_takes_no_request() -> None:
    world = World()
    world.agree(world.write_contract(request_budget=RequestBudget(count=0, days=1)))
    assert world.answer(world.write_request()) == "budget-spent"


@pytest.mark.parametrize("closed", [False, True])
def test_a_closure_changes_nothing_of_what_a_sponsor_may_do(closed: bool) -> None:
    world = make_active_world()
    disclose(world)
    if closed:
        world.add(world.write_closure("coachee"))
    answers = [
        world.answer(world.write_request()),
        world.answer(world.write_opening("sponsor", world.named["disclosure"])),
        world.answer(world.write_assent("sponsor", world.active())),
        world.answer(world.write_assent("sponsor", digest("no contract"))),
    ]
    assert answers == ["ok", "ok", "already-assented", "not-found"]


# Erasures


def test_the_coachee_erases_what_she_can_read_all_or_nothing(world: World) -> None:
    note = write_item(world, "coach", ItemKind.NOTE)
    hers = write_item(world, "coachee", ItemKind.PRIVATE, "coachee")
    his = write_item(world, "coach", ItemKind.PRIVATE, "coach")
    disclosure = disclose(world)
    for items in ((his,), (note, his), (note, short("no item")), (disclosure.id, short("no item"))):
        assert world.answer(world.write_erasure("coachee", *items)) == "not-found"
    statement = world.write_erasure("coachee", note, hers, disclosure.id)
    expected = Erased(tuple(sorted((note, hers))), (world.named["disclosure"],))
    assert world.add(statement) == (expected,)
    for item in (note, hers, disclosure.id):
        assert world.answer(world.write_erasure("coachee", item)) == "not-found"
    assert world.answer(world.write_opening("sponsor", world.named["disclosure"])) == "disclosure-ended"
    assert [version.erased for version in world.engagement.versions[note]] == [True]
    assert [version.erased for version in world.engagement.versions[his]] == [False]


def test_all_versions_of_an_item_are_erased(world: World) -> None:
    goal = write_item(world, "coach", ItemKind.GOAL)
    world.add(world.write_next("coachee", goal))
    world.add(world.write_erasure("coachee", goal))
    assert [version.erased for version in world.engagement.versions[goal]] == [True, True]


def test_a_withdrawn_disclosure_can_be_erased_and_an_erased_one_withdrawn(world: World) -> None:
    disclosure = disclose(world)
    world.add(world.write_withdrawal("coachee", world.named["disclosure"]))
    world.add(world.write_erasure("coachee", disclosure.id))
    fact = world.engagement.find_disclosure(world.named["disclosure"])
    assert fact is not None
    assert fact.withdrawn
    assert fact.erased
    other = disclose(world)
    world.add(world.write_erasure("coachee", other.id))
    fact = world.engagement.find_disclosure(world.named["disclosure"])
    assert fact is not None
    assert (fact.withdrawn, fact.erased) == (False, True)
    assert world.answer(world.write_withdrawal("coachee", world.named["disclosure"])) == "ok"


def test_a_disclosure_is_named_by_its_own_id_and_not_by_that_of_its_statement(world: World) -> None:
    disclosure = disclose(world)
    assert world.answer(world.write_erasure("coachee", world.named["disclosure"][:16])) == "not-found"
    assert world.answer(world.write_erasure("coachee", disclosure.id)) == "ok"


def test_an_item_that_shares_an_id_with_a_disclosure_goes_with_it_if_she_can_read_it(world: World) -> None:
    disclosure = disclose(world)
    his = world.write_item("coach", ItemKind.PRIVATE, sealed=("coach",), item=disclosure.id)
    world.add(his)
    assert world.add(world.write_erasure("coachee", disclosure.id)) == (Erased((), (world.named["disclosure"],)),)
    other = disclose(world)
    world.add(world.write_item("coach", item=other.id))
    expected = Erased((other.id,), (world.named["disclosure"],))
    assert world.add(world.write_erasure("coachee", other.id)) == (expected,)


@pytest.mark.parametrize("name", ["coach", "sponsor", "supervisor", "contact"])
def test_nobody_else_erases(world: World, name: str) -> None:
    note = write_item(world, "coach", ItemKind.NOTE)
    for reason in ErasureReason:
        assert world.answer(world.write_erasure(name, note, reason=reason)) == "role-refused"


def test_each_erases_for_its_own_reason(world: World) -> None:
    note = write_item(world, "coach", ItemKind.NOTE)
    assert world.answer(world.write_erasure("coachee", note, reason=ErasureReason.RETENTION)) == "role-refused"
    assert world.answer(world.write_erasure("deployment", note, reason=ErasureReason.ASKED)) == "role-refused"


def erase_on_retention(world: World, item: bytes) -> str:
    return world.answer(world.write_erasure("deployment", item, reason=ErasureReason.RETENTION))


def test_the_deployment_erases_when_retention_has_passed_since_the_contract_ended(world: World) -> None:
    his = write_item(world, "coach", ItemKind.PRIVATE, "coach")
    world.time = ENDS + RETENTION_DAYS * DAY_SECONDS - 1
    assert erase_on_retention(world, his) == "held"
    world.time += 1
    assert erase_on_retention(world, his) == "ok"
    assert erase_on_retention(world, short("no item")) == "not-found"


def test_the_deployment_erases_when_retention_has_passed_since_an_earlier_closure(world: World) -> None:
    note = write_item(world, "coach", ItemKind.NOTE)
    world.time += 5
    world.add(world.write_closure())
    world.time = START + 5 + RETENTION_DAYS * DAY_SECONDS - 1
    assert erase_on_retention(world, note) == "held"
    world.time += 1
    assert erase_on_retention(world, note) == "ok"


def test_a_closure_after_the_end_prolongs_nothing(world: World) -> None:
    note = write_item(world, "coach", ItemKind.NOTE)
    world.time = ENDS + DAY_SECONDS
    world.add(world.write_closure())
    world.time = ENDS + RETENTION_DAYS * DAY_SECONDS
    assert erase_on_retention(world, note) == "ok"


def test_before_a_contract_is_active_nothing_is_erased_on_retention() -> None:
    world = World()
    world.add(world.write_contract())
    world.time = ENDS + 1_000 * DAY_SECONDS
    assert erase_on_retention(world, short("no item")) == "held"


def test_the_deployment_signs_with_its_own_key(world: World) -> None:
    note = write_item(world, "coach", ItemKind.NOTE)
    world.time = ENDS + RETENTION_DAYS * DAY_SECONDS
    statement = world.write_erasure("deployment", note, reason=ErasureReason.RETENTION, key=short("another"))
    assert world.answer(statement) == "key-stale"
