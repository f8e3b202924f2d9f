"""The one way a client writes: sign on top of what stands, keep the exact bytes, send them, believe the answer last.

The bytes are durable on this device before they leave it. Without an answer they stay in the outbox and are sent again,
the same; with a no they are marked and what follows them is signed anew on what does stand.
Source: docs/protocol.md sections 3.2 and 4 (Order).
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vault.client.crypto.identity import SecretKeys
from vault.client.device.session import Session
from vault.client.device.waiting import Waiting
from vault.client.errors import NoReceipt, Unreachable, VerificationError
from vault.client.log.checkpoints import confirm_if_many, ensure_tlog_key
from vault.client.log.receipts import Receipt, verify_journal_receipt, verify_served_receipt
from vault.client.log.verifying import require_clock, require_head, require_not_broken, show_evidence
from vault.client.network.answers import is_passing, read_answer
from vault.client.network.calls import Act, Answer, Call, Take
from vault.client.outbox.borne_out import require_borne_out
from vault.client.outbox.renaming import hold_back, rename
from vault.client.outbox.sent import keep_sent
from vault.client.reading.asking import call_as_person
from vault.client.reading.views import View, refresh, take_own
from vault.encoding import read_hex
from vault.errors import FormatError, VaultError
from vault.protocol.api import Introduced, Written
from vault.protocol.envelope import Statement, sign
from vault.protocol.journal import START, JournalId, Position, after_mark, next_position, seen_mark
from vault.protocol.kinds import KINDS
from vault.protocol.limits import SUITE
from vault.protocol.naming import find_seals
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Body
from vault.protocol.strict_json import read_json
from vault.protocol.submission import NO_PARTS, Parts, spell
from vault.protocol.times import floor_to_day
from vault.protocol.vocabulary import JournalKind, StatementType

ABOUT_CREDENTIALS = frozenset(
    {
        Code.CREDENTIAL_MISSING,
        Code.CREDENTIAL_ENDED,
        Code.CREDENTIAL_WRONG,
        Code.ENROLMENT_ENDED,
        Code.LOGIN_REFUSED,
        Code.CHALLENGE_ENDED,
    }
)
"""Refusals of who sends, not of what is sent: the statement goes on waiting."""


OVERTAKEN = frozenset({Code.NOT_NEWEST, Code.CONTRACT_INACTIVE, Code.KEY_STALE})
"""Refusals that mean: something came between. The journal is read again, and the statement is made anew, once."""


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A body that nobody has signed yet, and the parts that go beside it."""

    body: Body
    parts: Parts = NO_PARTS


@dataclass(frozen=True, slots=True)
class Done:
    """A write that stands: its statement, the server's answer and the receipt; None for an introduction."""

    statement: Statement
    written: Written | None
    receipt: Receipt | None


Note = Callable[[Session, Statement], None]
"""Changes the draft in which a statement comes into the outbox."""


def common_members(
    session: Session, kind: StatementType, journal: JournalId | None, keys: SecretKeys, identifier: bytes | None = None
) -> dict[str, Any]:
    """The nine members of section 3.2 for the next statement of this person in that journal."""
    now = session.now()
    after, seen = (None, None) if journal is None else find_place(session, journal)
    return {
        "suite": SUITE,
        "type": kind,
        "audience": session.deployment.audience,
        "id": session.random(16) if identifier is None else identifier,
        "by": session.account,
        "key": keys.sign_key,
        "at": floor_to_day(now) if KINDS[kind].whole_days else now,
        "after": after,
        "seen": seen,
    }


def find_place(session: Session, journal: JournalId, without: Sequence[Waiting] = ()) -> tuple[bytes, bytes | None]:
    """`after` and `seen` for the next statement: on the newest own one, answered or waiting, but for those left out."""
    salt = session.find_salt(journal)
    left_out = {each.statement for each in without}
    pending = [each for each in session.outbox.of(journal) if each.is_unsent and each.statement not in left_out]
    newest = pending[-1].statement if pending else session.verified.newest.get(journal)
    if salt is None:
        return after_mark(None, newest), None
    return after_mark(salt, newest), seen_mark(salt, *session.verified.pinned(journal))


