"""The whole of a deployment, held against what was signed: accounts, engagements, introductions, and the log.

Journals are read one by one, so what is in memory at once is one journal with its rows, and the keys of all accounts.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from vault.policy.facts import KeysFact
from vault.protocol.vocabulary import JOURNAL_KIND_CODES, JournalKind
from vault.reconcile.accounts import Directory, reconcile_accounts, reconcile_introductions
from vault.reconcile.engagements import reconcile_engagements
from vault.reconcile.expected import name_key
from vault.reconcile.findings import Code, Finding
from vault.reconcile.log import reconcile_log
from vault.reconcile.records import Record, Source
from vault.tlog.signed_note import VerifierKey

Progress = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done, and how much there is."""

_TOLD_ROWS = 200
_JOURNALED = ("journals", "statements", "leaves")


@dataclass(frozen=True, slots=True)
class Deployment:
    """Who a deployment is: what its statements name it, its own account and sign key, and its log's key."""

    audience: str
    keys: KeysFact
    log: VerifierKey


def reconcile(source: Source, deployment: Deployment, progress: Progress) -> Iterator[Finding]:
    """Everything that is wrong, as it is found; nothing comes where all of it is as it was signed."""
    told = _Told(source, progress)
    directory = Directory()
    yield from reconcile_accounts(told, deployment.audience, directory)
    yield from reconcile_engagements(told, deployment.audience, deployment.keys, directory)
    yield from reconcile_introductions(source, deployment.audience, directory)
    yield from _reconcile_deployment_journal(source)
    yield from reconcile_log(told, deployment.log)
    told.end()


def _reconcile_deployment_journal(source: Source) -> Iterator[Finding]:
    """The deployment has a journal of its own, for types of statements that do not exist yet."""
    for table in _JOURNALED:
        for row in source.rows(table, ("subject",), JOURNAL_KIND_CODES[JournalKind.DEPLOYMENT]):
            yield Finding(Code.ROW_UNEXPLAINED, table, name_key(table, row))


class _Told:
    """A source that tells how far statements and leaves have come."""

    def __init__(self, source: Source, progress: Progress) -> None:
        self._source = source
        self._progress = progress
        self._totals = {"statements": source.count("statements"), "leaves": source.count("leaves")}
        self._done = dict.fromkeys(self._totals, 0)

    def count(self, table: str) -> int:
        return self._source.count(table)

    def rows(
        self, table: str, order: Sequence[str], kind: int | None = None, columns: Sequence[str] = ()
    ) -> Iterator[Record]:
        rows = self._source.rows(table, order, kind, columns)
        is_told = table in self._totals and not columns
        return self._tell(table, rows) if is_told else rows

    def _tell(self, table: str, rows: Iterator[Record]) -> Iterator[Record]:
        for row in rows:
            yield row
            self._done[table] += 1
            if self._done[table] % _TOLD_ROWS == 0:
                self._progress(table, self._done[table], self._totals[table])

    def end(self) -> None:
        """Everything is done."""
        for table, total in self._totals.items():
            self._progress(table, total, total)
