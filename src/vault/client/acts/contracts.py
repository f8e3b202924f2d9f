"""Contracts: propose terms, read what was proposed, assent, supersede, close.

Source: docs/protocol.md section 4 rules 1, 2, 3 and 9.
"""

from vault.client.acts.people import find_person, notice_change
from vault.client.acts.terms import Terms, whole_days
from vault.client.crypto.content import Content, Header
from vault.client.device.session import Session
from vault.client.errors import UsageError
from vault.client.log.checkpoints import confirm
from vault.client.network.calls import Act
from vault.client.outbox.sealing_to import seal_to
from vault.client.outbox.writing import Done, Unsigned, common_members, write
from vault.client.reading.keys_of import current_keys
from vault.client.reading.reading import read_held
from vault.client.reading.recalling import ensure_view
from vault.client.reading.served import fetch_served, read_words
from vault.client.reading.views import engagement_journal, refresh
from vault.policy.facts import KeysFact
from vault.policy.parties import find_current_keys
from vault.protocol.blob import BlobContext
from vault.protocol.envelope import Statement
from vault.protocol.journal import salt_sha256
from vault.protocol.limits import DAY_SECONDS, ZERO32
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Assent, Closure, Contract
from vault.protocol.submission import Parts
from vault.protocol.terms import Contact, Party
from vault.protocol.times import floor_to_day
from vault.protocol.vocabulary import BlobKind, ClosureReason, Role, SealPurpose, StatementType


def propose(session: Session, terms: Terms) -> Act[bytes]:
    """A new engagement with its first contract, which this person assents to at once; the 16-byte engagement.

    Raises: UsageError for people who are not known; Refused; Unreachable, and then the contract waits in the outbox.
    """
    engagement = session.random(16)
    session.memory.offered[engagement] = session.random(32)
    session.verified.tlog.begin(engagement_journal(engagement))
    yield from _send_contract(session, engagement, terms, None)
    return engagement


def supersede(session: Session, engagement: bytes, terms: Terms) -> Act[bytes]:
    """A contract that takes the place of the active one once all have assented; its statement.

    Raises: as `propose`.
    """
    view = yield from refresh(session, engagement)
    active = view.replay.find_active_contract()
    return (yield from _send_contract(session, engagement, terms, None if active is None else active.statement))


def _send_contract(session: Session, engagement: bytes, terms: Terms, supersedes: bytes | None) -> Act[bytes]:
    yield from confirm(session)
    parties, keys_of = yield from _find_parties(session, terms)
    contacts = yield from _find_contacts(session, terms)
    journal = engagement_journal(engagement)
    is_first = engagement not in session.verified.contracts
    salt = session.find_salt(journal)
    if salt is None:
        raise ValueError("expected an engagement whose salt is known")

    def build() -> Unsigned:
        own = keys_of[session.account]
        identifier = session.random(16)
        context = BlobContext(BlobKind.CONTRACT_TEXT, engagement, ZERO32, identifier, 1, session.account, ZERO32)
        today = floor_to_day(session.now())
        header = Header(
            engagement=engagement,
            item=identifier,
            version=1,
            kind=BlobKind.CONTRACT_TEXT,
            media_type="text/plain",
            title="",
            created=today,
        )
        readers = list(keys_of.values())
        sealed = seal_to(session, SealPurpose.CONTRACT, context, header, terms.words.encode("utf-8"), readers)
        signer = session.keys_of(own)
        body = Contract(
            **common_members(session, StatementType.CONTRACT, journal, signer, identifier),
            engagement=engagement,
            supersedes=supersedes,
            parties=parties,
            contacts=contacts,
            origin=terms.origin,
            share_kinds=tuple(sorted(terms.share_kinds)),
            request_budget=terms.budget,
            retention_days=whole_days(terms.retention),
            clauses=tuple(sorted(terms.clauses)),
            starts=today,
            ends=today + whole_days(terms.duration) * DAY_SECONDS,
            salt_sha256=salt_sha256(salt),
            text=sealed.ref,
            seals=sealed.refs,
        )
        return Unsigned(body, Parts(seals=sealed.seals, blob=sealed.blob, salt=salt if is_first else None))

    def remember(draft: Session, _statement: Statement) -> None:
        if is_first:
            draft.identity = draft.identity.with_salt(engagement, salt)

    path = "/v1/engagements" if is_first else f"/v1/engagements/{engagement.hex()}/contracts"
    done = yield from write(session, path, journal, build, remember)
    yield from refresh(session, engagement)
    yield from assent(session, engagement, done.statement.id)
    return done.statement.id


def _find_parties(session: Session, terms: Terms) -> Act[tuple[tuple[Party, ...], dict[bytes, KeysFact]]]:
    parties: list[Party] = []
    keys_of: dict[bytes, KeysFact] = {}
    for role, name in terms.parties().items():
        account: bytes = session.account
        if name is not None:
            person = yield from find_person(session, name)
            account = person.account
        keys = yield from current_keys(session, account)
        if account in session.identity.people:
            notice_change(session, session.identity.people[account], keys.sign_key)
        if account in keys_of:
            raise UsageError("one person cannot have two roles in a contract")
        keys_of[account] = keys
        parties.append(Party(account=account, role=role, keys=keys.statement))
    return tuple(sorted(parties, key=lambda party: party.account)), keys_of


def _find_contacts(session: Session, terms: Terms) -> Act[tuple[Contact, ...]]:
    contacts: list[Contact] = []
    for term in terms.contacts:
        keys = None
        if term.name is not None:
            person = yield from find_person(session, term.name)
            keys = yield from current_keys(session, person.account)
        contacts.append(
            Contact(
                contact=session.random(16),
                kind=term.kind,
                affiliation=term.affiliation,
                account=None if keys is None else keys.account,
                keys=None if keys is None else keys.statement,
            )
        )
    return tuple(sorted(contacts, key=lambda contact: contact.contact))


def assent(session: Session, engagement: bytes, contract: bytes) -> Act[Done]:
    """Say yes to a contract that was verified and shown, under the newest own keys.

    Raises: Refused(contract-superseded | already-assented | ...); Unreachable.
    """
    journal = engagement_journal(engagement)
    yield from confirm(session)
    own = yield from current_keys(session, session.account)

    def build() -> Unsigned:
        signer = session.keys_of(own)
        body = Assent(
            **common_members(session, StatementType.ASSENT, journal, signer),
            engagement=engagement,
            contract=contract,
            keys=own.statement,
        )
        return Unsigned(body)

    return (yield from write(session, f"/v1/engagements/{engagement.hex()}/assents", journal, build))


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
