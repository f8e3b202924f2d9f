"""Terms say what concerns those who agree, and nothing about people who are not there."""

import pytest

from vault.client import UsageError, terms
from vault.client.acts.terms import ContactTerm
from vault.protocol.vocabulary import SPONSOR_CLAUSES, Affiliation, Clause, ContactKind


def test_a_contract_of_two_promises_nothing_about_a_sponsor() -> None:
    agreed = terms.two_way(coachee="Marek")
    assert Clause.COACHEE_DECIDES_DISCLOSURE not in agreed.clauses
    assert not SPONSOR_CLAUSES & agreed.clauses
    assert Clause.COACH_DOES_NOT_REPORT in agreed.clauses
    assert agreed.share_kinds == frozenset()


def test_a_contract_of_three_promises_all_of_it_and_shares_nothing_by_default() -> None:
    agreed = terms.three_way(coachee="Marek", sponsor="Ana", contact=("Ombuds", "ombuds", "independent"))
    assert agreed.clauses == frozenset(Clause)
    assert agreed.share_kinds == frozenset()


def test_one_contact_or_several_may_be_named() -> None:
    one = ("Ombuds", "ombuds", "independent")
    expected = ContactTerm("Ombuds", ContactKind.OMBUDS, Affiliation.INDEPENDENT)
    for given in (one, [one]):
        assert terms.three_way(coachee="Marek", sponsor="Ana", contact=given).contacts == (expected,)


def test_words_outside_the_lists_and_parties_twice_are_refused() -> None:
    with pytest.raises(UsageError):
        terms.three_way(coachee="Marek", sponsor="Ana", contact=("Ombuds", "boss", "independent"))
    with pytest.raises(UsageError):
        terms.two_way(coachee="Marek", coach="Lena")
