"""Contracts, assents and closures: who may be named, what follows what, and when a contract becomes the active one."""

import pytest

from tests.policy.states import PAIR
from tests.policy.worlds import FULL, START, World, make_active_world
from tests.support.people import account, digest, short
from vault.policy.facts import Assented, AssentFact, Closed, ContractActivated, ContractFact, ContractProposed
from vault.protocol.statements import Contract
from vault.protocol.vocabulary import Affiliation, Clause, ClosureReason, KeysReason, Origin, Role, ShareKind

TWO = {"coach": Role.COACH, "coachee": Role.COACHEE}
WITHOUT_SPONSOR = {name: role for name, role in FULL.items() if role is not Role.SPONSOR}


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def active() -> World:
    return make_active_world()


@pytest.mark.parametrize(
    "roles",
    [
        pytest.param({"coach": Role.COACH}, id="no coachee"),
        pytest.param({"coachee": Role.COACHEE}, id="no coach"),
        pytest.param({**FULL, "stranger": Role.COACH}, id="two coaches"),
        pytest.param({**FULL, "stranger": Role.COACHEE}, id="two coachees"),
        pytest.param({**FULL, "stranger": Role.SPONSOR}, id="two sponsors"),
        pytest.param({**FULL, "stranger": Role.SUPERVISOR}, id="two supervisors"),
        pytest.param({**WITHOUT_SPONSOR, "contact": Role.SPONSOR}, id="a contact who is a party"),
        pytest.param({**WITHOUT_SPONSOR, "deployment": Role.SPONSOR}, id="the deployment as a party"),
    ],
)
def test_a_contract_with_other_parties_is_refused(world: World, roles: dict[str, Role]) -> None:
    by = "coach" if "coach" in roles else "coachee"
    assert world.answer(world.write_contract(by, roles=roles)) == "parties-refused"


@pytest.mark.parametrize("roles", [{}, {"sponsor": Role.SPONSOR}, {"supervisor": Role.SUPERVISOR}])
def test_sponsor_and_supervisor_may_be_absent(world: World, roles: dict[str, Role]) -> None:
    assert world.answer(world.write_contract(roles={**TWO, **roles})) == "ok"


def test_the_deployment_is_no_contact(world: World) -> None:
    assert world.answer(world.write_contract(contacts=("contact", "deployment"))) == "parties-refused"


def test_an_account_is_a_contact_once_but_several_contacts_may_have_none(world: World) -> None:
    again = world.contact("contact", contact=short("again"))
    assert world.answer(world.write_contract(contacts=("contact", again))) == "parties-refused"
    without = (world.contact(None), world.contact(None, contact=short("again")))
    assert world.answer(world.write_contract(contacts=without)) == "ok"


def test_where_there_is_a_sponsor_one_contact_is_independent_of_it(world: World) -> None:
    dependent = world.contact("contact", affiliation=Affiliation.SPONSOR)
    for contacts in ((), (dependent,)):
        assert world.answer(world.write_contract(contacts=contacts)) == "contact-not-independent"
        assert world.answer(world.write_contract(roles=TWO, contacts=contacts)) == "ok"
    assert world.answer(world.write_contract(contacts=(dependent, "stranger"))) == "ok"


@pytest.mark.parametrize("missing", [Clause.NO_EVALUATION_USE, Clause.NON_RETALIATION])
def test_where_there_is_a_sponsor_two_clauses_stand(world: World, missing: Clause) -> None:
    clauses = tuple(sorted(set(Clause) - {missing}))
    assert world.answer(world.write_contract(clauses=clauses)) == "parties-refused"
    assert world.answer(world.write_contract(clauses=clauses, roles=TWO)) == "ok"
    assert world.answer(world.write_contract(clauses=(Clause.NO_EVALUATION_USE, Clause.NON_RETALIATION))) == "ok"


