"""One journal, entry by entry: ids, signatures, heads and marks recomputed, policy replayed from zero.

Source: docs/protocol.md sections 3, 4 and 10.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass

from vault.errors import FormatError, InvalidKeyError, SignatureError
from vault.policy.facts import Effect
from vault.policy.replay import ReplayedJournal, append
from vault.protocol.envelope import Envelope, Statement
from vault.protocol.journal import START, JournalId, Position, entry_head, salt_sha256, seen_mark
from vault.protocol.leaf import leaf_entry
from vault.protocol.naming import find_salt_sha256
from vault.protocol.problems import Refused
from vault.protocol.vocabulary import JOURNAL_KIND_CODES, StatementType
from vault.reconcile.expected import Expected, name_key
from vault.reconcile.findings import Code, Finding, Value
from vault.reconcile.records import Record


@dataclass(frozen=True, slots=True)
class Entry:
    """A statement that stands at its place, and what policy makes of it there."""

    statement: Statement
    position: Position
    effects: tuple[Effect, ...]


class Journal:
    """The rows of one journal.

    Once it was read, `is_whole` says whether all of it was replayed, and `unknown` which entries have a leaf that
    cannot be computed.
    """

    def __init__(
        self,
        journal: JournalId,
        audience: str,
        start: Callable[[bytes], ReplayedJournal],
        expected: Expected,
        explain: Callable[[Entry], None],
        notice: Callable[[Statement], None] = lambda _: None,
    ) -> None:
        """`start` gives the empty state of a journal with this salt; `explain` is given each entry that stands.

        `notice` is given every statement that has its id, whether or not it stands. The journal's leaves are put into
        `expected`.
        """
        self.id = journal
        self.state: ReplayedJournal | None = None
        self.is_whole = True
        self.unknown: set[int] = set()
        self._audience = audience
        self._start = start
        self._expected = expected
        self._explain = explain
        self._notice = notice
        self._salt: bytes | None = None
        self._seq = 0
        self._time = 0
        self._heads = [START.head]
        self._names: dict[str, Value] = {"kind": JOURNAL_KIND_CODES[journal.kind], "subject": journal.subject}

    def read(self, row: Record | None, entries: Iterable[Record], salt: bytes | None = None) -> Iterator[Finding]:
        """What is wrong with the entries, and with the journal's own row.

        `salt` is the one that it must have where something else fixes it; otherwise its first entry does.
        """
        for number, entry in enumerate(entries):
            statement = yield from self._parse(entry)
            if number == 0:
                yield from self._open(row, salt, statement)
            yield from self._take(entry, statement)
        yield from self._end(row)
        if not self.is_whole and (self._seq or row is not None):
            yield Finding(Code.NOT_REPLAYED, "journals", self._names)

    def _parse(self, row: Record) -> Generator[Finding, None, Statement | None]:
        """The statement of a row, or None where it is none, after what is wrong with it."""
        signatures = tuple(each for each in (row["signature"], row["second_signature"]) if each is not None)
        envelope = Envelope(StatementType(row["type"]), row["payload"], signatures)
        statement: Statement | None = None
        if envelope.id != row["statement"]:
            yield self._finding(Code.STATEMENT_ID, row)
        try:
            statement = Statement.of(envelope)
        except FormatError:
            yield self._finding(Code.STATEMENT_MALFORMED, row)
        if statement is not None and statement.body.audience != self._audience:
            yield self._finding(Code.STATEMENT_MALFORMED, row)
            statement = None
        if statement is not None:
            if statement.id == row["statement"]:
                self._notice(statement)
            if row["signer"] != statement.body.by:
                yield self._finding(Code.VALUE_DIFFERS, row, "signer")
            if row["uid"] != statement.body.id:
                yield self._finding(Code.VALUE_DIFFERS, row, "uid")
        return statement

    def _open(self, row: Record | None, salt: bytes | None, first: Statement | None) -> Iterator[Finding]:
        """The salt is known from elsewhere, or committed to by the first statement."""
        stored = None if row is None else row["salt"]
        committed = None if first is None else find_salt_sha256(first.body)
        if salt is None and stored is not None and salt_sha256(stored) == committed:
            salt = stored
        if salt is None:
            self.is_whole = False
            if row is not None and first is not None:
                yield Finding(Code.VALUE_DIFFERS, "journals", self._names, "salt")
            return
        self._salt = salt
        if row is not None and stored != salt:
            yield Finding(Code.VALUE_DIFFERS, "journals", self._names, "salt")
        self.state = self._start(salt)

    def _take(self, row: Record, statement: Statement | None) -> Iterator[Finding]:
        seq, head = row["seq"], row["head"]
        if seq != self._seq + 1:
            yield Finding(Code.ROW_MISSING, "statements", {**self._names, "seq": self._seq + 1})
            self.is_whole = False
            self._heads = []
        chained = self._chain(row, statement)
        if chained is None:
            yield self._finding(Code.HEAD_BROKEN, row, "head")
        self._seq, self._time = seq, row["time"]
        if statement is None or chained is None or statement.id != row["statement"] or self.state is None:
            self.is_whole = False
        if self._salt is None or chained is None:
            self.unknown.add(seq)
            return
        if row["seen_mark"] != seen_mark(self._salt, seq, head):
            yield self._finding(Code.VALUE_DIFFERS, row, "seen_mark")
        if self.is_whole and statement is not None and self.state is not None:
            yield from self._replay(self.state, statement, row)
        place = Position(seq, row["time"], head)
        self._expected.put("leaves", **self._names, seq=seq, entry=leaf_entry(self.id, self._salt, place, chained))

    def _chain(self, row: Record, statement: Statement | None) -> bytes | None:
        """The statement id with which the head follows; None where it follows with none.

        After a break the next head may follow from what stands here or from what should, and after a gap from anything.
        """
        ids = [row["statement"], *([] if statement is None else [statement.id])]
        heads = {
            entry_head(self.id, row["seq"], row["time"], before, each): each for before in self._heads for each in ids
        }
        is_after_gap = not self._heads
        chained = row["statement"] if is_after_gap else heads.get(row["head"])
        self._heads = [row["head"]] if chained is not None else [row["head"], *heads]
        return chained

    def _replay(self, state: ReplayedJournal, statement: Statement, row: Record) -> Iterator[Finding]:
        try:
            effects = append(state, statement, row["time"])
        except (SignatureError, InvalidKeyError):
            self.is_whole = False
            yield self._finding(Code.SIGNATURE_WRONG, row)
            return
        except Refused as refused:
            self.is_whole = False
            yield self._finding(Code.POLICY_REFUSES, row, detail=refused.code)
            return
        newest = state.find_newest(statement.body.by)
        if newest is None or newest.seen != row["seen_seq"]:
            yield self._finding(Code.VALUE_DIFFERS, row, "seen_seq")
        self._explain(Entry(statement, state.position, effects))

    def _end(self, row: Record | None) -> Iterator[Finding]:
        """The journal's row says where its newest entry is."""
        if row is None:
            if self._seq:
                self.is_whole = False
                yield Finding(Code.ROW_MISSING, "journals", self._names)
            return
        if row["seq"] > self._seq:
            self.is_whole = False
            yield Finding(Code.ROW_MISSING, "statements", {**self._names, "seq": self._seq + 1})
            return
        if row["seq"] < self._seq:
            yield Finding(Code.VALUE_DIFFERS, "journals", self._names, "seq")
        if row["time"] != self._time:
            yield Finding(Code.VALUE_DIFFERS, "journals", self._names, "time")
        if row["head"] not in self._heads:
            yield Finding(Code.VALUE_DIFFERS, "journals", self._names, "head")

    def _finding(self, code: Code, row: Record, column: str | None = None, detail: str | None = None) -> Finding:
        return Finding(code, "statements", name_key("statements", row), column, detail)
