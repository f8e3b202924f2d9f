"""What was acknowledged, held against what is stored: written down as it arrives, looked for after each fault."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import select

from vault.protocol.journal import JournalId, Position
from vault.protocol.leaf import leaf_entry
from vault.protocol.vocabulary import JOURNAL_KIND_CODES, JournalKind
from vault.server.storage.engine import Storage
from vault.server.storage.history import require_journals, require_log
from vault.server.storage.tables import leaves, statements
from vault.tlog.checkpoint import Checkpoint, SignedCheckpoint
from vault.tlog.frontier import Frontier
from vault.tlog.hashing import leaf_hash
from vault.tlog.proof import TlogProof
from vault.tlog.signed_note import VerifierKey

_BATCH = 1_000


class Lost(Exception):
    """Something that was acknowledged is not there, or is not what was acknowledged."""


@dataclass(frozen=True)
class Acknowledged:
    """One answer to a write."""

    journal: JournalId
    position: Position
    statement: bytes
    receipt: str


@dataclass
class Truth:
    """Every answer, and every checkpoint that was handed out, by its size."""

    log: VerifierKey
    answers: list[Acknowledged] = field(default_factory=list)
    checkpoints: dict[int, bytes] = field(default_factory=dict)

    def hear(self, salt: bytes, members: dict[str, Any]) -> None:
        """Take an answer down. Raises: Lost where its receipt does not prove it."""
        place = members["journal"]
        journal = JournalId(JournalKind(place["kind"]), bytes.fromhex(place["subject"]))
        position = Position(place["seq"], members["time"], bytes.fromhex(place["head"]))
        statement = bytes.fromhex(members["statement"])
        leaf = leaf_hash(leaf_entry(journal, salt, position, statement))
        self.see(TlogProof.parse(members["receipt"].encode()).verify(leaf, [self.log]))
        self.answers.append(Acknowledged(journal, position, statement, members["receipt"]))

    def see_signed(self, raw: bytes) -> None:
        """Take down a checkpoint that was served."""
        self.see(SignedCheckpoint.parse(raw).verify([self.log]))

    def see(self, checkpoint: Checkpoint) -> None:
        """Take a verified checkpoint down. Raises: Lost where another one of that size was handed out."""
        if self.checkpoints.setdefault(checkpoint.size, checkpoint.root) != checkpoint.root:
            raise Lost(f"two checkpoints of size {checkpoint.size}: the log has forked")

    def require_kept(self, storage: Storage) -> Checkpoint:
        """The log's newest checkpoint, if all that was acknowledged is stored as it was. Raises: Lost, HistoryError."""
        with storage.reading() as connection:
            require_journals(connection, _silent)
            newest = require_log(connection, self.log, _silent)
            query = select(statements.c.kind, statements.c.subject, statements.c.seq, statements.c.time)
            rows = connection.execute(query.add_columns(statements.c.head, statements.c.statement))
            stored = {(row.kind, row.subject, row.seq): (row.time, row.head, row.statement) for row in rows}
            found = connection.execute(select(leaves.c.kind, leaves.c.subject, leaves.c.seq, leaves.c.receipt))
            receipts = {(row.kind, row.subject, row.seq): row.receipt.decode() for row in found}
            entries = connection.execute(select(leaves.c.entry).order_by(leaves.c.leaf)).scalars()
            roots = dict(_roots(entries))
        for one in self.answers:
            key = (JOURNAL_KIND_CODES[one.journal.kind], one.journal.subject, one.position.seq)
            if stored.get(key) != (one.position.time, one.position.head, one.statement):
                raise Lost(f"acknowledged entry {one.position.seq} of {one.journal.subject.hex()} is not there")
            if receipts.get(key) != one.receipt:
                raise Lost(f"the receipt of entry {one.position.seq} is another than the one that was given")
        for size, root in self.checkpoints.items():
            if size and roots.get(size) != root:
                raise Lost(f"the log does not continue the checkpoint of size {size} that was handed out")
        return newest

    def require_backed_up(self, storage: Storage, before: int) -> None:
        """Return if a copy is one moment of the log and holds the first `before` answers. Raises: as `require_kept`."""
        with storage.reading() as connection:
            size = require_log(connection, self.log, _silent).size
        held = [one for one in self.answers if TlogProof.parse(one.receipt.encode()).index < size]
        if held[:before] != self.answers[:before]:
            raise Lost("a backup misses what was acknowledged before it began")
        seen = {at: root for at, root in self.checkpoints.items() if at <= size}
        Truth(self.log, held, seen).require_kept(storage)


def _roots(entries: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """The root at every size."""
    tree, left = Frontier(0, ()), iter(entries)
    while batch := list(islice(left, _BATCH)):
        for entry in batch:
            tree = tree.append([leaf_hash(entry)]).frontier
            yield tree.size, tree.root


def _silent(what: str, done: int, total: int) -> None:
    """Nobody looks."""
