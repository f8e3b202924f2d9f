"""What `coach-vault contract` says before anything is signed, and of a proposal that waits."""

import pytest

from tests.client.cli.conftest import Person
from vault.client.acts.contract_terms import ContractTerms
from vault.client.cli.contracts import _waiting_for

THREE = ["contract", "new", "three-way", "--coachee", "Marek", "--sponsor", "Ana"]
TWO = ["contract", "new", "two-way", "--coachee", "Marek"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["contract", "new", "three-way", "--coachee", "Marek"], "--sponsor NAME"),
        (THREE, "--contact NAME:ombuds:independent"),
        ([*THREE, "--contact", "HR:hr:sponsor"], "somebody independent of the sponsor"),
        ([*THREE, "--contact", "Ana:ombuds:independent"], "a contact is none of the parties"),
        ([*TWO, "--contact", "Marek:ombuds:independent"], "a contact is none of the parties"),
        ([*TWO, "--contact", "Ombuds"], "NAME:KIND:AFFILIATION"),
    ],
)
def test_terms_that_no_contract_could_have_are_explained_before_anything_is_opened(
    person: Person, arguments: list[str], said: str
) -> None:
    person.run(*arguments, code=2)
    assert said in " ".join(person.heard.split())


def test_a_proposal_says_for_whom_it_waits() -> None:
    parties = {"coach": "you", "coachee": "Marek", "sponsor": "Ana\u202e"}
    terms = ContractTerms("00", "proposed", "", parties, {}, ("you", "Marek"), (), 0, 1, 365)
    assert _waiting_for(terms) == " and waits for Ana\\u202e"


def test_a_proposal_does_not_wait_for_a_supervisor_whose_yes_nothing_needs() -> None:
    parties = {"coach": "you", "coachee": "Marek", "supervisor": "Sven"}
    terms = ContractTerms("00", "proposed", "", parties, {}, ("you",), (), 0, 1, 365)
    assert _waiting_for(terms) == " and waits for Marek"


def test_an_active_contract_waits_for_nobody() -> None:
    terms = ContractTerms("00", "active", "", {"coach": "you"}, {}, (), (), 0, 1, 365)
    assert _waiting_for(terms) == ""
