"""The search of the log for entries that a server withholds, and for second ones in the place of those that are known.

A receipt shows that the log holds an entry, never that it is the newest. Who holds a journal's salt computes the tag of
the next one, and reads the log's entries from its first leaf on: each once, 64 bytes a leaf. It counts for itself, and
believes no receipt where an entry stands: a server could have appended a copy behind what it withholds. What is found
makes the journal longer than it was; whoever reads it then refuses a shorter one.

Source: docs/protocol.md section 10.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from vault.client.device.session import Session
from vault.client.errors import ForkDetected, LogTileError
from vault.client.log.checkpoints import confirm, fetch_tlog, load, refuse_tlog
from vault.client.log.verifying import break_journal
from vault.client.network.calls import Act
from vault.protocol.journal import JournalId
from vault.protocol.leaf import leaf_tag
from vault.protocol.limits import DAY_SECONDS, HASH_BYTES
from vault.protocol.vocabulary import JournalKind
from vault.tlog.errors import TileError
from vault.tlog.frontier import EMPTY
from vault.tlog.hashing import leaf_hash
from vault.tlog.subtrees import Range
from vault.tlog.tiles import TILE_WIDTH, Bundle, all_bundles, count_bundles
from vault.tlog.verified_tree import VerifiedTree

SAVED_EVERY_BUNDLES = 64


@dataclass(slots=True)
class Watched:
    """A journal that is looked for: `found` of its `seq` entries were counted up to here, from leaf `after` on."""

    journal: JournalId
    salt: bytes
    seq: int
    found: int
    after: int

    def tag(self, seq: int) -> bytes:
        """The tag of its entry `seq`."""
        return leaf_tag(self.journal, self.salt, seq)


@dataclass(slots=True)
class Watch:
    """The journals that are looked for, by the tags of all entries that were counted and of the next one."""

    watched: list[Watched]
    by_tag: dict[bytes, tuple[Watched, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Each journal is found by any of its tags."""
        for one in self.watched:
            first = one.found + 1 if one.journal.kind is JournalKind.KEYS else 1  # all entries there have one tag
            for seq in range(first, one.found + 2):
                self.by_tag[one.tag(seq)] = (one, seq)

    def find_second(self, index: int, tag: bytes) -> Watched | None:
        """Take leaf `index` in; the journal to which it is a second leaf for an entry that was counted."""
        one, seq = self.by_tag.get(tag, (None, 0))
        if one is None or index < one.after:
            return None
        if one.journal.kind is not JournalKind.KEYS and seq <= one.found:
            return one
        one.found += 1
        self.by_tag[one.tag(one.found + 1)] = (one, one.found + 1)
        return None


def search(session: Session, journals: Iterable[JournalId] | None = None) -> Act[None]:
    """Read the log's entries up to its newest checkpoint, and know how long these journals are at least (None: all).

    The log's `report` is told how many bundles were read, and of how many. Nothing is asked of the journals; whoever
    reads one compares (`require_not_withheld`).

    Raises: ForkDetected for a second leaf in the place of one that was counted, and where an entry whose receipt was
        shown cannot be counted in its turn; LogError; Unreachable.
    """
    watch = Watch(_watched(session, journals))  # before the request: what is read meanwhile may be newer than its tree
    tree = yield from confirm(session)
    start = min((one.after for one in watch.watched), default=tree.size)
    bundles = all_bundles(start, tree.size) if start < tree.size else ()
    count = count_bundles(tree.size) - start // TILE_WIDTH
    for number, bundle in enumerate(bundles, 1):
        end = bundle.index * TILE_WIDTH + bundle.width
        entries = yield from fetch_entries(session, tree, bundle)
        for index, entry in enumerate(entries, end - bundle.width):
            second = watch.find_second(index, entry[:HASH_BYTES])
            if second is not None:
                _refuse(session, second.journal, "the log holds two leaves for one entry", index)
        session.verified.tlog.report(number, count)
        if number % SAVED_EVERY_BUNDLES == 0:
            _settle(session, watch, end)
    for one in watch.watched:
        if one.found < one.seq:
            _refuse(session, one.journal, "the log does not hold its entries one after the other", tree.size)
    _settle(session, watch, tree.size)
    if journals is None:
        session.verified.tlog.searched_at = session.now()
    session.save()


def search_daily(session: Session) -> Act[None]:
    """Search for all journals where the last time is a day ago. Raises: as `search`."""
    if session.now() >= session.verified.tlog.searched_at + DAY_SECONDS:
        yield from search(session)


def fetch_entries(session: Session, tree: VerifiedTree, bundle: Bundle) -> Act[tuple[bytes, ...]]:
    """The entries of a bundle, verified against the tree. Raises: LogTileError; Unreachable."""
    start = bundle.index * TILE_WIDTH
    part = Range(start, start + bundle.width)
    yield from load(session, tree, [part])
    raw = yield from fetch_tlog(bundle.path)
    try:
        entries = bundle.entries(raw)
        if EMPTY.append(leaf_hash(entry) for entry in entries).frontier.root != tree.hash_of(part):
            raise TileError("expected the entries whose hashes the tree holds")
    except TileError as error:
        refuse_tlog(session, LogTileError("entries", "expected the entries of the log that was signed"), [], error)
    return entries


def _watched(session: Session, journals: Iterable[JournalId] | None) -> list[Watched]:
    found = []
    for journal in session.verified.tlog.marks if journals is None else journals:
        mark, salt = session.verified.tlog.find_mark(journal), session.find_salt(journal)
        if salt is not None:
            found.append(Watched(journal, salt, mark.seq, mark.found, mark.after))
    return found


def _settle(session: Session, watch: Watch, end: int) -> None:
    for one in watch.watched:
        session.verified.tlog.settle(one.journal, one.found, max(one.after, end))


def _refuse(session: Session, journal: JournalId, why: str, index: int) -> None:
    error = ForkDetected("journal", f"expected one history; {why}")
    pinned = "" if session.verified.tlog.pinned is None else session.verified.tlog.pinned.to_bytes().decode()
    break_journal(session, journal, error, {"leaf": index, "checkpoint": pinned})
    raise error