def enqueue(
    draft: Session,
    path: str,
    unsigned: Unsigned,
    journal: JournalId | None,
    seeds: tuple[bytes, ...],
    enrolment: str | None = None,
) -> Waiting:
    """Sign, and put the exact bytes into the outbox of a draft."""
    statement = sign(unsigned.body, seeds)
    body = spell(statement, unsigned.parts)
    waiting = Waiting(path, body, statement, unsigned.parts, journal, made=draft.now(), enrolment=enrolment)
    draft.outbox = draft.outbox.add(waiting)
    return waiting


def write(
    session: Session,
    path: str,
    journal: JournalId,
    build: Callable[[], Unsigned],
    note: Note | None = None,
    replaces: Waiting | None = None,
) -> Act[Done]:
    """Sign what `build` makes on the newest place, and see it written.

    `note` changes the draft in which the statement comes into the outbox: both become durable together. What it adds to
    the outbox, and names the statement, goes with it where that is refused. `replaces` is
    what waited with the same content: it goes when this comes, and comes back with the code of a refusal.

    Raises: Refused; Unreachable, and then the statement is in the outbox; VerificationError.
    """
    require_not_broken(session, journal)
    yield Take(turn_of(journal))
    met: VaultError | None = None
    try:
        yield from flush(session, journal)
    except VaultError as error:  # whatever it met on the way: what the person wrote is kept before that is told
        met = error
    for is_last_try in (False, True):
        unsigned = build()
        with session.change() as draft:
            waiting = enqueue(draft, path, unsigned, journal, (session.find_signer(unsigned.body.key),))
            if replaces is not None:
                draft.outbox = draft.outbox.drop(replaces.statement).rename(replaces.statement, waiting.statement)
            if note is not None:
                note(draft, waiting.signed)
        blob = unsigned.parts.blob
        if blob is not None:
            session.memory.blobs[hashlib.sha256(blob).digest()] = blob
        if met is not None:
            raise kept(met, waiting)
        try:
            return (yield from send(session, waiting))
        except VaultError as error:
            met = error
        if not isinstance(met, Refused) or is_passing(met) or met.code in ABOUT_CREDENTIALS:
            raise kept(met, waiting)
        try:
            yield from require_borne_out(session, waiting, met)
        except VaultError as error:
            raise kept(error, waiting) from error.__cause__
        with session.change() as draft:
            if replaces is None:
                with_it = [each.statement for each in draft.outbox.of(journal) if each.names(waiting.statement)]
                draft.outbox = draft.outbox.drop(waiting.statement, *with_it).forget(waiting.statement)
            else:
                draft.outbox = draft.outbox.put(waiting.statement, replaces.refuse(met.code))
        if met.code not in OVERTAKEN or is_last_try:
            raise met
        yield from learn_place(session, journal, met)
        met = None
    raise AssertionError("a loop of two tries returns or raises")


def kept(error: VaultError, waiting: Waiting) -> VaultError:
    """The error that is told once a statement is signed and waits: what stopped it, and that it is kept."""
    is_silent = isinstance(error, Unreachable) or (isinstance(error, Refused) and is_passing(error))
    told: VaultError = error
    if is_silent:
        why = "the deployment is busy" if isinstance(error, Refused) else str(error)
        told = Unreachable(f"{why}; what you wrote is kept in the outbox and will be sent: do not write it again")
        told.__cause__ = error
    told.kept = waiting.statement.hex()
    return told