@pytest.mark.parametrize("origin", list(Origin))
@pytest.mark.parametrize("share_kind", list(ShareKind))
def test_a_mandated_engagement_shares_attendance_and_completion_at_most(
    world: World, origin: Origin, share_kind: ShareKind
) -> None:
    refused = origin is Origin.MANDATED and share_kind not in (ShareKind.ATTENDANCE, ShareKind.COMPLETION)
    statement = world.write_contract(origin=origin, share_kinds=(share_kind,))
    assert world.answer(statement) == ("share-kind-refused" if refused else "ok")


def test_the_first_contract_is_signed_by_its_coach_or_its_coachee(world: World) -> None:
    answers = {name: world.answer(world.write_contract(name)) for name in FULL}
    assert answers == {"coach": "ok", "coachee": "ok", "sponsor": "role-refused", "supervisor": "role-refused"}


@pytest.mark.parametrize("by", PAIR)
def test_coach_and_coachee_never_change(active: World, by: str) -> None:
    other = "coachee" if by == "coach" else "coach"
    roles = {by: FULL[by], "stranger": FULL[other], "sponsor": Role.SPONSOR}
    assert active.answer(active.write_contract(by, roles=roles)) == "parties-refused"
    swapped = {**FULL, "coach": Role.COACHEE, "coachee": Role.COACH}
    assert active.answer(active.write_contract(by, roles=swapped)) == "parties-refused"


def test_already_a_first_proposal_fixes_coach_and_coachee(world: World) -> None:
    world.add(world.write_contract())
    assert (
        world.answer(world.write_contract(roles={"coach": Role.COACH, "stranger": Role.COACHEE})) == "parties-refused"
    )
    assert world.answer(world.write_contract("stranger", roles={"stranger": Role.COACH, "coachee": Role.COACHEE})) == (
        "role-refused"
    )


def test_a_sponsor_can_be_dropped_but_never_exchanged_or_added(active: World) -> None:
    assert (
        active.answer(active.write_contract(roles={**WITHOUT_SPONSOR, "stranger": Role.SPONSOR})) == "parties-refused"
    )
    active.agree(active.write_contract(roles=WITHOUT_SPONSOR), *PAIR)
    assert active.answer(active.write_contract()) == "parties-refused"
    assert active.answer(active.write_contract(roles=WITHOUT_SPONSOR)) == "ok"


def test_the_origin_never_changes(active: World) -> None:
    for origin in Origin:
        statement = active.write_contract(origin=origin, share_kinds=())
        assert active.answer(statement) == ("ok" if origin is Origin.INVITED else "parties-refused")


def test_the_salt_never_changes(world: World, active: World) -> None:
    for each in (world, active):
        assert each.answer(each.write_contract(salt_sha256=digest("another"))) == "statement-malformed"


@pytest.mark.parametrize("place", ["sponsor", "contact"])
def test_who_was_sponsor_or_contact_never_becomes_supervisor(active: World, place: str) -> None:
    roles = {**TWO, place: Role.SUPERVISOR}
    assert active.answer(active.write_contract(roles=roles, contacts=("stranger",))) == "parties-refused"
    active.agree(active.write_contract(roles=TWO, contacts=()), *PAIR)
    assert active.answer(active.write_contract(roles=roles, contacts=())) == "parties-refused"


def test_who_was_supervisor_never_becomes_contact(active: World) -> None:
    roles = {name: role for name, role in FULL.items() if role is not Role.SUPERVISOR}
    assert active.answer(active.write_contract(roles=roles, contacts=("contact", "supervisor"))) == "parties-refused"
    assert active.answer(active.write_contract(roles=roles, contacts=("contact", "stranger"))) == "ok"
    active.agree(active.write_contract(roles=roles), *PAIR, "sponsor")
    assert active.answer(active.write_contract(roles=roles, contacts=("contact", "supervisor"))) == "parties-refused"


