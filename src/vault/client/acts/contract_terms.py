"""Contracts as values: state and plain words, from the verified statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vault.client.acts.terms import render
from vault.client.device.names import list_accounts, name_of, names_in
from vault.client.device.session import Session
from vault.client.reading.served import Served
from vault.client.reading.views import View
from vault.policy.facts import ContractFact
from vault.protocol.statements import Contract


@dataclass(frozen=True, slots=True)
class ContractTerms:
    """A contract: `text` is made from the members that policy enforces; times are Unix seconds.

    `parties` and `accounts` tell by role how each party is called here, and its account.
    """

    id: str
    state: str
    text: str
    parties: Mapping[str, str]
    accounts: Mapping[str, str]
    assented: tuple[str, ...]
    share_kinds: tuple[str, ...]
    starts: int
    ends: int
    retention_days: int


def list_contract_terms(session: Session, view: View) -> tuple[ContractTerms, ...]:
    """All contracts of a journal, oldest first."""
    found = []
    for fact in view.replay.contracts.values():
        accounts = list_accounts(fact.body)
        assented = [
            account
            for account in accounts
            if any(assent.contract == fact.statement for assent in view.replay.list_assents(account))
        ]
        found.append(_terms(session, fact.statement, fact.body, _state(view, fact), assented))
    return tuple(found)


def _state(view: View, fact: ContractFact) -> str:
    active = view.replay.find_active_contract()
    if active is not None and active.statement == fact.statement:
        return "active"
    if fact.activated_at is not None:
        return "superseded"
    is_open = fact.body.supersedes == (None if active is None else active.statement)
    return "proposed" if is_open and view.replay.closed_at is None else "dead"


def list_served_terms(session: Session, served: Served) -> tuple[ContractTerms, ...]:
    """All contracts that name this person, as they were served and verified."""
    return tuple(
        _terms(session, each.statement.id, each.body, each.state, sorted(each.assented)) for each in served.contracts
    )


def _terms(session: Session, statement: bytes, body: Contract, state: str, assented: Sequence[bytes]) -> ContractTerms:
    names = names_in(session, body)
    return ContractTerms(
        id=statement.hex(),
        state=state,
        text=render(body, names),
        parties={party.role.value: names[party.account] for party in body.parties},
        accounts={party.role.value: party.account.hex() for party in body.parties},
        assented=tuple(name_of(session, account, body) for account in assented),
        share_kinds=tuple(kind.value for kind in body.share_kinds),
        starts=body.starts,
        ends=body.ends,
        retention_days=body.retention_days,
    )