def learn_place(session: Session, journal: JournalId, refused: Refused) -> Act[None]:
    """Learn the own newest statement: from the verified journal, or, without the salt, from the server's word.

    A lie in the latter costs the statement and nothing else: the server could have dropped it as well.
    """
    if journal.kind is JournalKind.ENGAGEMENT and session.find_salt(journal) is not None:
        yield from refresh(session, journal.subject)
        return
    if refused.code != Code.NOT_NEWEST:
        raise refused
    try:
        newest = read_hex(str(refused.members.get("after")), 32)
    except FormatError as error:
        raise VerificationError("schema", "expected the newest statement beside not-newest") from error
    session.verified.saw_own(journal, newest)


def turn_of(journal: JournalId | None) -> str:
    """The name of the turn in which writes to one journal follow each other."""
    return "introductions" if journal is None else f"{journal.kind}:{journal.subject.hex()}"


def flush(session: Session, journal: JournalId | None) -> Act[None]:
    """Send what waits for this journal, oldest first. A no marks the statement; what follows is signed anew.

    Raises: Unreachable where no answer comes; Refused where the credential is refused, which says nothing of the
    statement. Nothing is lost.
    """
    while True:  # what waits behind a no is signed anew, so each round looks again
        waiting = next((each for each in session.outbox.of(journal) if each.is_unsent), None)
        if waiting is None:
            return
        try:
            yield from send(session, waiting)
        except Refused as refused:
            if is_passing(refused):
                raise Unreachable("the deployment is busy; the outbox is sent later") from refused
            if refused.code in ABOUT_CREDENTIALS:
                raise
            yield from require_borne_out(session, waiting, refused)
            mark_refused(session, waiting, refused.code)


def mark_refused(session: Session, waiting: Waiting, code: Code) -> None:
    """Keep the statement with its code for the person to see, and sign those behind it on what stands."""
    with session.change() as draft:
        behind = [each for each in _behind(draft, waiting) if each.is_unsent]
        draft.outbox = draft.outbox.put(waiting.statement, waiting.refuse(code)).forget(waiting.statement)
        renamed: dict[bytes, bytes] = {}
        for number, each in enumerate(behind):
            again = sign_again(draft, each, renamed, pending=behind[number:])
            draft.outbox = draft.outbox.put(each.statement, again)


def _behind(draft: Session, waiting: Waiting) -> list[Waiting]:
    """What was signed for the same journal after this statement."""
    if waiting.journal is None:
        return []
    same = draft.outbox.of(waiting.journal)
    place = next(index for index, each in enumerate(same) if each.statement == waiting.statement)
    return list(same[place + 1 :])


def sign_again(
    draft: Session,
    waiting: Waiting,
    renamed: dict[bytes, bytes],
    pending: Sequence[Waiting] = (),
    key: bytes | None = None,
) -> Waiting:
    """The same statement on another place: its parts are bound to its `id`, which stays.

    `renamed` says which statements are others now, and is told of this one; `pending` are those that are signed anew
    after it, so that it stands on none of them; `key` is the own sign key, where it is another now. What must not be
    signed anew is refused.
    """
    held_back = hold_back(waiting, renamed)
    if held_back is not None:
        return held_back
    after, seen = find_place(draft, require_journal(waiting), without=pending)
    place = {"after": after, "seen": seen, "key": key or waiting.signed.body.key}
    return resign(draft, waiting, rename(waiting.signed.body, renamed, place), renamed)


def resign(draft: Session, waiting: Waiting, body: Body, renamed: dict[bytes, bytes]) -> Waiting:
    """The submission with another statement in front of the same parts; `renamed` is told which it was."""
    again = sign(body, [draft.find_signer(body.key)])
    if again.id != waiting.statement:  # on the very place where it stood it is the very statement
        renamed[waiting.statement] = again.id
    return replace(waiting, body=spell(again, waiting.parts), signed=again)


