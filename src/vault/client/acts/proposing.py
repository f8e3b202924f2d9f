"""Propose terms: the contract is made ready and shown, then signed; what is signed says what was shown.

Source: docs/protocol.md section 4 rules 1, 2 and 3.
"""

from dataclasses import dataclass, field

from vault.client.acts.contracts import assents_path, yes
from vault.client.acts.people import find_account, notice_change
from vault.client.acts.terms import Terms, render, whole_days
from vault.client.crypto.content import Header
from vault.client.device.names import names_in
from vault.client.device.session import Session
from vault.client.errors import UsageError
from vault.client.log.checkpoints import confirm
from vault.client.network.calls import Act
from vault.client.outbox.sealing_to import seal_to
from vault.client.outbox.writing import Unsigned, common_members, enqueue, flush, write
from vault.client.reading.keys_of import current_keys
from vault.client.reading.views import engagement_journal, refresh
from vault.policy.facts import KeysFact
from vault.protocol.blob import BlobContext
from vault.protocol.envelope import Statement
from vault.protocol.journal import salt_sha256
from vault.protocol.limits import DAY_SECONDS, ZERO32
from vault.protocol.problems import Refused
from vault.protocol.statements import Contract
from vault.protocol.submission import Parts
from vault.protocol.terms import Contact, Party
from vault.protocol.times import floor_to_day
from vault.protocol.vocabulary import BlobKind, SealPurpose, StatementType


@dataclass(frozen=True, slots=True)
class Prepared:
    """A contract before it is signed: its people by account, under keys that were verified; `contacts` have their ids.

    `standing` is the contract in whose engagement it is proposed, None for a new engagement.
    """

    engagement: bytes
    terms: Terms
    parties: tuple[Party, ...]
    keys_of: dict[bytes, KeysFact] = field(repr=False)
    contacts: tuple[Contact, ...]
    standing: Contract | None
    supersedes: bytes | None
    salt: bytes = field(repr=False)


def prepare_new(session: Session, terms: Terms) -> Act[Prepared]:
    """The first contract of a new engagement. Raises: UsageError for people who are not known; Unreachable."""
    return (yield from _prepare(session, session.random(16), terms, None, None, session.random(32)))


def prepare_next(session: Session, engagement: bytes, terms: Terms) -> Act[Prepared]:
    """A contract that takes the place of the active one once all have assented. Raises: as `prepare_new`."""
    view = yield from refresh(session, engagement)
    active = view.replay.find_active_contract()
    salt = session.find_salt(engagement_journal(engagement))
    if salt is None:
        raise ValueError("expected an engagement whose salt is known")
    supersedes = None if active is None else active.statement
    return (yield from _prepare(session, engagement, terms, view.standing().body, supersedes, salt))


def _prepare(
    session: Session, engagement: bytes, terms: Terms, standing: Contract | None, supersedes: bytes | None, salt: bytes
) -> Act[Prepared]:
    yield from confirm(session)
    parties, keys_of = yield from _find_parties(session, terms, standing)
    contacts = yield from _find_contacts(session, terms, standing)
    return Prepared(engagement, terms, parties, keys_of, contacts, standing, supersedes, salt)


def proposed_body(session: Session, prepared: Prepared) -> Contract:
    """What would be signed now, to be shown."""
    body = _build(session, prepared).body
    if not isinstance(body, Contract):
        raise TypeError("expected a contract")
    return body


def proposed_text(session: Session, prepared: Prepared) -> str:
    """The terms in plain words, made from the members that would be signed."""
    body = proposed_body(session, prepared)
    return render(body, names_in(session, body))


def send_proposal(session: Session, prepared: Prepared) -> Act[bytes]:
    """Sign the contract and assent to it; its statement.

    Raises: Refused; Unreachable, and then the contract waits in the outbox.
    """
    engagement, journal = prepared.engagement, engagement_journal(prepared.engagement)
    if prepared.standing is None:
        session.memory.offered[engagement] = prepared.salt
        session.verified.tlog.begin(journal)

    own = yield from current_keys(session, session.account)

    def say_yes(draft: Session, statement: Statement) -> None:
        """The author's own yes waits with the contract: nothing comes between them."""
        if prepared.standing is None:
            draft.identity = draft.identity.with_salt(engagement, prepared.salt)
        unsigned = yes(draft, journal, statement.id, own)
        enqueue(draft, assents_path(engagement), unsigned, journal, (draft.find_signer(unsigned.body.key),))

    path = "/v1/engagements" if prepared.standing is None else f"/v1/engagements/{engagement.hex()}/contracts"
    done = yield from write(session, path, journal, lambda: _build(session, prepared), say_yes)
    yield from flush(session, journal)
    refused = next((each.refused for each in session.outbox.of(journal) if each.names(done.statement.id)), None)
    if refused is not None:
        raise Refused(refused)
    yield from refresh(session, engagement)
    return done.statement.id


def _build(session: Session, prepared: Prepared) -> Unsigned:
    engagement, terms = prepared.engagement, prepared.terms
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
    readers = list(prepared.keys_of.values())
    sealed = seal_to(session, SealPurpose.CONTRACT, context, header, terms.words.encode("utf-8"), readers)
    signer = session.keys_of(prepared.keys_of[session.account])
    body = Contract(
        **common_members(session, StatementType.CONTRACT, engagement_journal(engagement), signer, identifier),
        engagement=engagement,
        supersedes=prepared.supersedes,
        parties=prepared.parties,
        contacts=prepared.contacts,
        origin=terms.origin,
        share_kinds=tuple(sorted(terms.share_kinds)),
        request_budget=terms.budget,
        retention_days=whole_days(terms.retention),
        clauses=tuple(sorted(terms.clauses)),
        starts=today,
        ends=today + whole_days(terms.duration) * DAY_SECONDS,
        salt_sha256=salt_sha256(prepared.salt),
        text=sealed.ref,
        seals=sealed.refs,
    )
    salt = prepared.salt if prepared.standing is None else None
    return Unsigned(body, Parts(seals=sealed.seals, blob=sealed.blob, salt=salt))


def _find_parties(
    session: Session, terms: Terms, standing: Contract | None
) -> Act[tuple[tuple[Party, ...], dict[bytes, KeysFact]]]:
    parties: list[Party] = []
    keys_of: dict[bytes, KeysFact] = {}
    for role, name in terms.parties().items():
        account: bytes = session.account
        if name is not None:
            account = yield from find_account(session, name, standing)
        keys = yield from current_keys(session, account)
        if account in session.identity.people:
            notice_change(session, session.identity.people[account], keys.sign_key)
        if account in keys_of:
            raise UsageError("one person cannot have two roles in a contract")
        keys_of[account] = keys
        parties.append(Party(account=account, role=role, keys=keys.statement))
    return tuple(sorted(parties, key=lambda party: party.account)), keys_of


def _find_contacts(session: Session, terms: Terms, standing: Contract | None) -> Act[tuple[Contact, ...]]:
    contacts: list[Contact] = []
    for term in terms.contacts:
        keys = None
        if term.name is not None:
            account = yield from find_account(session, term.name, standing)
            keys = yield from current_keys(session, account)
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
