"""The one way a client writes: sign on top of what stands, keep the exact bytes, send them, believe the answer last.

The bytes are durable on this device before they leave it. Without an answer they stay in the outbox and are sent again,
the same; with a no they are marked and what follows them is signed anew on what does stand.
Source: docs/protocol.md sections 3.2 and 4 (Order).
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vault.client.crypto.identity import SecretKeys
from vault.client.device.session import Session, waiting_body
from vault.client.device.state import Waiting
from vault.client.errors import NoReceipt, Unreachable, VerificationError
from vault.client.log.checkpoints import confirm_if_many, ensure_tlog_key
from vault.client.log.receipts import Receipt, verify_journal_receipt, verify_served_receipt
from vault.client.log.verifying import break_journal, require_clock, require_head, require_not_broken
from vault.client.network.answers import is_passing, read_answer
from vault.client.network.calls import Act, Answer, Call, Take
from vault.client.outbox.renaming import refuse_to_rename, rename
from vault.client.outbox.sent import keep_sent
from vault.client.reading.asking import call_as_person
from vault.client.reading.views import View, refresh, take_own
from vault.encoding import read_hex, write_base64
from vault.errors import FormatError
from vault.protocol.api import Introduced, Written
from vault.protocol.envelope import Statement, sign
from vault.protocol.journal import START, JournalId, Position, after_mark, next_position, seen_mark
from vault.protocol.kinds import KINDS
from vault.protocol.limits import SUITE
from vault.protocol.naming import find_seals
from vault.protocol.problems import Refused
from vault.protocol.statements import Body
from vault.protocol.strict_json import read_json
from vault.protocol.submission import NO_PARTS, Parts, Submission, spell
from vault.protocol.times import floor_to_day
from vault.protocol.vocabulary import JournalKind, StatementType

ABOUT_CREDENTIALS = frozenset(
    {
        "credential-missing",
        "credential-ended",
        "credential-wrong",
        "enrolment-ended",
        "login-refused",
        "challenge-ended",
    }
)
"""Refusals of who sends, not of what is sent: the statement goes on waiting."""


OVERTAKEN = frozenset({"not-newest", "contract-inactive", "key-stale"})
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


def find_place(session: Session, journal: JournalId) -> tuple[bytes, bytes | None]:
    """`after` and `seen` for the next statement: on the newest own one, be it answered or still waiting."""
    salt = session.find_salt(journal)
    pending = [each for each in list_waiting(session, journal) if each.refused is None]
    newest = pending[-1].statement if pending else session.newest.get(journal)
    if salt is None:
        return after_mark(None, newest), None
    seq, head = session.pins.get(journal, (START.seq, START.head))
    return after_mark(salt, newest), seen_mark(salt, seq, head)


def list_waiting(session: Session, journal: JournalId | None) -> list[Waiting]:
    """What waits for this journal, in the order in which it was signed."""
    return [each for each in session.waiting if journal_of(each) == journal]


def journal_of(waiting: Waiting) -> JournalId | None:
    """Where the statement stands once it is written."""
    return None if waiting.kind is None else JournalId(waiting.kind, bytes.fromhex(waiting.subject))


def enqueue(
    session: Session,
    path: str,
    unsigned: Unsigned,
    journal: JournalId | None,
    seeds: tuple[bytes, ...],
    enrolment: str | None = None,
) -> Statement:
    """Sign, and put the exact bytes into the outbox. `session.save` makes it last."""
    statement = sign(unsigned.body, seeds)
    session.waiting.append(
        Waiting(
            type=unsigned.body.TYPE,
            path=path,
            body=write_base64(spell(statement, unsigned.parts)),
            statement=statement.id,
            id=unsigned.body.id,
            kind=None if journal is None else journal.kind,
            subject="" if journal is None else journal.subject.hex(),
            enrolment=enrolment,
            refused=None,
            made=session.now(),
        )
    )
    return statement


def write(
    session: Session,
    path: str,
    journal: JournalId,
    build: Callable[[], Unsigned],
    note: Callable[[Statement], None] | None = None,
) -> Act[Done]:
    """Sign what `build` makes on the newest place, and see it written.

    `note` is told the statement before it leaves; what it keeps in the session becomes durable with the outbox.

    Raises: Refused; Unreachable, and then the statement is in the outbox; VerificationError.
    """
    require_not_broken(session, journal)
    yield Take(turn_of(journal))
    unreachable: Unreachable | None = None
    try:
        yield from flush(session, journal)
    except Unreachable as error:
        unreachable = error
    for is_last_try in (False, True):
        unsigned = build()
        statement = enqueue(session, path, unsigned, journal, (session.find_signer(unsigned.body.key),))
        if unsigned.parts.blob is not None:
            session.blobs[hashlib.sha256(unsigned.parts.blob).digest()] = unsigned.parts.blob
        if note is not None:
            note(statement)
        session.save()
        if unreachable is not None:
            raise Unreachable("the deployment does not answer; the statement is kept in the outbox") from unreachable
        try:
            return (yield from send(session, session.waiting[-1]))
        except Refused as refused:
            if is_passing(refused):
                raise Unreachable("the deployment is busy; the statement is kept in the outbox") from refused
            session.waiting = [each for each in session.waiting if each.statement != statement.id]
            session.forget(statement.id)
            session.save()
            if refused.code not in OVERTAKEN or is_last_try:
                raise
            yield from learn_place(session, journal, refused)
    raise AssertionError("a loop of two tries returns or raises")


def learn_place(session: Session, journal: JournalId, refused: Refused) -> Act[None]:
    """Learn the own newest statement: from the verified journal, or, without the salt, from the server's word.

    A lie in the latter costs the statement and nothing else: the server could have dropped it as well.
    """
    if journal.kind is JournalKind.ENGAGEMENT and session.find_salt(journal) is not None:
        yield from refresh(session, journal.subject)
        return
    if refused.code != "not-newest":
        raise refused
    try:
        newest = read_hex(str(refused.members.get("after")), 32)
    except FormatError as error:
        raise VerificationError("schema", "expected the newest statement beside not-newest") from error
    session.newest[journal] = newest


def turn_of(journal: JournalId | None) -> str:
    """The name of the turn in which writes to one journal follow each other."""
    return "introductions" if journal is None else f"{journal.kind}:{journal.subject.hex()}"


def flush(session: Session, journal: JournalId | None) -> Act[None]:
    """Send what waits for this journal, oldest first. A no marks the statement; what follows is signed anew.

    Raises: Unreachable where no answer comes; Refused where the credential is refused, which says nothing of the
    statement. Nothing is lost.
    """
    while True:  # what waits behind a no is signed anew, so each round looks again
        waiting = next((each for each in list_waiting(session, journal) if each.refused is None), None)
        if waiting is None:
            return
        try:
            yield from send(session, waiting)
        except Refused as refused:
            if is_passing(refused):
                raise Unreachable("the deployment is busy; the outbox is sent later") from refused
            if refused.code in ABOUT_CREDENTIALS:
                raise
            mark_refused(session, waiting, refused.code)


def mark_refused(session: Session, waiting: Waiting, code: str) -> None:
    """Keep the statement with its code for the person to see, and sign those behind it on what stands."""
    place = next(index for index, each in enumerate(session.waiting) if each.statement == waiting.statement)
    session.waiting[place] = waiting.model_copy(update={"refused": code})
    session.forget(waiting.statement)
    journal = journal_of(waiting)
    if journal is not None:
        followers = [
            index
            for index, each in enumerate(session.waiting)
            if index > place and journal_of(each) == journal and each.refused is None
        ]
        kept = {index: session.waiting[index] for index in followers}
        for index in followers:
            session.waiting[index] = kept[index].model_copy(update={"refused": "busy"})
        renamed: dict[bytes, bytes] = {}
        for index in followers:
            session.waiting[index] = sign_again(session, kept[index], journal, renamed)
            session.replace_progress(kept[index].statement, session.waiting[index].statement)
    session.save()


def sign_again(session: Session, waiting: Waiting, journal: JournalId, renamed: dict[bytes, bytes]) -> Waiting:
    """The same statement on another place: its parts are bound to its `id`, which stays.

    `renamed` says which statements are others now, and is told of this one. What must not be signed anew is refused.
    """
    submission = Submission.parse(waiting_body(waiting))
    statement = Statement.of(submission.envelope)
    refused = refuse_to_rename(statement.body, renamed)
    if refused is not None:
        return waiting.model_copy(update={"refused": refused})
    after, seen = find_place(session, journal)
    body = rename(statement.body, renamed, {"after": after, "seen": seen})
    again = sign(body, [session.find_signer(body.key)])
    renamed[statement.id] = again.id
    return replace_statement(waiting, again, submission.parts)


def replace_statement(waiting: Waiting, again: Statement, parts: Parts) -> Waiting:
    """The same submission with its statement signed anew."""
    return waiting.model_copy(update={"body": write_base64(spell(again, parts)), "statement": again.id})


def send(session: Session, waiting: Waiting) -> Act[Done]:
    """Send one submission of the outbox and take its answer over.

    Raises: Refused; Unreachable; VerificationError for an answer that does not fit the statement.
    """
    body = waiting_body(waiting)
    yield from ensure_tlog_key(session)
    if waiting.enrolment is not None:
        answer = yield Call("POST", waiting.path, body, waiting.enrolment)
    else:
        answer = yield from call_as_person(session, "POST", waiting.path, body)
    statement = Statement.of(Submission.parse(body).envelope)
    written = None if waiting.kind is None else read_written(answer)
    named = read_answer(answer, Introduced).statement if written is None else written.statement
    require_same(named, statement)
    if answer.status == 201 and written is not None:
        require_clock(session, written.time)
    receipt = None if written is None else verify_written(session, waiting, statement, written)
    take_written(session, waiting, statement, written, receipt)
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


def verify_written(session: Session, waiting: Waiting, statement: Statement, written: Written) -> Receipt:
    """No receipt, not written: the statement stays in the outbox, and its journal counts as broken.

    Raises: NoReceipt.
    """
    journal = require_journal(waiting)
    try:
        if session.find_salt(journal) is None:
            return verify_served_receipt(session, written.leaf, written.time, statement.id, written.receipt)
        if written.journal is None:
            raise NoReceipt("expected the place in a journal that this person reads")
        position = Position(written.journal.seq, written.time, written.journal.head)
        return verify_journal_receipt(session, journal, position, statement.id, written.receipt)
    except NoReceipt as error:
        break_journal(session, journal, error, {"written": written.model_dump(mode="json")})
        raise


def require_journal(waiting: Waiting) -> JournalId:
    """The journal of a statement that has one."""
    journal = journal_of(waiting)
    if journal is None:
        raise TypeError("expected a statement that is journaled")
    return journal


def take_written(
    session: Session, waiting: Waiting, statement: Statement, written: Written | None, receipt: Receipt | None
) -> None:
    """Out of the outbox, into what is known; durable when this returns."""
    journal = journal_of(waiting)
    position = None if journal is None or written is None else find_position(session, journal, statement, written)
    keep_sent(session, waiting)
    session.waiting = [each for each in session.waiting if each.statement != statement.id]
    if journal is not None:
        session.newest[journal] = statement.id
        view: View | None = session.views.get(journal.subject) if journal.kind is JournalKind.ENGAGEMENT else None
        if view is not None and written is not None and receipt is not None:
            take_own(session, view, statement, written, receipt, own_seal(session, waiting, statement))
        if position is not None:
            session.pin(journal, position)
    session.save()


def find_position(session: Session, journal: JournalId, statement: Statement, written: Written) -> Position | None:
    """The place in an own journal that follows from what is pinned, where the statement came right after it.

    Raises: VerificationError for an answer with another head.
    """
    seq, head = session.pins.get(journal, (START.seq, START.head))
    if written.journal is None or journal.kind is JournalKind.ENGAGEMENT or written.journal.seq != seq + 1:
        return None
    position = next_position(journal, Position(seq, START.time, head), written.time, statement.id)
    require_head(position, written.journal.head)
    return position


def own_seal(session: Session, waiting: Waiting, statement: Statement) -> bytes | None:
    """The writer's own seal among the parts, as the journal will serve it back."""
    refs = find_seals(statement.body) or ()
    places = [index for index, ref in enumerate(refs) if ref.account == session.account]
    sent = Submission.parse(waiting_body(waiting)).parts.seals
    return sent[places[0]] if places and sent is not None else None