def send(session: Session, waiting: Waiting) -> Act[Done]:
    """Send one submission of the outbox and take its answer over.

    Raises: Refused; Unreachable; VerificationError for an answer that does not fit the statement.
    """
    yield from ensure_tlog_key(session)
    if waiting.enrolment is not None:
        answer = yield Call("POST", waiting.path, waiting.body, waiting.enrolment)
    else:
        answer = yield from call_as_person(session, "POST", waiting.path, waiting.body)
    statement = waiting.signed
    written = None if waiting.journal is None else read_written(answer)
    named = read_answer(answer, Introduced).statement if written is None else written.statement
    require_same(named, statement)
    if answer.status == 201 and written is not None:
        require_clock(session, written.time)
    receipt = None if written is None else verify_written(session, waiting, written)
    take_written(session, waiting, written, receipt)
    yield from confirm_if_many(session)
    return Done(statement, written, receipt)


def read_written(answer: Answer) -> Written:
    """The answer to a write. Raises: Refused; VerificationError, NoReceipt where the receipt is what is missing."""
    try:
        return read_answer(answer, Written)
    except VerificationError as error:
        try:
            members = read_json(answer.body)
        except FormatError:
            members = None
        if isinstance(members, dict) and not isinstance(members.get("receipt"), str):
            raise NoReceipt("expected a receipt beside what was written") from error
        raise


def require_same(named: bytes, statement: Statement) -> None:
    """The answer is about the statement that was sent. Raises: VerificationError."""
    if named != statement.id:
        raise VerificationError("schema", "expected an answer about the statement that was sent")


def verify_written(session: Session, waiting: Waiting, written: Written) -> Receipt:
    """No receipt, not written: the statement stays in the outbox.

    Raises: NoReceipt.
    """
    journal, statement = require_journal(waiting), waiting.signed
    try:
        if session.find_salt(journal) is None:
            return verify_served_receipt(session, written.leaf, written.time, statement.id, written.receipt)
        if written.journal is None:
            raise NoReceipt("expected the place in a journal that this person reads")
        position = Position(written.journal.seq, written.time, written.journal.head)
        return verify_journal_receipt(session, journal, position, statement.id, written.receipt)
    except NoReceipt as error:
        show_evidence(session, journal, error, {"written": written.model_dump(mode="json")})
        raise


def require_journal(waiting: Waiting) -> JournalId:
    """The journal of a statement that has one."""
    if waiting.journal is None:
        raise TypeError("expected a statement that is journaled")
    return waiting.journal


def take_written(session: Session, waiting: Waiting, written: Written | None, receipt: Receipt | None) -> None:
    """Out of the outbox, into what is known; durable when this returns."""
    journal, statement = waiting.journal, waiting.signed
    position = None if journal is None or written is None else find_position(session, journal, statement, written)
    keep_sent(session, waiting)
    with session.change() as draft:
        draft.outbox = draft.outbox.drop(statement.id)
        if journal is None:
            return
        session.verified.saw_own(journal, statement.id)
        view: View | None = None
        if journal.kind is JournalKind.ENGAGEMENT:
            view = session.verified.views.get(journal.subject)
        if view is not None and written is not None and receipt is not None:
            take_own(session, view, statement, written, receipt, own_seal(session, waiting))
        if position is not None:
            session.verified.pin(journal, position)


def find_position(session: Session, journal: JournalId, statement: Statement, written: Written) -> Position | None:
    """The place in an own journal that follows from what is pinned, where the statement came right after it.

    Raises: VerificationError for an answer with another head.
    """
    seq, head = session.verified.pinned(journal)
    if written.journal is None or journal.kind is JournalKind.ENGAGEMENT or written.journal.seq != seq + 1:
        return None
    position = next_position(journal, Position(seq, START.time, head), written.time, statement.id)
    require_head(position, written.journal.head)
    return position


def own_seal(session: Session, waiting: Waiting) -> bytes | None:
    """The writer's own seal among the parts, as the journal will serve it back."""
    refs = find_seals(waiting.signed.body) or ()
    places = [index for index, ref in enumerate(refs) if ref.account == session.account]
    sent = waiting.parts.seals
    return sent[places[0]] if places and sent is not None else None
