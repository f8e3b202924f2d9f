"""All journals of one kind: their rows, their statements and their leaves, taken journal by journal."""

from collections.abc import Iterator

from vault.protocol.vocabulary import JOURNAL_KIND_CODES, JournalKind
from vault.reconcile.expected import Expected
from vault.reconcile.findings import Finding
from vault.reconcile.journals import Journal
from vault.reconcile.records import Source, Stream

_LEAF = ("kind", "subject", "seq", "entry")


class Shelf:
    """The streams of one kind of journal, each by subject and then by seq."""

    def __init__(self, source: Source, kind: JournalKind) -> None:
        """Nothing but the first rows is read yet."""
        code = JOURNAL_KIND_CODES[kind]
        self.journals = Stream(source.rows("journals", ("subject",), code), "subject")
        self.statements = Stream(source.rows("statements", ("subject", "seq"), code), "subject")
        self.leaves = Stream(source.rows("leaves", ("subject", "seq"), code, _LEAF), "subject")

    @property
    def streams(self) -> tuple[Stream, Stream, Stream]:
        """All of them."""
        return self.journals, self.statements, self.leaves

    def read(self, journal: Journal, expected: Expected, salt: bytes | None = None) -> Iterator[Finding]:
        """What is wrong with one journal and with its leaves; `expected` is where the journal puts these."""
        subject = journal.id.subject
        row = next(self.journals.take(subject), None)
        yield from journal.read(row, self.statements.take(subject), salt)
        yield from expected.compare("leaves", self.leaves.take(subject), lambda leaf: leaf["seq"] in journal.unknown)
