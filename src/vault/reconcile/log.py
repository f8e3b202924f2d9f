"""The transparency log: every receipt, and the root, the right edge and the tiles of all leaves.

Leaves come in their order, once. A receipt names a tree that is at most a batch of writes larger than its leaf, so what
waits for that tree to grow is little. Source: docs/protocol.md section 10.
"""

from collections.abc import Iterator

from vault.errors import FormatError
from vault.reconcile.expected import name_key
from vault.reconcile.findings import Code, Finding
from vault.reconcile.records import Record, Source
from vault.tlog.checkpoint import Checkpoint, SignedCheckpoint
from vault.tlog.frontier import EMPTY, Frontier
from vault.tlog.hashing import leaf_hash
from vault.tlog.inclusion import verify_inclusion
from vault.tlog.proof import split_proof
from vault.tlog.signed_note import VerifierKey

_NOTES_MAXIMUM = 64
_LEAVES_AT_ONCE = 1_000


class _Log:
    """The log while its leaves are read. `is_whole` as long as the tree can be that of the signed checkpoints."""

    def __init__(self, key: VerifierKey) -> None:
        self.tree: Frontier = EMPTY
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.is_whole = True
        self.next = 0
        self._key = key
        self._new: list[bytes] = []
        self._roots: dict[int, tuple[bytes, Record]] = {}
        self._notes: dict[bytes, Checkpoint] = {}

    def take(self, row: Record) -> Iterator[Finding]:
        """What is wrong with the next leaf."""
        if row["leaf"] != self.next and self.is_whole:
            self.is_whole = False
            yield Finding(Code.LOG_GAP, "leaves", {"leaf": self.next})
        value = leaf_hash(row["entry"])
        self.next = row["leaf"] + 1
        self._new.append(value)
        try:
            checkpoint = self._verify(row, value)
        except FormatError:
            yield Finding(Code.RECEIPT_WRONG, "leaves", name_key("leaves", row), "receipt")
        else:
            root, _ = self._roots.setdefault(checkpoint.size, (checkpoint.root, row))
            if root != checkpoint.root:
                self.is_whole = False
                yield Finding(Code.ROOT_DIFFERS, "leaves", name_key("leaves", row), "receipt")
        if self.next in self._roots or len(self._new) == _LEAVES_AT_ONCE:
            yield from self._grow()

    def _verify(self, row: Record, value: bytes) -> Checkpoint:
        """The checkpoint of the receipt. Raises: FormatError unless it is this log's, and proves this leaf."""
        index, hashes, note = split_proof(row["receipt"])
        checkpoint = self._notes.get(note)
        if checkpoint is None:
            checkpoint = read_checkpoint(note, self._key)
            if len(self._notes) == _NOTES_MAXIMUM:
                self._notes.clear()
            self._notes[note] = checkpoint
        if index != row["leaf"]:
            raise FormatError("expected the leaf's own number")
        verify_inclusion(value, index, checkpoint.size, checkpoint.root, hashes)
        return checkpoint

    def _grow(self) -> Iterator[Finding]:
        """Append what has come, and hold the root against what was signed of a tree of that size."""
        appended = self.tree.append(self._new)
        self._new = []
        self.tree = appended.frontier
        self.tiles.update({(one.level, one.number): one.hash for one in appended.tile_hashes if one.level})
        signed = self._roots.pop(self.tree.size, None)
        if self.is_whole and signed is not None and signed[0] != self.tree.root:
            self.is_whole = False
            yield Finding(Code.ROOT_DIFFERS, "leaves", {**name_key("leaves", signed[1]), "size": self.tree.size})

    def end(self) -> Iterator[Finding]:
        """What is wrong once all leaves have come: receipts of a larger tree than there is."""
        yield from self._grow()
        if self._roots and self.is_whole:
            self.is_whole = False
            yield Finding(Code.LOG_GAP, "leaves", {"leaf": self.next}, detail=f"{max(self._roots)} were signed")


def reconcile_log(source: Source, key: VerifierKey) -> Iterator[Finding]:
    """What is wrong with the log, whose checkpoints are signed with `key`, leaf by leaf and then as a whole."""
    log = _Log(key)
    for row in source.rows("leaves", ("leaf",)):
        yield from log.take(row)
    yield from log.end()
    state = next(source.rows("tlog", ("id",)), None)
    if state is None:
        yield Finding(Code.ROW_MISSING, "tlog", {"id": 1})
        return
    yield from _compare_state(state, log, key)
    if log.is_whole:
        yield from _compare_tiles(source, log)


def _compare_state(state: Record, log: _Log, key: VerifierKey) -> Iterator[Finding]:
    """The right edge, and the newest checkpoint: signed by the log, over all leaves."""
    row = name_key("tlog", state)
    if log.is_whole and state["frontier"] != log.tree.to_bytes():
        yield Finding(Code.VALUE_DIFFERS, "tlog", row, "frontier")
    if state["checkpoint"] is None:
        if log.tree.size:
            yield Finding(Code.VALUE_DIFFERS, "tlog", row, "checkpoint")
        return
    try:
        checkpoint = read_checkpoint(state["checkpoint"], key)
    except FormatError:
        yield Finding(Code.CHECKPOINT_UNSIGNED, "tlog", row, "checkpoint")
        return
    if (checkpoint.size, checkpoint.root) != (log.tree.size, log.tree.root):
        yield Finding(Code.ROOT_DIFFERS, "tlog", row, "checkpoint")


def _compare_tiles(source: Source, log: _Log) -> Iterator[Finding]:
    """The upper tiles; the lowest are the leaves themselves."""
    for row in source.rows("tiles", ("level", "number")):
        expected = log.tiles.pop((row["level"], row["number"]), None)
        if expected is None:
            yield Finding(Code.ROW_UNEXPLAINED, "tiles", name_key("tiles", row))
        elif row["hash"] != expected:
            yield Finding(Code.VALUE_DIFFERS, "tiles", name_key("tiles", row), "hash")
    for level, number in log.tiles:
        yield Finding(Code.ROW_MISSING, "tiles", {"level": level, "number": number})


def read_checkpoint(note: bytes, key: VerifierKey) -> Checkpoint:
    """The checkpoint that a note spells, signed by the log and by nobody else.

    Raises: FormatError.
    """
    signed = SignedCheckpoint.parse(note)
    if len(signed.signatures) != 1:
        raise FormatError("expected one signature, the log's own")
    return signed.verify([key])
