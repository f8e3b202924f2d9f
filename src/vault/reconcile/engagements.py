"""Engagements: both journals of each replayed, then every row that hangs on them.

Source: docs/protocol.md section 4.
"""

from collections.abc import Iterator
from functools import partial

from vault.policy.facts import Escalated, KeysFact
from vault.policy.replay import ReplayedEngagement, ReplayedEscalations, ReplayedJournal
from vault.protocol.ids import EngagementId
from vault.protocol.journal import JournalId
from vault.protocol.vocabulary import JournalKind
from vault.reconcile.accounts import Directory
from vault.reconcile.attachments import is_upload, reconcile_parts
from vault.reconcile.contracts import ContractRows
from vault.reconcile.disclosures import DisclosureRows
from vault.reconcile.expected import Expected
from vault.reconcile.findings import Finding
from vault.reconcile.items import ContentRows
from vault.reconcile.journals import Entry, Journal
from vault.reconcile.ledger import LEDGER
from vault.reconcile.records import Record, Source, Stream, list_groups
from vault.reconcile.shelves import Shelf

_COMPARED = (*ContractRows.TABLES, *ContentRows.TABLES, *DisclosureRows.TABLES)
_PARTS = ("attachments", "attachment_parts", "discarded_parts")


class _Engagement:
    """One engagement while it is read: its journals' state, and the rows that they make."""

    def __init__(self, subject: bytes, deployment: KeysFact, directory: Directory) -> None:
        self.subject = subject
        self.expected = Expected()
        self.content = ContentRows(subject, self.expected)
        self._contracts = ContractRows(subject, self.expected)
        self._disclosures = DisclosureRows(subject, self.expected)
        self._deployment = deployment
        self._directory = directory
        self.state: ReplayedEngagement | None = None

    def start(self, salt: bytes) -> ReplayedJournal:
        """The empty state of the engagement's own journal."""
        self.state = ReplayedEngagement(EngagementId(self.subject), salt, self._deployment, self._directory.find)
        return self.state

    def start_escalations(self, salt: bytes) -> ReplayedJournal:
        """The empty state of its escalations, beside what was replayed of the engagement."""
        state = self.state or ReplayedEngagement(
            EngagementId(self.subject), salt, self._deployment, self._directory.find
        )
        return ReplayedEscalations(state)

    def take(self, entry: Entry) -> None:
        """Take over the rows that an entry makes."""
        self.content.add_parts(entry)
        for effect in entry.effects:
            taken = [
                self._contracts.take(entry, effect),
                self.content.take(entry, effect),
                self._disclosures.take(entry, effect),
            ]
            if not any(taken):
                raise TypeError(f"expected an effect whose rows are known, not {type(effect).__name__}")
            if isinstance(effect, Escalated) and effect.escalation.account is not None:
                self._contracts.add_contact(effect.escalation.account)

    def compare(self, tables: dict[str, Stream]) -> Iterator[Finding]:
        """What is wrong with the rows of the engagement."""
        for name in _COMPARED:
            yield from self.expected.compare(name, tables[name].take(self.subject))
        uploads: dict[bytes, Record] = {}

        def is_excused(row: Record) -> bool:
            if is_upload(row):
                uploads[row["attachment"]] = row
            return is_upload(row)

        attachments, parts, discarded = (tables[name].take(self.subject) for name in _PARTS)
        yield from self.expected.compare("attachments", attachments, is_excused)
        yield from reconcile_parts(self.subject, self.content.attached, uploads, parts, discarded)


def reconcile_engagements(
    source: Source, audience: str, deployment: KeysFact, directory: Directory
) -> Iterator[Finding]:
    """What is wrong with engagements, in the order of their ids. `directory` has the keys of all accounts."""
    main, beside = Shelf(source, JournalKind.ENGAGEMENT), Shelf(source, JournalKind.ESCALATIONS)
    tables = {name: Stream(source.rows(name, _order(name)), "engagement") for name in (*_COMPARED, *_PARTS)}
    for subject in list_groups([*main.streams, *beside.streams, *tables.values()]):
        one = _Engagement(subject, deployment, directory)
        read = partial(Journal, audience=audience, expected=one.expected, explain=one.take)
        journal = read(JournalId(JournalKind.ENGAGEMENT, subject), start=one.start)
        yield from main.read(journal, one.expected)
        escalations = read(JournalId(JournalKind.ESCALATIONS, subject), start=one.start_escalations)
        escalations.is_whole = journal.is_whole  # what the engagement decides is a fact of theirs
        salt = None if one.state is None else one.state.salt
        yield from beside.read(escalations, one.expected, salt)
        if journal.is_whole and escalations.is_whole:
            yield from one.compare(tables)


def _order(table: str) -> tuple[str, ...]:
    """By engagement, then as its key tells rows apart."""
    return ("engagement", *(name for name in LEDGER[table].key if name != "engagement"))