def test_every_role_that_somebody_had_is_remembered(active: World) -> None:
    active.agree(active.write_contract(roles=WITHOUT_SPONSOR, contacts=("sponsor",)), *PAIR)
    active.agree(active.write_contract(roles=TWO, contacts=("contact",)), *PAIR)
    pasts = {name: active.engagement.list_past_roles(account(name)) for name in (*FULL, "contact", "stranger")}
    assert pasts == {
        "coach": {Role.COACH},
        "coachee": {Role.COACHEE},
        "sponsor": {Role.SPONSOR, None},
        "supervisor": {Role.SUPERVISOR},
        "contact": {None},
        "stranger": frozenset(),
    }


def test_a_supervisor_may_come_and_go_and_come_back(active: World) -> None:
    roles = {name: role for name, role in FULL.items() if role is not Role.SUPERVISOR}
    active.agree(active.write_contract(roles={**roles, "stranger": Role.SUPERVISOR}))
    active.agree(active.write_contract(roles=roles))
    assert active.answer(active.write_contract()) == "ok"


def test_a_mere_proposal_gives_nobody_a_past(world: World) -> None:
    world.add(world.write_contract(contacts=("contact", "stranger")))
    statement = world.write_contract(roles={**WITHOUT_SPONSOR, "supervisor": Role.SUPERVISOR})
    assert world.answer(statement) == "ok"
    assert world.engagement.list_past_roles(account("stranger")) == frozenset()


def _replace_keys(world: World, name: str, keys: bytes) -> Contract:
    body = world.write_contract().body
    assert isinstance(body, Contract)
    changed = tuple(
        party.model_copy(update={"keys": keys}) if party.account == account(name) else party for party in body.parties
    )
    return body.model_copy(update={"parties": changed})


@pytest.mark.parametrize("name", ["coach", "coachee", "sponsor", "supervisor"])
def test_each_party_joins_with_keys_of_its_own(world: World, name: str) -> None:
    for keys in (world.fact("stranger").statement, digest("no keys")):
        parties = _replace_keys(world, name, keys).parties
        # The coach signs under the keys that the contract names for it, so its own are missed before anything else.
        answer = world.answer(world.write_contract("coachee" if name == "coach" else "coach", parties=parties))
        assert answer == "parties-refused"


def test_each_contact_joins_with_keys_of_its_own(world: World) -> None:
    for keys in (world.fact("stranger").statement, digest("no keys")):
        assert world.answer(world.write_contract(contacts=(world.contact("contact", keys=keys),))) == "parties-refused"


@pytest.mark.parametrize("name", ["sponsor", "contact"])
def test_nobody_joins_with_retired_keys(world: World, name: str) -> None:
    world.add(world.write_keys(name, KeysReason.RETIRE))
    world.acting[name] = 2
    assert world.answer(world.write_contract()) == "parties-refused"


@pytest.mark.parametrize("name", ["coachee", "sponsor"])
def test_who_has_assented_is_named_with_keys_that_are_not_older(active: World, name: str) -> None:
    active.rotate(name)
    active.acting[name] = 2
    active.add(active.write_assent(name, active.active()))
    parties = _replace_keys(active, name, active.fact(name, 1).statement).parties
    assert active.answer(active.write_contract(parties=parties)) == "key-stale"
    active.rotate(name)
    parties = _replace_keys(active, name, active.fact(name, 3).statement).parties
    assert active.answer(active.write_contract(parties=parties)) == "ok"


@pytest.mark.parametrize("sealed", [("coach",), PAIR, (*FULL, "contact"), (*FULL, "stranger"), ()])
def test_a_contract_text_is_sealed_to_exactly_the_parties(world: World, sealed: tuple[str, ...]) -> None:
    assert world.answer(world.write_contract(sealed=sealed)) == "seals-refused"


def test_a_contract_text_is_sealed_to_current_keys(world: World) -> None:
    seals = tuple(seal.model_copy(update={"key": short("old key")}) for seal in world.seals(*FULL))
    assert world.answer(world.write_contract(seals=seals)) == "key-stale"


