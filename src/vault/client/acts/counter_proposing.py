"""The terms of a contract that is there, to be changed and proposed again: what nobody changes stays as it is."""

from dataclasses import replace
from datetime import timedelta

from vault.client.acts.contracts import read_contract, read_own_words
from vault.client.acts.terms import TWO_WAY_CLAUSES, ContactTerm, Terms
from vault.client.device.session import Session
from vault.client.network.calls import Act
from vault.policy.facts import find_party
from vault.protocol.limits import DAY_SECONDS
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Contract
from vault.protocol.terms import RequestBudget
from vault.protocol.times import floor_to_day
from vault.protocol.vocabulary import Role


def read_terms(session: Session, engagement: bytes, contract: bytes) -> Act[Terms]:
    """What was agreed or proposed, with the author's words; people stand there by their accounts.

    It ends on the day on which the contract ends; where that is past, it lasts as long from today.
    Raises: Refused(not-found); VerificationError.
    """
    body = yield from read_contract(session, engagement, contract)
    try:
        words = (yield from read_own_words(session, engagement, contract)).body.decode("utf-8", errors="replace")
    except Refused as refused:
        if refused.code != Code.NOT_FOUND:  # whoever joined later holds no seal of it
            raise
        words = ""
    today = floor_to_day(session.now())
    seconds = body.ends - today if body.ends > today else body.ends - body.starts
    return Terms(
        coach=_name(session, body, Role.COACH),
        coachee=_name(session, body, Role.COACHEE),
        sponsor=_name(session, body, Role.SPONSOR),
        supervisor=_name(session, body, Role.SUPERVISOR),
        contacts=tuple(
            ContactTerm(None if each.account is None else each.account.hex(), each.kind, each.affiliation)
            for each in body.contacts
        ),
        share_kinds=frozenset(body.share_kinds),
        origin=body.origin,
        retention=timedelta(days=body.retention_days),
        duration=timedelta(days=seconds // DAY_SECONDS),
        budget=body.request_budget,
        clauses=frozenset(body.clauses),
        words=words,
    )


def without_sponsor(terms: Terms) -> Terms:
    """The same between coach and coachee alone: what speaks of a sponsor is gone."""
    clauses = terms.clauses & TWO_WAY_CLAUSES
    return replace(
        terms, sponsor=None, share_kinds=frozenset(), clauses=clauses, budget=RequestBudget(count=0, days=90)
    )


def _name(session: Session, body: Contract, role: Role) -> str | None:
    account = find_party(body, role)
    return None if account in (None, session.account) else account.hex()
