"""When a deployment has gone back to an older state: see what is missing, accept it knowingly, and send it again.

Usually an operator has brought back a backup. Nothing is accepted by itself: until the person says so, every pin stands
and whatever was refused stays refused. Whoever accepts goes on from what the deployment shows now, verified from its
first entry on as on a new device; what shows the older state is kept as evidence; and what this device has sent in the
last month goes into the outbox again, the same bytes where they still fit, else signed anew on what is there now.
Disclosures are an exception: one that was withdrawn or erased, or has expired, is let go of, and none is signed anew.

Source: docs/protocol.md section 4.2.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from vault.client.acts.keyrings import fetch_keyring, keyring_journal, replay_keyring
from vault.client.device.memory import Memory
from vault.client.device.session import Session
from vault.client.device.tlog_state import TlogState
from vault.client.device.verified import Verified
from vault.client.device.waiting import Waiting, WaitingState
from vault.client.errors import LogForked, LogRewind, VerificationError
from vault.client.log.checkpoints import confirm
from vault.client.log.verifying import read_envelope
from vault.client.network.calls import Act
from vault.client.outbox.moving import Kept, move, order
from vault.client.outbox.sent import list_sent
from vault.client.reading.keys_of import fetch_keys
from vault.client.reading.logging_in import log_in
from vault.client.reading.recalling import read_remembered
from vault.client.reading.served import fetch_served
from vault.client.reading.views import refresh
from vault.protocol.api import Entry
from vault.protocol.journal import JournalId, Position
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Body, Disclosure, Erasure, Item, Keyring, Withdrawal
from vault.protocol.vocabulary import JournalKind, StatementType


@dataclass(frozen=True, slots=True)
class Gone:
    """A journal that went back: of the `seen` entries that this device had verified, the first `kept` are there still.

    `lost` are the others, as far as this device remembers them; `served` is what the deployment has now.
    """

    journal: JournalId
    seen: int
    kept: int
    lost: tuple[Entry, ...]
    served: tuple[Entry, ...]


@dataclass(slots=True)
class Rollback:
    """What differs from what this device has verified before; `held` is what it can send again."""

    log: VerificationError | None = None
    is_account_gone: bool = False
    gone: list[Gone] = field(default_factory=list)
    engagements: list[bytes] = field(default_factory=list)
    """Those whose contract this device has seen and is not shown any more, though it reads no journal of them."""
    held: list[Waiting] = field(default_factory=list)
    ended: set[bytes] = field(default_factory=set)
    """Statements, kept or waiting, that are never sent again: disclosures that were ended or erased, erased items."""
    tlog: TlogState = field(default_factory=TlogState)
    """The log as it was verified while looking."""

    @property
    def is_one(self) -> bool:
        """Whether anything has gone back at all."""
        return bool(self.log or self.is_account_gone or self.gone or self.engagements)


def look(session: Session) -> Act[Rollback]:
    """Hold what the deployment shows now against what this device has verified; nothing is changed by it.

    What is shown now is verified from its first entry on. Raises: VerificationError where it does not verify at all:
    that is no older state, and there is nothing to accept; Unreachable; Refused.
    """
    found = Rollback()
    try:
        yield from confirm(session)
    except (LogRewind, LogForked) as error:
        found.log = error
    fresh = _without_past(session)
    found.tlog = fresh.verified.tlog
    yield from confirm(fresh)  # whoever accepts goes on from this very log, and is not shown a third one
    try:
        yield from log_in(fresh)
    except Refused as refused:
        if refused.code != Code.LOGIN_REFUSED:
            raise
        found.is_account_gone = True
        found.held = [each for each in list_sent(session.home) if each.type is StatementType.KEYS]
        return found
    for journal, (seen, head) in session.verified.pins.items():
        served = yield from _read_anew(fresh, journal)
        if not any(entry.seq == seen and entry.head == head for entry in served):
            found.gone.append(_compare(session, journal, seen, served))
    readable = {journal.subject for journal in session.verified.pins if journal.kind is JournalKind.ENGAGEMENT}
    for engagement, contract in session.verified.contracts.items():
        if engagement not in readable and (yield from _is_contract_gone(fresh, engagement, contract)):
            found.engagements.append(engagement)
    held = _list_held(session, found, readable)
    found.ended = _list_ended(session, found, [*held, *session.outbox.waiting])
    found.held = [each for each in held if each.statement not in found.ended]
    yield from confirm(fresh)
    return found


def accept(session: Session, found: Rollback) -> str:
    """Go on from what `look` has found, durably: pins, and the outbox with what is sent again, in one step.

    The file with what proves that the deployment went back.
    """
    evidence = session.keep_evidence("rollback", _describe(session, found))
    for statement in found.ended:  # before all else lasts: what says that they ended may be gone the next time
        session.home.drop_sent(statement.hex())
    renamed: dict[bytes, bytes] = {}
    with session.change() as draft:
        draft.verified, draft.memory = _seen_after(session, found), Memory(stretched=session.memory.stretched)
        _go_on(draft, found)
        kept = {gone.journal: Kept.of(draft, gone.journal, gone.served) for gone in found.gone}
        before = [each for each in draft.outbox.waiting if each.statement not in found.ended]
        if found.is_account_gone or keyring_journal(draft.account) in kept:  # it is made anew on what there is now
            before = [each for each in before if each.type is not StatementType.KEYRING]
        draft.outbox = replace(draft.outbox, waiting=())
        for waiting in (*order(found.held), *before):
            moved = move(draft, waiting, kept.get(waiting.journal) if waiting.journal else None, renamed)
            draft.outbox = draft.outbox.add(moved).rename(waiting.statement, moved.statement)
    left = [each for each in session.outbox.waiting if each.state is WaitingState.DISCLOSE_AGAIN]
    for statement in (*renamed, *(each.statement for each in left)):
        session.home.drop_sent(statement.hex())
    return evidence


def _go_on(draft: Session, found: Rollback) -> None:
    """The next keyring is made on top of the one that there is now."""
    own = keyring_journal(draft.account)
    gone = next((each for each in found.gone if each.journal == own), None)
    sequence = draft.identity.sequence if gone is None else _sequence(draft, gone.served)
    draft.identity = draft.identity.at_sequence(0 if found.is_account_gone else sequence)


def _seen_after(session: Session, found: Rollback) -> Verified:
    """What was verified and still is there; everything is replayed again."""
    before = session.verified
    after = Verified(
        pins=dict(before.pins),
        newest=dict(before.newest),
        contracts={key: value for key, value in before.contracts.items() if key not in found.engagements},
        deployment_keys=before.deployment_keys,
        tlog=before.tlog,
        broken=dict(before.broken),
    )
    if found.log is not None:
        found.tlog.searched_at, found.tlog.report = 0, before.tlog.report
        after.tlog = found.tlog
    if found.is_account_gone:
        for own in (JournalId(JournalKind.KEYS, session.account), keyring_journal(session.account)):
            after.forget(own)
    for gone in found.gone:
        after.forget(gone.journal)
        if gone.journal.kind is JournalKind.ENGAGEMENT:
            after.forget_contract(gone.journal.subject)
        if gone.served:
            last = gone.served[-1]
            after.pin(gone.journal, Position(last.seq, last.time, last.head))
            own_statement = _newest_own(session, gone.served)
            if own_statement is not None:
                after.saw_own(gone.journal, own_statement)
    return after


def _without_past(session: Session) -> Session:
    """The same person on a device that has seen nothing yet; nothing of it is ever saved."""
    tlog = TlogState(key=session.verified.tlog.key, searched_at=session.now())
    return session.beside(Verified(deployment_keys=session.verified.deployment_keys, tlog=tlog))


def _read_anew(fresh: Session, journal: JournalId) -> Act[tuple[Entry, ...]]:
    """The journal as it is served now, verified; empty where there is none."""
    try:
        if journal.kind is JournalKind.KEYRING:
            view = yield from fetch_keyring(fresh)
            keys = yield from fetch_keys(fresh, fresh.account)
            replay_keyring(fresh, view, keys)
            return view.entries
        if journal.kind is JournalKind.KEYS:
            yield from fetch_keys(fresh, journal.subject)
        else:
            yield from refresh(fresh, journal.subject)
    except Refused as refused:
        if refused.code != Code.NOT_FOUND:
            raise
        return ()
    return tuple(fresh.verified.taken.get(journal, ()))


def _compare(session: Session, journal: JournalId, seen: int, served: tuple[Entry, ...]) -> Gone:
    page = read_remembered(session, journal)
    remembered = () if page is None else page.data
    kept = 0
    for before, now in zip(remembered, served, strict=False):
        if before.head != now.head:
            break
        kept = now.seq
    if not remembered:  # which entries are the same cannot be told; those that were there before it cannot be more
        kept = min(len(served), seen)
    return Gone(journal, seen, kept, tuple(remembered[kept:]), served)


def _is_contract_gone(fresh: Session, engagement: bytes, contract: bytes) -> Act[bool]:
    try:
        served = yield from fetch_served(fresh, engagement)
    except Refused as refused:
        if refused.code != Code.NOT_FOUND:
            raise
        return True
    return contract not in {each.statement.id for each in served.contracts}


def _list_held(session: Session, found: Rollback, readable: set[bytes]) -> list[Waiting]:
    """What this device has sent and the deployment does not show; where it cannot be looked up, all of it."""
    served = {gone.journal: {entry.statement for entry in gone.served} for gone in found.gone}
    held = []
    for waiting in list_sent(session.home):
        journal = waiting.journal
        if journal is None or waiting.type is StatementType.KEYRING:
            continue
        is_lost = journal in served and waiting.statement not in served[journal]
        is_unknown = journal.kind is JournalKind.ENGAGEMENT and journal.subject not in readable
        if is_lost or (is_unknown and found.is_one):
            held.append(waiting)
    return held


def _list_ended(session: Session, found: Rollback, held: Iterable[Waiting]) -> set[bytes]:
    """What of it must not come back, by all that this device knows of withdrawals and erasures, and by the time."""
    known = [each.signed.body for each in (*list_sent(session.home), *session.outbox.waiting)]
    for journal in session.verified.pins:
        page = read_remembered(session, journal) if journal.kind is JournalKind.ENGAGEMENT else None
        known += [] if page is None else [_body_of(session, entry) for entry in page.data]
    for gone in found.gone:
        known += [_body_of(session, entry) for entry in (*gone.lost, *gone.served)]
    withdrawn = {body.disclosure for body in known if isinstance(body, Withdrawal)}
    erased = {identifier for body in known if isinstance(body, Erasure) for identifier in body.items}
    ended = set()
    for waiting in held:
        body = waiting.signed.body
        if isinstance(body, Disclosure):
            is_past = body.expires is not None and body.expires <= session.now()
            is_over = is_past or waiting.statement in withdrawn or body.id in erased
        else:
            is_over = isinstance(body, Item) and body.item in erased
        if is_over:
            ended.add(waiting.statement)
    return ended


def _newest_own(session: Session, served: Iterable[Entry]) -> bytes | None:
    own = [entry.statement for entry in served if _body_of(session, entry).by == session.account]
    return own[-1] if own else None


def _sequence(session: Session, served: tuple[Entry, ...]) -> int:
    body = _body_of(session, served[-1]) if served else None
    return body.sequence if isinstance(body, Keyring) else 0


def _body_of(session: Session, entry: Entry) -> Body:
    return read_envelope(session, entry.envelope, entry.statement).body


def _describe(session: Session, found: Rollback) -> dict[str, object]:
    pinned = session.verified.tlog.pinned
    return {
        "checkpoint": None if pinned is None else pinned.to_bytes().decode("utf-8", "replace"),
        "journals": [
            {
                "kind": gone.journal.kind,
                "subject": gone.journal.subject.hex(),
                "seen": gone.seen,
                "kept": gone.kept,
                "lost": [entry.model_dump(mode="json") for entry in gone.lost],
            }
            for gone in found.gone
        ],
    }
