"""Take entries of a journal over, in the order of reading: what does not verify is refused, and nothing moves.

Each guard is a function of its own. What fails is read anew the next time, since an answer that nobody signed proves
nothing against anybody. A journal stays failed, until it is opened by the next process, only by what its signers or the
log have signed: an entry that the log holds and policy refuses, or two entries in one place.
Source: docs/protocol.md section 4.1.
"""

from vault.client.device.session import Session
from vault.client.errors import (
    AccountMismatchError,
    ClockSkewError,
    ForkDetected,
    KeyChainError,
    RollbackError,
    VerificationError,
    WithheldError,
)
from vault.client.log.receipts import Receipt, verify_journal_receipt
from vault.errors import AudienceError, FormatError, SignatureError
from vault.policy.replay import ReplayedJournal, append
from vault.protocol.api import Entry
from vault.protocol.envelope import Envelope, Statement
from vault.protocol.journal import JournalId, Position, next_position
from vault.protocol.limits import CLOCK_SKEW_SECONDS
from vault.protocol.problems import Code, Refused
from vault.protocol.vocabulary import JournalKind

SIGNED_STEPS = frozenset({"keys", "policy", "signature"})
"""What fails in these steps, or is a fork, is the entry, if the log holds it; else it is the answer that brought it."""


def read_envelope(session: Session, members: dict[str, object], statement: bytes | None) -> Statement:
    """Steps 3 and 4: envelope, payload type, audience, suite, members; and that it is the statement that was named.

    Raises: VerificationError.
    """
    try:
        parsed = Statement.of(Envelope.from_json(members))
        require_audience(parsed, session.deployment.audience)
    except FormatError as error:
        raise VerificationError("schema", str(error)) from error
    if statement is not None and parsed.id != statement:
        raise VerificationError("schema", "expected the statement that was named")
    return parsed


def require_audience(statement: Statement, audience: str) -> None:
    """Return if the statement is for this deployment. Raises: AudienceError."""
    if statement.body.audience != audience:
        raise AudienceError("expected a statement for this deployment")


def require_not_broken(session: Session, journal: JournalId) -> None:
    """Return unless this journal has failed for good. Raises: that VerificationError again."""
    if journal in session.verified.broken:
        raise session.verified.broken[journal]


def read_entry(session: Session, journal: JournalId, entry: Entry) -> Statement:
    """Steps 3 and 4 for an entry of a journal. Raises: VerificationError."""
    require_not_broken(session, journal)
    try:
        return read_envelope(session, entry.envelope, entry.statement)
    except VerificationError as error:
        show_evidence(session, journal, error, {"entry": entry.model_dump(mode="json")})
        session.verified.read_anew(journal)
        raise


def take_entry(session: Session, replay: ReplayedJournal, entry: Entry, statement: Statement) -> Receipt:
    """Steps 5 to 8 for the next entry of a journal, which `read_entry` has read; the replay has moved past it then.

    The receipt is verified last, since the head that it names is worth more once it is known to be right.

    Raises: VerificationError; the journal is replayed anew then, and is broken for good by an entry that the log holds.
    """
    journal = replay.journal
    require_not_broken(session, journal)
    before = replay.position
    try:
        require_next(before, entry)
        require_time(before, entry.time)
        append_verified(replay, statement, entry.time)
        require_head(replay.position, entry.head)
        require_pinned(session, journal, replay.position)
        receipt = verify_journal_receipt(session, journal, replay.position, statement.id, entry.receipt)
    except VerificationError as error:
        show_evidence(session, journal, error, {"before": before.head.hex(), "entry": entry.model_dump(mode="json")})
        session.verified.read_anew(journal)
        is_the_entry = error.step in SIGNED_STEPS or isinstance(error, ForkDetected)
        if is_the_entry and is_logged(session, journal, before, entry, statement):
            session.verified.broke(journal, error)
        raise
    session.verified.took(journal, entry)
    return receipt