def test_a_proposal_changes_nothing_but_that_it_is_there(world: World) -> None:
    statement = world.write_contract()
    assert isinstance(statement.body, Contract)
    assert world.add(statement) == (ContractProposed(ContractFact(statement.id, statement.body, None, None)),)
    assert world.engagement.find_active_contract() is None
    assert world.engagement.find_first_contract() == world.engagement.find_contract(statement.id)


def test_a_contract_is_active_with_the_last_assent_that_it_needs(world: World) -> None:
    contract = world.write_contract()
    world.add(contract)
    for name in ("contact", "supervisor", "sponsor", "coachee"):
        effects = world.add(world.write_assent(name, contract.id))
        assert effects == (Assented(account(name), AssentFact(contract.id, world.fact(name).statement, START)),)
    assert world.engagement.find_active_contract() is None
    world.time += 60
    effects = world.add(world.write_assent("coach", contract.id))
    assert effects[1:] == (ContractActivated(contract.id, START + 60, None),)
    assert world.engagement.find_active_contract() == ContractFact(
        contract.id, world.engagement.contracts[contract.id].body, START + 60, None
    )


def test_an_assent_of_the_supervisor_or_a_contact_completes_nothing(world: World) -> None:
    contract = world.write_contract(roles={**WITHOUT_SPONSOR})
    world.add(contract)
    world.add(world.write_assent("coach", contract.id))
    assert len(world.add(world.write_assent("supervisor", contract.id))) == 1
    assert len(world.add(world.write_assent("contact", contract.id))) == 1
    assert len(world.add(world.write_assent("coachee", contract.id))) == 2
    assert len(world.add(world.write_assent("coachee", contract.id, keys=_rotated(world, "coachee")))) == 1


def _rotated(world: World, name: str) -> bytes:
    world.rotate(name)
    world.acting[name] = 2
    return world.fact(name).statement


def test_without_a_sponsor_two_assents_are_enough(world: World) -> None:
    world.agree(world.write_contract(roles=TWO, contacts=()), *PAIR)
    assert world.engagement.find_active_contract() is not None


def test_of_rival_proposals_one_wins_and_the_others_are_dead(world: World) -> None:
    first, second = world.write_contract(), world.write_contract("coachee")
    world.add(first)
    second = world.write_contract("coachee")
    world.add(second)
    world.add(world.write_assent("coach", first.id))
    for name in ("coach", "coachee", "sponsor"):
        world.add(world.write_assent(name, second.id))
    assert world.active() == second.id
    assert world.answer(world.write_assent("coachee", first.id)) == "contract-superseded"


def test_who_assents_to_a_second_proposal_leaves_the_first(world: World) -> None:
    first = world.write_contract()
    world.add(first)
    second = world.write_contract()
    world.add(second)
    world.add(world.write_assent("coach", first.id))
    world.add(world.write_assent("coachee", first.id))
    world.add(world.write_assent("coach", second.id))
    assert len(world.add(world.write_assent("sponsor", first.id))) == 1
    assert len(world.add(world.write_assent("coach", first.id))) == 2


def test_a_superseding_contract_ends_the_one_before(active: World) -> None:
    before = active.active()
    active.time += 60
    after = active.agree(active.write_contract())
    assert active.engagement.contracts[before].superseded_at == START + 60
    assert active.engagement.contracts[after].activated_at == START + 60
    assert active.answer(active.write_assent("coachee", before)) == "contract-superseded"
    assert active.answer(active.write_contract(supersedes=before)) == "contract-superseded"
    assert active.answer(active.write_contract(supersedes=None)) == "contract-superseded"
    assert active.answer(active.write_contract(supersedes=after)) == "ok"


def test_a_proposal_whose_turn_has_passed_can_no_longer_be_assented_to(active: World) -> None:
    rival = active.write_contract()
    active.add(rival)
    active.agree(active.write_contract())
    assert active.answer(active.write_assent("coachee", rival.id)) == "contract-superseded"


