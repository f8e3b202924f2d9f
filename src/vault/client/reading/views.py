"""Engagements as their coach and coachee read them: the whole journal, verified and replayed entry by entry.

Source: docs/protocol.md sections 4 and 4.1.
"""

from dataclasses import dataclass, field

from vault.client.device.session import Session
from vault.client.errors import VerificationError
from vault.client.log.receipts import Receipt
from vault.client.log.verifying import (
    append_verified,
    read_entry,
    require_head,
    require_not_broken,
    take_entry,
)
from vault.client.network.calls import Act
from vault.client.reading.asking import get
from vault.client.reading.journals import read_on
from vault.client.reading.keys_of import ensure_keys
from vault.encoding import read_base64
from vault.errors import FormatError
from vault.policy.facts import ContractFact, KeysFact, find_role
from vault.policy.parties import JOURNAL_READERS, find_standing_contract
from vault.policy.replay import ReplayedEngagement
from vault.protocol.api import EngagementView, Entry, Written
from vault.protocol.envelope import Statement
from vault.protocol.ids import Account, EngagementId, KeyId, StatementId, key_id
from vault.protocol.journal import START, JournalId
from vault.protocol.limits import SALT_BYTES, ZERO32
from vault.protocol.naming import find_resealed
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Assent, Body, Contract
from vault.protocol.vocabulary import KEY_ALGORITHM_ED25519, JournalKind, KeysReason, Role

NO_KEYS = StatementId(ZERO32)
NO_KEY = KeyId(bytes(16))
NOBODY = KeysFact(NO_KEYS, Account(ZERO32), 1, NO_KEY, ZERO32, NO_KEY, KeysReason.CREATE)
"""Stands for a deployment whose key this client does not know: it has signed nothing that verifies."""


@dataclass(slots=True)
class Held:
    """An entry that was verified; `seal` is the reader's own, where there is one."""

    seq: int
    time: int
    statement: Statement
    seal: bytes | None
    receipt: Receipt


@dataclass(slots=True)
class View:
    """A replayed engagement and its entries in their order."""

    replay: ReplayedEngagement
    entries: list[Held] = field(default_factory=list)
    by_statement: dict[bytes, Held] = field(default_factory=dict)
    resealed: dict[bytes, list[Held]] = field(default_factory=dict)
    recalled: bool = False
    """Whether it is the one that this device remembers, while nobody answers: without seals, and dropped afterwards."""

    def hold(self, held: Held) -> None:
        """Add an entry, after the replay has taken it."""
        self.entries.append(held)
        self.by_statement[held.statement.id] = held
        of = find_resealed(held.statement.body)
        if of is not None:
            self.resealed.setdefault(of, []).append(held)

    def take(self, session: Session, entry: Entry) -> Act[None]:
        """Verify the next entry, after the keys that it names. Raises: VerificationError."""
        statement = read_entry(session, self.replay.journal, entry)
        yield from ensure_keys(session, list_named_keys(statement.body))
        if entry.seq > self.replay.position.seq:  # another act may have been faster while keys were fetched
            receipt = take_entry(session, self.replay, entry, statement)
            self.hold(Held(entry.seq, entry.time, statement, _read_seal(entry), receipt))

    def standing(self) -> ContractFact:
        """The active contract, before that the first. Raises: VerificationError for a journal without one."""
        contract = find_standing_contract(self.replay)
        if contract is None:
            raise VerificationError("policy", "expected a journal that begins with a contract")
        return contract

    def find_role(self, account: Account) -> Role | None:
        """The account's role in the standing contract."""
        return find_role(self.standing().body, account)


def engagement_journal(engagement: bytes) -> JournalId:
    """The journal of an engagement."""
    return JournalId(JournalKind.ENGAGEMENT, engagement)


def open_view(session: Session, engagement: bytes) -> View:
    """The view of an engagement whose salt is known, empty where nothing was fetched yet."""
    view: View | None = session.verified.views.get(engagement)
    if view is None:
        deployment = NOBODY
        if session.verified.deployment_keys is not None:
            account, public = session.verified.deployment_keys
            key = key_id(KEY_ALGORITHM_ED25519, public)
            deployment = KeysFact(NO_KEYS, Account(account), 1, key, public, NO_KEY, KeysReason.CREATE)
        salt = session.find_salt(engagement_journal(engagement))
        if salt is None:
            raise ValueError("expected an engagement whose salt is known")
        replay = ReplayedEngagement(EngagementId(engagement), salt, deployment, session.find_keys)
        view = View(replay)
        session.verified.hold_view(engagement, view)
    return view


