"""The tip of the journal that a statement belongs to, and the facts that policy decides by there."""

from sqlalchemy import Connection

from vault.policy.facts import Facts, KeysFact
from vault.protocol.journal import START, JournalId
from vault.protocol.kinds import Part
from vault.protocol.limits import ZERO32
from vault.protocol.naming import find_journal
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Body, Opening
from vault.protocol.submission import Parts
from vault.protocol.vocabulary import JournalKind
from vault.server.sequencer.facts_engagement import EngagementRows
from vault.server.sequencer.facts_escalations import EscalationRows, is_escalation
from vault.server.sequencer.facts_keys import KeyringRows, KeysRows
from vault.server.sequencer.journal import JournalTip, find_tip
from vault.server.sequencer.parts import require_opening_salt

Turn = tuple[bytes, bool]
"""Where a write stands among those of one transaction."""


def turn_of(body: Body) -> Turn:
    """The turn of a statement, one for each journal that it may be the first to lock.

    Transactions that take their statements by turns lock journals in one order, so that none waits for one that waits
    for it: a person's keys before their keyring, and an engagement before its escalations, which share its turn.

    Raises: Refused(statement-malformed) for a type without a journal.
    """
    journal = _require_journal(body)
    return journal.subject, journal.kind is JournalKind.KEYRING


def _require_journal(body: Body) -> JournalId:
    journal = find_journal(body)
    if journal is None:
        raise Refused(Code.STATEMENT_MALFORMED)
    return journal


def lock_tip(connection: Connection, body: Body) -> tuple[JournalId, JournalTip | None]:
    """The journal that takes the statement, its account's or its engagement's, and where it stands.

    It is locked until the transaction ends, before anything else is asked. Escalations are decided by the engagement's
    rows, so that journal is locked too, and first. An opening belongs to the escalations when it names one.

    Raises: Refused(statement-malformed) for a type without a journal.
    """
    journal = _require_journal(body)
    if journal.kind is JournalKind.ESCALATIONS:
        find_tip(connection, JournalId(JournalKind.ENGAGEMENT, journal.subject))
    tip = find_tip(connection, journal)
    if isinstance(body, Opening) and is_escalation(connection, journal.subject, body.of):
        journal = JournalId(JournalKind.ESCALATIONS, journal.subject)
        tip = find_tip(connection, journal)
    return journal, tip


def open_tip(connection: Connection, journal: JournalId, parts: Parts, body: Body) -> JournalTip:
    """The start of a journal that this statement may open, with the salt that came beside it.

    Raises: Refused(not-found) where another type than this opens that journal, (part-missing | part-mismatch) where its
    salt is missing or another.
    """
    if journal.kind is JournalKind.KEYS:
        return JournalTip(journal, START, ZERO32)
    if journal.kind is JournalKind.ESCALATIONS:
        engagement = find_tip(connection, JournalId(JournalKind.ENGAGEMENT, journal.subject))
        if engagement is not None:
            return JournalTip(journal, START, engagement.salt)
    elif Part.SALT in body.row.parts:
        return JournalTip(journal, START, require_opening_salt(parts, body))
    raise Refused(Code.NOT_FOUND)


def open_facts(connection: Connection, tip: JournalTip, deployment: KeysFact) -> Facts:
    """The facts of the journal at `tip`, read within this transaction."""
    journal = tip.journal
    if journal.kind is JournalKind.KEYS:
        return KeysRows(connection, journal.subject)
    if journal.kind is JournalKind.KEYRING:
        return KeyringRows(connection, journal.subject, tip.salt)
    engagement = EngagementRows(connection, journal.subject, tip.salt, deployment)
    return EscalationRows(engagement) if journal.kind is JournalKind.ESCALATIONS else engagement
