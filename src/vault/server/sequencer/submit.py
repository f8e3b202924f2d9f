"""The write path: from a submission to an entry of a journal, whole or not at all.

Every act of every person goes through here. The order of checks is the same for all: type, deployment, signer,
signature, the same statement before, path, whether the signer may see the place at all, clock, policy, parts. Each has
one code, and nothing is written before the last. Source: docs/protocol.md sections 4 and 13.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from vault.policy.decide import decide, require_seen_entry
from vault.policy.facts import Facts
from vault.policy.parties import JOURNAL_READERS
from vault.policy.signers import list_signers
from vault.protocol.journal import JournalId
from vault.protocol.leaf import leaf_entry
from vault.protocol.limits import CLOCK_SKEW_SECONDS
from vault.protocol.naming import find_engagement
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Body
from vault.protocol.submission import Submission
from vault.protocol.vocabulary import JournalKind, Role
from vault.server.context import AppContext
from vault.server.sequencer.attachments import close_uploads, name_attachments, require_attachments
from vault.server.sequencer.collections import Collection
from vault.server.sequencer.journal import Written, append, find_receipt, find_written
from vault.server.sequencer.members import find_member
from vault.server.sequencer.parts import require_parts, store_parts
from vault.server.sequencer.places import lock_tip, open_facts, open_tip, turn_of
from vault.server.sequencer.queue import Queue, Write
from vault.server.sequencer.tlog import Leaf
from vault.server.sequencer.verified import Verified, list_publics, require_statement, verify
from vault.server.storage.entries import write_leaf

_SALTED = frozenset({JournalKind.KEYRING, JournalKind.ENGAGEMENT})


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a write, durable when it is given; `is_new` is false where the same statement was there before."""

    is_new: bool
    body: Body
    members: dict[str, Any]

    def with_receipt(self, receipt: bytes | None) -> "Answer":
        """The same answer with the receipt of what has just been written; as it is where there is none."""
        if receipt is None:
            return self
        return replace(self, members=self.members | {"receipt": receipt.decode()})


async def submit(
    context: AppContext,
    queue: Queue,
    collection: Collection,
    submission: Submission,
    signer: bytes | None,
    path_ids: Mapping[str, str],
) -> Answer:
    """The answer to a submission; `path_ids` are the ids of its address, as they were spelled there.

    Raises: Refused and FormatError, with nothing written.
    """
    statement = require_statement(submission.envelope, collection.type, context.settings.audience, signer)
    verified = await verify(context, statement)
    await close_uploads(context, statement.body)
    answer, receipt = await queue.put(
        statement.body.by,
        turn_of(statement.body),
        lambda connection: _decide(connection, context, collection, submission, verified, path_ids),
    )
    return answer.with_receipt(receipt)


def _decide(
    connection: Connection,
    context: AppContext,
    collection: Collection,
    submission: Submission,
    verified: Verified,
    path_ids: Mapping[str, str],
) -> Write[Answer]:
    statement, body = verified.statement, verified.statement.body
    journal, found = lock_tip(connection, body)  # first of all: the same statement may be on its way right now
    before = None if found is None else find_written(connection, found, statement)
    if before is not None:
        receipt = find_receipt(connection, before)
        reads_journal = _reads_journal(connection, journal, body)
        answer = _answer(connection, collection, before, reads_journal, is_new=False).with_receipt(receipt)
        # Sent twice at once: both are answered with the one receipt that is still to come.
        return lambda: (answer, None if receipt is not None else _leaf(before))
    require_path(body, path_ids)
    collection.admit(connection, body)
    now = context.clock()
    require_clock(body, now)
    if found is not None and collection.taken is not None:
        raise Refused(collection.taken)
    tip = found or open_tip(connection, journal, submission.parts, body)
    facts = open_facts(connection, tip, context.deployment)
    time = max(now, tip.position.time)
    _require_signers(connection, facts, verified, time)
    seen = require_seen_entry(facts, body)
    effects = decide(facts, statement, time)
    require_parts(submission.parts, body, opens_salted=not tip.is_open and journal.kind in _SALTED)
    require_attachments(connection, body)
    # The signer of a journal's first entry becomes a member only after the write.
    reads_already = tip.is_open and _reads_journal(connection, journal, body)

    def write() -> tuple[Answer, Leaf]:
        written = append(connection, tip, statement, time, seen)
        collection.project(connection, written, submission, effects)
        store_parts(connection, written, submission.parts)
        name_attachments(connection, body, statement.id)
        reads = reads_already if tip.is_open else _reads_journal(connection, journal, body)
        return _answer(connection, collection, written, reads, is_new=True), _leaf(written)

    return write


def require_path(body: Body, path_ids: Mapping[str, str]) -> None:
    """Return if the address names the signer's account and the statement's engagement, where it names any.

    Raises: Refused(path-mismatch).
    """
    named = {"account": body.by, "engagement": find_engagement(body) or b""}
    if any(named[name].hex() != text for name, text in path_ids.items()):
        raise Refused(Code.PATH_MISMATCH)


def require_clock(body: Body, now: int) -> None:
    """Return if the signer's clock is not ahead. Raises: Refused(clock-skew) with the server's `time`."""
    if body.at > now + CLOCK_SKEW_SECONDS:
        raise Refused(Code.CLOCK_SKEW, time=now)


def _require_signers(connection: Connection, facts: Facts, verified: Verified, time: int) -> None:
    """The keys that act at this place must be those under which the signatures were verified, or verify now."""
    statement = verified.statement
    is_chain = facts.kind is JournalKind.KEYS
    publics = list_publics(connection, statement) if is_chain else list_signers(facts, statement.body, time)
    if publics != verified.publics:
        statement.envelope.verify(*publics)


def _leaf(written: Written) -> Leaf:
    entry = leaf_entry(written.journal, written.salt, written.position, written.statement.id)
    return Leaf(written.journal, written.position.seq, entry)


def _answer(
    connection: Connection, collection: Collection, written: Written, reads_journal: bool, is_new: bool
) -> Answer:
    body, position = written.statement.body, written.position
    place = {
        "kind": written.journal.kind.value,
        "subject": written.journal.subject.hex(),
        "seq": position.seq,
        "head": position.head.hex(),
    }
    members: dict[str, Any] = {
        "statement": written.statement.id.hex(),
        "journal": place if reads_journal else None,
        "time": position.time,
        "receipt": None,
        "leaf": None if reads_journal else write_leaf(written.journal, written.salt, position),
        **collection.more(connection, written),
    }
    return Answer(is_new, body, members)


def _reads_journal(connection: Connection, journal: JournalId, body: Body) -> bool:
    """Sponsors, supervisors and contacts are not told how long the journal is, nor the coachee of escalations."""
    if journal.kind in (JournalKind.KEYS, JournalKind.KEYRING):
        return True
    role = find_member(connection, journal.subject, body.by)
    return role == Role.COACH if journal.kind is JournalKind.ESCALATIONS else role in JOURNAL_READERS