def is_logged(session: Session, journal: JournalId, before: Position, entry: Entry, statement: Statement) -> bool:
    """Whether the log holds this very statement, with this time, in the place behind `before`."""
    position = next_position(journal, before, entry.time, statement.id)
    try:
        verify_journal_receipt(session, journal, position, statement.id, entry.receipt)
    except VerificationError:
        return False
    return True


def require_next(before: Position, entry: Entry) -> None:
    """Step 6: no gap. Raises: WithheldError."""
    if entry.seq != before.seq + 1:
        raise WithheldError("journal", f"expected entry {before.seq + 1}")


def require_time(before: Position, time: int) -> None:
    """Step 6: the time of entries never falls. Raises: RollbackError."""
    if time < before.time:
        raise RollbackError("journal", "expected a time that does not fall")


def append_verified(replay: ReplayedJournal, statement: Statement, time: int) -> None:
    """Steps 5, 6 and 8: signature, `after`, `seen`, and policy. Raises: VerificationError."""
    try:
        append(replay, statement, time)
    except SignatureError as error:
        if replay.kind is JournalKind.KEYS:
            raise KeyChainError(
                "signature", "expected the signatures of the keys before and of the new ones"
            ) from error
        raise VerificationError("signature", str(error)) from error
    except FormatError as error:
        raise VerificationError("keys", str(error)) from error
    except Refused as error:
        if replay.kind is JournalKind.KEYS:
            kind = AccountMismatchError if error.code == Code.ACCOUNT_MISMATCH else KeyChainError
            raise kind("policy", "expected keys that continue those of the account") from error
        if error.code == Code.SEEN_UNKNOWN:
            raise ForkDetected("journal", "expected an entry that its signer has seen; two histories exist") from error
        raise VerificationError("policy", f"expected a statement that policy allows: {error.code}") from error


def require_head(position: Position, head: bytes) -> None:
    """Step 6: the head that the entry claims. Raises: VerificationError."""
    if position.head != head:
        raise VerificationError("journal", "expected the head that follows from the entries")


def require_pinned(session: Session, journal: JournalId, position: Position) -> None:
    """Steps 1 and 6: the head is the one that was seen before at this place. Raises: ForkDetected."""
    seq, head = session.verified.pinned(journal)
    if position.seq == seq and position.head != head:
        raise ForkDetected("journal", "expected the history that this device has seen")


def require_not_rolled_back(session: Session, journal: JournalId, position: Position) -> None:
    """Step 6: the journal is at least as long as it was. Raises: RollbackError."""
    seq = session.verified.pinned(journal)[0]
    if position.seq < seq:
        error = RollbackError("journal", f"expected at least {seq} entries, as this device has seen")
        show_evidence(session, journal, error, {"seen": seq, "served": position.seq, "head": position.head.hex()})
        raise error


def require_not_withheld(session: Session, journal: JournalId, position: Position, owed: int) -> None:
    """Step 7: the journal has the `owed` entries that the log held when it was asked for. Raises: WithheldError."""
    if position.seq < owed:
        error = WithheldError("receipt", f"expected at least {owed} entries, which the log holds")
        show_evidence(session, journal, error, {"logged": owed, "served": position.seq, "head": position.head.hex()})
        raise error


def require_clock(session: Session, time: int) -> None:
    """The time of a fresh answer is near this device's clock. Raises: ClockSkewError."""
    if abs(session.now() - time) > CLOCK_SKEW_SECONDS:
        raise ClockSkewError("clock", "expected a server whose clock is within five minutes of this device's")


def break_journal(session: Session, journal: JournalId, error: VerificationError, members: dict[str, object]) -> None:
    """Believe nothing of this journal any more, by what its signers or the log have signed; keep what shows why."""
    show_evidence(session, journal, error, members)
    session.verified.broke(journal, error)


def show_evidence(session: Session, journal: JournalId, error: VerificationError, members: dict[str, object]) -> None:
    """Keep what was served and does not verify in a file, which the error names."""
    error.evidence = session.keep_evidence(
        type(error).__name__, {"journal": journal.kind, "subject": journal.subject.hex(), **members}
    )