def refresh(session: Session, engagement: bytes) -> Act[View]:
    """The engagement's journal, up to what the server has now.

    Raises: Refused(not-found) where it is not the reader's; VerificationError.
    """
    require_not_broken(session, engagement_journal(engagement))
    if engagement in session.identity.salts:
        return (yield from _read_on(session, engagement))
    yield from _learn_salt(session, engagement)
    try:
        return (yield from _read_on(session, engagement))
    finally:
        view: View | None = session.verified.views.get(engagement)
        if view is None or view.replay.position == START:  # no contract has confirmed the salt
            session.verified.read_anew(engagement_journal(engagement))
            session.memory.offered.pop(engagement, None)
        else:
            session.learn_salt(engagement)


def _read_on(session: Session, engagement: bytes) -> Act[View]:
    drop_recalled(session, engagement)
    view = open_view(session, engagement)
    yield from read_on(session, view.replay, f"/v1/engagements/{engagement.hex()}/journal", view.take)
    require_reader(session, view)
    newest = view.replay.find_newest(session.account)
    if newest is not None:
        session.verified.saw_own(view.replay.journal, newest.statement)
    standing = view.standing()
    session.verified.saw_contract(engagement, standing.statement, standing.body)
    session.verified.pin(view.replay.journal, view.replay.position)
    return view


def drop_recalled(session: Session, engagement: bytes) -> None:
    """What this device remembers counts only while nobody answers; then everything is fetched and verified anew."""
    view: View | None = session.verified.views.get(engagement)
    if view is not None and view.recalled:
        session.verified.read_anew(view.replay.journal)


def require_reader(session: Session, view: View) -> None:
    """Return if this account reads that journal by its contract. Raises: VerificationError."""
    if view.find_role(session.account) not in JOURNAL_READERS:
        raise VerificationError("policy", "expected a contract that names this account as coach or coachee")


def take_own(
    session: Session, view: View, statement: Statement, written: Written, receipt: Receipt, seal: bytes | None
) -> bool:
    """Take over what this client has just written, if it is the next entry; False where others came between."""
    place = written.journal
    if place is None or view.recalled or place.seq != view.replay.position.seq + 1:
        return False
    append_verified(view.replay, statement, written.time)
    require_head(view.replay.position, place.head)
    view.hold(Held(place.seq, written.time, statement, seal, receipt))
    entry = Entry(
        seq=place.seq,
        head=place.head,
        time=written.time,
        statement=statement.id,
        envelope=statement.envelope.to_json(statement.body.key),
        seal=None,
        receipt=written.receipt,
        leaf=None,
    )
    session.verified.took(view.replay.journal, entry)
    session.verified.pin(view.replay.journal, view.replay.position)
    return True


def _learn_salt(session: Session, engagement: bytes) -> Act[None]:
    answer = yield from get(session, f"/v1/engagements/{engagement.hex()}", EngagementView)
    if answer.salt is None:
        raise Refused(Code.ROLE_REFUSED)
    try:
        session.memory.offered[engagement] = read_base64(answer.salt, SALT_BYTES)
    except FormatError as error:
        raise VerificationError("schema", str(error)) from error


def list_named_keys(body: Body) -> list[tuple[bytes, bytes | None]]:
    """The (account, keys statement) pairs that a contract or an assent names."""
    if isinstance(body, Assent):
        return [(body.by, body.keys)]
    if not isinstance(body, Contract):
        return []
    named: list[tuple[bytes, bytes | None]] = [(party.account, party.keys) for party in body.parties]
    return named + [(one.account, one.keys) for one in body.contacts if one.account is not None]


def _read_seal(entry: Entry) -> bytes | None:
    try:
        return None if entry.seal is None else read_base64(entry.seal)
    except FormatError as error:
        raise VerificationError("schema", str(error)) from error
