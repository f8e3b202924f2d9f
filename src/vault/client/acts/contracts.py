"""Contracts: read what was proposed, assent, take back, close.

Source: docs/protocol.md section 4 rules 1, 2, 3 and 9.
"""

from vault.client.crypto.content import Content
from vault.client.device.names import list_accounts
from vault.client.device.session import Session
from vault.client.errors import UsageError
from vault.client.log.checkpoints import confirm
from vault.client.network.calls import Act
from vault.client.outbox.writing import Done, Unsigned, common_members, write
from vault.client.reading.keys_of import current_keys
from vault.client.reading.reading import read_held
from vault.client.reading.recalling import ensure_view
from vault.client.reading.served import fetch_served, read_words
from vault.client.reading.views import engagement_journal, refresh
from vault.policy.facts import KeysFact
from vault.policy.parties import find_current_keys
from vault.protocol.journal import JournalId
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Assent, Closure, Contract
from vault.protocol.vocabulary import ClosureReason, Role, StatementType


def assent(session: Session, engagement: bytes, contract: bytes) -> Act[Done]:
    """Say yes to a contract that was verified and shown, under the newest own keys.

    Raises: Refused(contract-superseded | already-assented | ...); Unreachable.
    """
    journal = engagement_journal(engagement)
    yield from confirm(session)
    own = yield from current_keys(session, session.account)
    return (yield from write(session, assents_path(engagement), journal, lambda: yes(session, journal, contract, own)))


def yes(draft: Session, journal: JournalId, contract: bytes, own: KeysFact) -> Unsigned:
    """The yes to a contract under these own keys, to be signed."""
    body = Assent(
        **common_members(draft, StatementType.ASSENT, journal, draft.keys_of(own)),
        engagement=journal.subject,
        contract=contract,
        keys=own.statement,
    )
    return Unsigned(body)


def assents_path(engagement: bytes) -> str:
    """Where a yes is sent."""
    return f"/v1/engagements/{engagement.hex()}/assents"


def read_contract(session: Session, engagement: bytes, contract: bytes) -> Act[Contract]:
    """What a contract says, verified, for any party of it. Raises: Refused(not-found); VerificationError."""
    try:
        view = yield from refresh(session, engagement)
    except Refused as refused:
        if refused.code != Code.ROLE_REFUSED:
            raise
        served = yield from fetch_served(session, engagement)
        found = next((each.body for each in served.contracts if each.statement.id == contract), None)
    else:
        fact = view.replay.contracts.get(contract)
        found = None if fact is None else fact.body
    if found is None:
        raise Refused(Code.NOT_FOUND)
    return found


def retract(session: Session, engagement: bytes) -> Act[Done]:
    """Take back the first contract of an engagement that nobody else has assented to: the engagement is closed.

    Raises: UsageError where somebody has; as `close`.
    """
    view = yield from refresh(session, engagement)
    first = view.replay.find_first_contract()
    is_agreed = view.replay.find_active_contract() is not None or any(
        view.replay.list_assents(account)
        for contract in view.replay.contracts.values()
        for account in list_accounts(contract.body)
        if account != session.account
    )
    if is_agreed or first is None or first.body.by != session.account:
        raise UsageError("only your own proposal can be taken back, and only before anybody else has assented to it")
    return (yield from close(session, engagement, ClosureReason.ENDED))


def read_own_words(session: Session, engagement: bytes, contract: bytes) -> Act[Content]:
    """What the author of a contract wrote beside its terms, for any party.

    Raises: Refused(not-found); SignedBadlyError; VerificationError.
    """
    try:
        view = yield from refresh(session, engagement)
    except Refused as refused:
        if refused.code != Code.ROLE_REFUSED:
            raise
        served = yield from fetch_served(session, engagement)
        one = next((each for each in served.contracts if each.statement.id == contract), None)
        if one is None:
            raise
        return (yield from read_words(session, served, one))
    held = view.by_statement.get(contract)
    if held is None or not isinstance(held.statement.body, Contract):
        raise Refused(Code.NOT_FOUND)
    return (yield from read_held(session, view, held))


def close(session: Session, engagement: bytes, reason: ClosureReason) -> Act[Done]:
    """End the engagement: no note and no contract after it. Sponsors are never shown that.

    Raises: Refused(engagement-closed | role-refused); Unreachable.
    """
    view = yield from ensure_view(session, engagement)
    journal = engagement_journal(engagement)

    def build() -> Unsigned:
        keys = find_current_keys(view.replay, session.account, view.standing().body)
        signer = session.keys_of(keys)
        body = Closure(
            **common_members(session, StatementType.CLOSURE, journal, signer), engagement=engagement, reason=reason
        )
        return Unsigned(body)

    return (yield from write(session, f"/v1/engagements/{engagement.hex()}/closures", journal, build))


def require_coachee(session: Session, contract: Contract) -> None:
    """Return if this person is the coachee. Raises: Refused(role-refused)."""
    if not any(party.account == session.account and party.role is Role.COACHEE for party in contract.parties):
        raise Refused(Code.ROLE_REFUSED)
