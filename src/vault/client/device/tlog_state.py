"""What one person's devices know of the transparency log: its key, its newest verified checkpoint, what is searched.

Source: docs/protocol.md section 10.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from vault.client.errors import LogKeyError, VerificationError
from vault.protocol.journal import JournalId
from vault.tlog.checkpoint import Checkpoint, SignedCheckpoint
from vault.tlog.signed_note import VerifierKey
from vault.tlog.verified_tree import VerifiedTree


@dataclass(frozen=True, slots=True)
class LeafMark:
    """A journal has at least `seq` entries; the search counted `found` of them among the log's first `after` leaves.

    Receipts and the search make `seq` larger. Only the search moves `found` and `after`: a receipt says where one leaf
    stands, and nothing of those before it.
    """

    seq: int = 0
    found: int = 0
    after: int = 0


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
    """Two checkpoints that the log has signed and that contradict each other: nothing of it is believed any more."""
    is_failing: bool = False
    """Whether the last answer of the log was none that can be believed, which was told then."""
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

    def confirm(self, notes: Iterable[bytes], head: SignedCheckpoint) -> bool:
        """Pin `head`, which was proven to continue those checkpoints.

        False where another act was faster: it pinned one that is not among them. Then `head` is to be compared with it.
        """
        proven = set(notes)
        self.confirmed |= proven
        for note in proven:
            self.unconfirmed.pop(note, None)
        pinned = self.pinned
        if pinned is not None and pinned.checkpoint != head.checkpoint and pinned.to_bytes() not in proven:
            self.unconfirmed[head.to_bytes()] = head.checkpoint
            return False
        self.pinned = head
        return True

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

    def find_mark(self, journal: JournalId) -> LeafMark:
        """What is known of a journal's leaves; of one that is not known, nothing."""
        return self.marks.get(journal, LeafMark())

    def begin(self, journal: JournalId) -> None:
        """A journal is made by this very device: none of the leaves that are pinned by now can be of it."""
        if self.pinned is not None:
            self.marks[journal] = LeafMark(after=self.pinned.checkpoint.size)

    def mark(self, journal: JournalId, seq: int) -> None:
        """The log holds entry `seq` of a journal, somewhere."""
        if seq > self.owed(journal):
            self.marks[journal] = replace(self.find_mark(journal), seq=seq)

    def settle(self, journal: JournalId, found: int, after: int) -> None:
        """The search counted `found` entries of a journal among the first `after` leaves."""
        known = self.find_mark(journal)
        if after >= known.after:  # else another search was faster
            self.marks[journal] = LeafMark(max(known.seq, found), found, after)

    def owed(self, journal: JournalId) -> int:
        """How many entries a journal has at least, by what the log holds."""
        return self.find_mark(journal).seq
