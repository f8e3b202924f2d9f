"""What one person's devices know of the transparency log: its key, its newest verified checkpoint, what is searched.

Source: docs/protocol.md section 10.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from vault.client.errors import LogKeyError, VerificationError
from vault.protocol.journal import JournalId
from vault.tlog.checkpoint import Checkpoint, SignedCheckpoint
from vault.tlog.signed_note import VerifierKey
from vault.tlog.verified_tree import VerifiedTree


@dataclass(frozen=True, slots=True)
class LeafMark:
    """The log holds `seq` entries of a journal among its first `after` leaves, and the next one is not among them."""

    seq: int
    after: int


@dataclass(slots=True)
class TlogState:
    """The log as this person knows it. `pinned` moves to checkpoints that were proven to continue it, to no other."""

    key: VerifierKey | None = None
    pinned: SignedCheckpoint | None = None
    unconfirmed: dict[bytes, Checkpoint] = field(default_factory=dict)
    """Checkpoints, by the bytes of their notes, that were not compared with the pinned one yet."""
    marks: dict[JournalId, LeafMark] = field(default_factory=dict)
    searched_at: int = 0
    """When all journals were searched last, Unix seconds."""
    # memory alone
    believed: dict[bytes, Checkpoint] = field(default_factory=dict)
    """Checkpoints that the log has signed, by the bytes of their notes; or that a newer one continues."""
    signed: set[bytes] = field(default_factory=set)
    """Those of them whose own signature was verified."""
    confirmed: set[bytes] = field(default_factory=set)
    tree: VerifiedTree | None = None
    """The newest tree that was confirmed, with the tiles of it that were fetched."""
    broken: VerificationError | None = None
    report: Callable[[int, int], None] = lambda _done, _total: None
    """Is told of a search how far it is."""

    def collect(self, note: bytes, checkpoint: Checkpoint) -> None:
        """Have a checkpoint compared with the pinned one, unless it was."""
        if note not in self.confirmed and not (self.pinned and self.pinned.checkpoint == checkpoint):
            self.unconfirmed[note] = checkpoint

    def list_seen(self) -> list[tuple[bytes, Checkpoint]]:
        """What the next checkpoint has to continue."""
        pinned = [] if self.pinned is None else [(self.pinned.to_bytes(), self.pinned.checkpoint)]
        return pinned + list(self.unconfirmed.items())

    def confirm(self, notes: Iterable[bytes], head: SignedCheckpoint) -> None:
        """Pin `head`, which was proven to continue those checkpoints."""
        for note in notes:
            self.confirmed.add(note)
            self.unconfirmed.pop(note, None)
        if self.pinned is None or head.checkpoint.size >= self.pinned.checkpoint.size:
            self.pinned = head
        else:  # another act was faster
            self.collect(head.to_bytes(), head.checkpoint)

    def adopt(self, key: VerifierKey | None, checkpoint: SignedCheckpoint | None) -> None:
        """Take over what another device of this person has verified. Raises: LogKeyError for another key."""
        if None not in (key, self.key) and key != self.key:
            raise LogKeyError("receipt", "expected the log's key that this person's other devices know")
        self.key = self.key or key
        if checkpoint is None:
            return
        if self.pinned is None:
            self.pinned = checkpoint
        else:
            self.collect(checkpoint.to_bytes(), checkpoint.checkpoint)

    def mark(self, journal: JournalId, seq: int, index: int) -> None:
        """Entry `seq` of a journal stands at leaf `index` of the log."""
        known = self.marks.get(journal)
        if known is None or seq > known.seq:
            self.marks[journal] = LeafMark(seq, max(index + 1, 0 if known is None else known.after))

    def owed(self, journal: JournalId) -> int:
        """How many entries a journal has at least, by what the log holds."""
        return self.marks[journal].seq if journal in self.marks else 0
