"""What a device keeps between two runs, as text: what its keyring carries, what waits, and how far the log was read."""

import json

from vault.client.device.keyring import KeyringContent
from vault.client.device.state import DeviceState, Marked, Newest, Progress, StoredWaiting
from vault.client.device.tlog_state import LeafMark
from vault.client.device.verified import Verified
from vault.client.device.waiting import FileKey, Outbox, Waiting, WaitingState
from vault.encoding import read_base64, write_base64
from vault.protocol.envelope import Statement
from vault.protocol.journal import JournalId
from vault.protocol.problems import Code
from vault.protocol.strict_json import read_json
from vault.protocol.submission import Submission
from vault.protocol.vocabulary import JournalKind
from vault.tlog.checkpoint import SignedCheckpoint


def spell_state(content: KeyringContent, sequence: int, is_due: bool, outbox: Outbox, verified: Verified) -> bytes:
    """The JSON of the state. `content` is newer than the keyring of `sequence` where that `is_due`."""
    tlog = verified.tlog
    state = DeviceState(
        content=content,
        sequence=sequence,
        changed=int(is_due),
        waiting=tuple(store_waiting(each) for each in outbox.waiting),
        newest=tuple(
            Newest(kind=journal.kind, subject=journal.subject.hex(), statement=statement)
            for journal, statement in list(verified.newest.items())
        ),
        contracts=tuple(
            Newest(kind=JournalKind.ENGAGEMENT, subject=engagement.hex(), statement=statement)
            for engagement, statement in list(verified.contracts.items())
        ),
        progress=tuple(
            Progress(engagement=key.engagement, path=key.path, sha256=key.sha256, statement=statement)
            for key, statement in outbox.progress.items()
        ),
        uploads=outbox.uploads,
        unconfirmed=tuple(note.decode("utf-8") for note in list(tlog.unconfirmed)),
        marks=tuple(
            Marked(kind=journal.kind, subject=journal.subject.hex(), seq=mark.seq, found=mark.found, after=mark.after)
            for journal, mark in list(tlog.marks.items())
        ),
        searched_at=tlog.searched_at,
        renewing=tuple(sorted(outbox.renewing)),
    )
    return json.dumps(state.model_dump(mode="json"), separators=(",", ":")).encode()


def read_state(raw: bytes) -> DeviceState:
    """What `spell_state` wrote. Raises: JsonError, ValidationError."""
    return DeviceState.model_validate(read_json(raw))


def outbox_of(state: DeviceState) -> Outbox:
    """The outbox that was kept."""
    return Outbox(
        waiting=tuple(read_waiting(each) for each in state.waiting),
        progress={FileKey(each.engagement, each.path, each.sha256): each.statement for each in state.progress},
        uploads=state.uploads,
        renewing=frozenset(state.renewing),
    )


def recall_verified(state: DeviceState, verified: Verified) -> None:
    """Take over what was verified before, beyond what the keyring carries."""
    verified.newest = {_journal(each): each.statement for each in state.newest}
    verified.contracts = {bytes.fromhex(each.subject): each.statement for each in state.contracts}
    for note in state.unconfirmed:
        raw = note.encode("utf-8")
        verified.tlog.unconfirmed[raw] = SignedCheckpoint.parse(raw).checkpoint
    verified.tlog.marks = {_journal(each): LeafMark(each.seq, each.found, each.after) for each in state.marks}
    verified.tlog.searched_at = state.searched_at


def store_waiting(waiting: Waiting) -> StoredWaiting:
    """A submission as files hold it."""
    journal = waiting.journal
    return StoredWaiting(
        type=waiting.type,
        path=waiting.path,
        body=write_base64(waiting.body),
        statement=waiting.statement,
        id=waiting.signed.body.id,
        kind=None if journal is None else journal.kind,
        subject="" if journal is None else journal.subject.hex(),
        enrolment=waiting.enrolment,
        refused="disclose-again" if waiting.state is WaitingState.DISCLOSE_AGAIN else waiting.refused,
        made=waiting.made,
    )


def read_waiting(stored: StoredWaiting) -> Waiting:
    """The submission in memory, with its statement parsed. Raises: FormatError."""
    body = read_base64(stored.body)
    submission = Submission.parse(body)
    waiting = Waiting(
        path=stored.path,
        body=body,
        signed=Statement.of(submission.envelope),
        parts=submission.parts,
        journal=None if stored.kind is None else JournalId(stored.kind, bytes.fromhex(stored.subject)),
        made=stored.made,
        enrolment=stored.enrolment,
    )
    if stored.refused is None:
        return waiting
    return waiting.refuse(stored.refused) if isinstance(stored.refused, Code) else waiting.leave_to_disclose_again()


def _journal(each: Newest | Marked) -> JournalId:
    return JournalId(JournalKind(each.kind), bytes.fromhex(each.subject))
