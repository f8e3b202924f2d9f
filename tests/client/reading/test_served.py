"""What a sponsor is served without a journal is held against what was signed: every lie about a contract is refused.

The signatures are real ones; of the open session only what is asked of it is here.
"""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.policy.worlds import FULL, World
from tests.support.authoring import sign
from tests.support.people import account, digest, seed
from vault.client.errors import VerificationError
from vault.client.reading.served import (
    Served,
    ServedContract,
    require_complete,
    require_known_contract,
    require_party_signature,
    require_served_role,
    require_terms,
)
from vault.policy.facts import KeysFact
from vault.protocol.envelope import Statement
from vault.protocol.problems import Refused
from vault.protocol.statements import Contract
from vault.protocol.vocabulary import Clause, Role

ENGAGEMENT = digest("engagement")[:16]


@pytest.fixture
def world() -> World:
    return World()


def served(statement: Statement, state: str = "active") -> ServedContract:
    return ServedContract(statement, body_of(statement), state, frozenset(), None)


def body_of(statement: Statement) -> Contract:
    assert isinstance(statement.body, Contract)
    return statement.body


def knowing(*keys: KeysFact, contract: bytes | None = None) -> Any:
    """A session that has seen these keys, and perhaps a contract of the engagement."""
    known = {each.statement: each for each in keys}
    contracts = {} if contract is None else {ENGAGEMENT: contract}
    return SimpleNamespace(find_keys=known.get, verified=SimpleNamespace(contracts=contracts))


def test_the_newest_contract_that_all_have_assented_to_stands(world: World) -> None:
    first = world.write_contract()
    second = world.write_contract(supersedes=first.id)
    assert Served(ENGAGEMENT, (served(first), served(second))).standing().statement is second
    assert Served(ENGAGEMENT, (served(first), served(second, "proposed"))).standing().statement is first
    assert Served(ENGAGEMENT, (served(first, "proposed"),)).standing().statement is first
    with pytest.raises(Refused, match="not-found"):
        Served(ENGAGEMENT, ()).standing()


def test_a_contract_that_was_seen_is_still_there_and_none_before_it_counts_again(world: World) -> None:
    first = world.write_contract()
    second = world.write_contract(supersedes=first.id)
    both = Served(ENGAGEMENT, (served(first), served(second)))
    require_known_contract(knowing(), both)
    require_known_contract(knowing(contract=first.id), both)
    require_known_contract(knowing(contract=second.id), both)
    with pytest.raises(VerificationError, match="has seen"):
        require_known_contract(knowing(contract=second.id), Served(ENGAGEMENT, (served(first),)))
    going_back = Served(ENGAGEMENT, (served(first), served(second, "proposed")))
    with pytest.raises(VerificationError, match="before the one"):
        require_known_contract(knowing(contract=second.id), going_back)


def test_who_reads_the_journal_is_served_no_contract_beside_it(world: World) -> None:
    body = body_of(world.write_contract())
    for name in ("sponsor", "supervisor"):
        require_served_role(body, account(name))
    for name in ("coach", "coachee", "stranger"):
        with pytest.raises(VerificationError, match="sponsor or supervisor"):
            require_served_role(body, account(name))


def test_a_contract_is_signed_by_coach_or_coachee_under_the_keys_that_it_names(world: World) -> None:
    session = knowing(*(world.fact(name) for name in FULL))
    for name in ("coach", "coachee"):
        statement = world.write_contract(name)
        require_party_signature(session, statement, body_of(statement))
    by_the_sponsor = world.write_contract("sponsor")
    with pytest.raises(VerificationError, match="coach or the coachee"):
        require_party_signature(session, by_the_sponsor, body_of(by_the_sponsor))
    statement = world.write_contract()
    with pytest.raises(VerificationError, match="coach or the coachee"):
        require_party_signature(knowing(world.fact("coachee")), statement, body_of(statement))
    other_key = world.write_contract(key=world.fact("sponsor").sign_key)
    with pytest.raises(VerificationError, match="coach or the coachee"):
        require_party_signature(session, other_key, body_of(other_key))
    forged = sign(statement.body, seed("sponsor"))
    with pytest.raises(VerificationError, match="signature"):
        require_party_signature(session, forged, body_of(forged))


def test_a_contract_with_a_sponsor_says_what_it_must(world: World) -> None:
    good = body_of(world.write_contract())
    require_terms(good)
    require_terms(body_of(world.write_contract(roles={"coach": Role.COACH, "coachee": Role.COACHEE}, contacts=())))
    two = {"coach": Role.COACH, "coachee": Role.COACHEE, "sponsor": Role.SPONSOR, "stranger": Role.SPONSOR}
    for roles in ({"coach": Role.COACH}, {"coachee": Role.COACHEE}, two):
        with pytest.raises(VerificationError, match="one coach, one coachee"):
            require_terms(body_of(world.write_contract(roles=roles)))
    for changes in ({"contacts": ()}, {"clauses": tuple(sorted(Clause))[:1]}):
        with pytest.raises(VerificationError, match="that a sponsor needs"):
            require_terms(good.model_copy(update=changes))


def test_a_contract_is_active_when_coach_coachee_and_sponsor_have_assented(world: World) -> None:
    body = body_of(world.write_contract())
    needed: set[bytes] = {account(name) for name in ("coach", "coachee", "sponsor")}
    require_complete(body, needed)
    for each in needed:
        with pytest.raises(VerificationError, match="assents"):
            require_complete(body, needed - {each})