def test_a_closure_stops_no_assent_and_so_tells_a_sponsor_nothing(active: World) -> None:
    proposal = active.write_contract()
    active.add(proposal)
    active.add(active.write_closure("coachee"))
    assert active.answer(active.write_contract()) == "engagement-closed"
    assert len(active.add(active.write_assent("sponsor", proposal.id))) == 1
    active.add(active.write_assent("coach", proposal.id))
    assert len(active.add(active.write_assent("coachee", proposal.id))) == 2
    assert active.answer(active.write_item("coach")) == "engagement-closed"


def test_an_assent_twice_to_the_same_is_refused_until_something_changes(active: World) -> None:
    assert active.answer(active.write_assent("coachee", active.active())) == "already-assented"
    proposal = active.write_contract()
    active.add(proposal)
    active.add(active.write_assent("coachee", proposal.id))
    assert active.answer(active.write_assent("coachee", proposal.id)) == "already-assented"
    assert active.answer(active.write_assent("coachee", active.active())) == "ok"


def test_new_keys_are_taken_by_an_assent_to_the_active_contract(active: World) -> None:
    active.rotate("coachee")
    assert active.answer(active.write_closure("coachee")) == "ok", "the engagement does not know the new keys yet"
    active.acting["coachee"] = 2
    assert active.answer(active.write_closure("coachee")) == "key-stale"
    effects = active.add(active.write_assent("coachee", active.active()))
    assert [type(effect) for effect in effects] == [Assented], "it was active before"
    assert active.answer(active.write_closure("coachee")) == "ok"
    active.acting["coachee"] = 1
    assert active.answer(active.write_closure("coachee")) == "key-stale"
    assert active.answer(active.write_assent("coachee", active.active())) == "key-stale"


def test_the_keys_of_an_assent_are_the_signers_own_known_and_not_retired(active: World) -> None:
    contract = active.active()
    active.rotate("coachee")
    active.rotate("sponsor")
    for keys in (active.fact("sponsor", 2).statement, digest("no keys")):
        assert active.answer(active.write_assent("coachee", contract, keys=keys)) == "key-stale"
    assert active.answer(active.write_assent("coachee", contract, keys=active.fact("coachee", 2).statement)) == (
        "key-stale"
    ), "the new keys are named and the old key signs"
    active.add(active.write_keys("coachee", KeysReason.RETIRE, sign_generation=2, seal_generation=2))
    active.acting["coachee"] = 3
    assert active.answer(active.write_assent("coachee", contract)) == "key-stale"


def test_a_first_assent_may_bring_keys_that_are_newer_than_the_contract(world: World) -> None:
    contract = world.write_contract()
    world.add(contract)
    world.rotate("sponsor")
    world.acting["sponsor"] = 2
    assert world.answer(world.write_assent("sponsor", contract.id)) == "ok"
    world.acting["coach"] = 1
    world.add(world.write_assent("sponsor", contract.id))
    world.acting["sponsor"] = 1
    assert world.answer(world.write_assent("sponsor", contract.id)) == "key-stale"


def test_a_first_assent_under_keys_older_than_the_contract_names_is_refused(world: World) -> None:
    world.rotate("sponsor")
    world.acting["sponsor"] = 2
    contract = world.write_contract()
    world.add(contract)
    world.acting["sponsor"] = 1
    assert world.answer(world.write_assent("sponsor", contract.id)) == "key-stale"


@pytest.mark.parametrize("by", PAIR)
def test_coach_or_coachee_close_once(active: World, by: str) -> None:
    active.time += 5
    statement = active.write_closure(by, reason=ClosureReason.MOVED)
    assert active.add(statement) == (Closed(START + 5, ClosureReason.MOVED),)
    assert active.engagement.closed_at == START + 5
    assert active.answer(active.write_closure("coach")) == "engagement-closed"


def test_a_proposal_can_be_closed_before_anybody_assents(world: World) -> None:
    world.add(world.write_contract())
    assert world.answer(world.write_closure("coachee")) == "ok"
