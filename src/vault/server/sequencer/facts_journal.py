"""The facts that every journal has, read from its rows and cached for one decision."""

from sqlalchemy import Connection, bindparam, select

from vault.policy.facts import Newest
from vault.protocol.journal import START, JournalId, seen_mark
from vault.protocol.vocabulary import JOURNAL_KIND_CODES
from vault.server.storage.prepared import Prepared
from vault.server.storage.tables import statements

_NEWEST = Prepared(
    select(statements.c.statement, statements.c.seen_seq)
    .where(
        statements.c.kind == bindparam("kind"),
        statements.c.subject == bindparam("subject"),
        statements.c.signer == bindparam("signer"),
    )
    .order_by(statements.c.seq.desc())
    .limit(1)
)
_SEEN = Prepared(
    select(statements.c.seq).where(
        statements.c.kind == bindparam("kind"),
        statements.c.subject == bindparam("subject"),
        statements.c.seen_mark == bindparam("mark"),
    )
)


class JournalRows:
    """The rows of one journal, within one transaction."""

    def __init__(self, connection: Connection, journal: JournalId, salt: bytes) -> None:
        """The journal with its 32-byte salt."""
        self.connection = connection
        self.journal = journal
        self.salt = salt
        self.key: dict[str, object] = {"kind": JOURNAL_KIND_CODES[journal.kind], "subject": journal.subject}
        self._newest: dict[bytes, Newest | None] = {}

    def find_newest(self, account: bytes) -> Newest | None:
        """The newest entry here that `account` signed."""
        if account not in self._newest:
            row = _NEWEST.find(self.connection, {**self.key, "signer": account})
            self._newest[account] = None if row is None else Newest(row.statement, row.seen_seq)
        return self._newest[account]

    def find_seen(self, mark: bytes) -> int | None:
        """The seq of the entry whose seen mark this is; 0 for the mark of the empty journal."""
        if mark == seen_mark(self.salt, START.seq, START.head):
            return START.seq
        row = _SEEN.find(self.connection, {**self.key, "mark": mark})
        return None if row is None else int(row.seq)
