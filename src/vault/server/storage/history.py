"""Recompute what nobody may have changed: every head of every journal, every leaf, and the root of the log.

All of it follows from the rows of the statements, so a database that was damaged, cut or put together wrongly is
noticed here. It reads everything once, in the order in which it lies. Source: docs/protocol.md sections 4 and 10.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from vault.errors import FormatError, VaultError
from vault.protocol.journal import START, JournalId, Position, next_position
from vault.protocol.leaf import leaf_entry
from vault.protocol.vocabulary import JOURNAL_KIND_CODES
from vault.reconcile.everything import Progress as Progress
from vault.server.storage.tables import journals, leaves, statements, tiles, tlog
from vault.tlog.checkpoint import Checkpoint, SignedCheckpoint
from vault.tlog.frontier import Frontier
from vault.tlog.hashing import EMPTY_ROOT, leaf_hash
from vault.tlog.signed_note import VerifierKey

ROWS = 1_000
"""How many rows are held at once."""

_KINDS = {code: kind for kind, code in JOURNAL_KIND_CODES.items()}
_ENTRIES = (
    select(
        statements.c.kind,
        statements.c.subject,
        statements.c.seq,
        statements.c.time,
        statements.c.head,
        statements.c.statement,
        journals.c.salt,
        leaves.c.entry,
    )
    .join(journals, (journals.c.kind == statements.c.kind) & (journals.c.subject == statements.c.subject))
    .outerjoin(
        leaves,
        (leaves.c.kind == statements.c.kind)
        & (leaves.c.subject == statements.c.subject)
        & (leaves.c.seq == statements.c.seq),
    )
    .order_by(statements.c.kind, statements.c.subject, statements.c.seq)
)
_ENDS = select(journals.c.kind, journals.c.subject, journals.c.seq, journals.c.time, journals.c.head)
_LEAVES = select(leaves.c.leaf, leaves.c.entry).order_by(leaves.c.leaf)
_TILES = select(tiles.c.level, tiles.c.number, tiles.c.hash)


class HistoryError(VaultError):
    """Journals or a log that are not what their statements make them."""


def require_journals(connection: Connection, progress: Progress) -> int:
    """The number of statements, if every journal is contiguous, and every head and leaf follows from them and no other.

    Raises: HistoryError.
    """
    total = connection.execute(select(func.count()).select_from(statements)).scalar_one()
    ends: dict[JournalId, Position] = {}
    for done, row in enumerate(_stream(connection, _ENTRIES)):
        if done % ROWS == 0:
            progress("journals", done, total)
        journal = JournalId(_KINDS[row.kind], row.subject)
        before = ends.get(journal, START)
        position = next_position(journal, before, row.time, row.statement)
        if position != Position(row.seq, row.time, row.head) or row.time < before.time:
            raise HistoryError("a journal is not what its statements make it: restore a backup")
        if row.entry != leaf_entry(journal, row.salt, position, row.statement):
            raise HistoryError("the log does not hold a statement that a journal holds: restore a backup")
        ends[journal] = position
    for kind, subject, *end in connection.execute(_ENDS):
        if ends.pop(JournalId(_KINDS[kind], subject), START) != Position(*end):
            raise HistoryError("a journal ends before its newest entry: restore a backup")
    if connection.execute(select(func.count()).select_from(leaves)).scalar_one() != total:
        raise HistoryError("the log holds a statement that no journal holds: restore a backup")
    progress("journals", total, total)
    return int(total)


def read_checkpoint(connection: Connection, log: VerifierKey) -> tuple[Checkpoint, bytes | None]:
    """The newest checkpoint, verified, and its bytes; for a log without entries its empty tree, and None.

    Raises: HistoryError for one that this deployment's log has not signed.
    """
    raw = connection.execute(select(tlog.c.checkpoint)).scalar_one()
    if raw is None:
        return Checkpoint(log.name, 0, EMPTY_ROOT), None
    try:
        return SignedCheckpoint.parse(raw).verify([log]), raw
    except FormatError:
        raise HistoryError(
            "the log's checkpoint is not signed by this deployment: secrets.toml or the audience is not its own"
        ) from None


def require_log(connection: Connection, log: VerifierKey, progress: Progress) -> Checkpoint:
    """The newest checkpoint, if root, right edge and tiles are those of the leaves. Raises: HistoryError."""
    checkpoint, _ = read_checkpoint(connection, log)
    upper = {(row.level, row.number): row.hash for row in connection.execute(_TILES)}
    tree = Frontier(0, ())
    rows = _stream(connection, _LEAVES)
    while batch := list(islice(rows, ROWS)):
        if [row.leaf for row in batch] != list(range(tree.size, tree.size + len(batch))):
            raise HistoryError("the log has a gap: restore a backup")
        appended = tree.append([leaf_hash(row.entry) for row in batch])
        tree = appended.frontier
        for level, number, value in appended.tile_hashes:
            if level and upper.pop((level, number), None) != value:
                raise HistoryError("a tile of the log is not that of its entries: restore a backup")
        progress("log", tree.size, checkpoint.size)
    stored = Frontier.parse(connection.execute(select(tlog.c.frontier)).scalar_one())
    if upper or stored != tree or (tree.size, tree.root) != (checkpoint.size, checkpoint.root):
        raise HistoryError("the log's checkpoint is not that of its entries: restore a backup")
    return checkpoint


def _stream(connection: Connection, query: Select[Any]) -> Iterator[Row[Any]]:
    """The rows one by one, with few in memory."""
    yield from connection.execute(query.execution_options(yield_per=ROWS))
