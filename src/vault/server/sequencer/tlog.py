"""The transparency log as rows: the leaves of a transaction's statements, appended together under one checkpoint.

Everything is computed from the right edge of the tree, which is one row: what lies behind is never read to write. That
row is locked last of all, after the journals, and until the commit, so that all workers append to one order.

Source: docs/protocol.md section 10.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, update

from vault.protocol.journal import JournalId
from vault.protocol.vocabulary import JOURNAL_KIND_CODES
from vault.server.storage.prepared import Prepared
from vault.server.storage.tables import TLOG_ROW, leaves, tiles, tlog
from vault.server.tlog_key import TlogKey
from vault.tlog.checkpoint import Checkpoint, sign_checkpoint
from vault.tlog.frontier import Frontier
from vault.tlog.hashing import leaf_hash
from vault.tlog.proof import TlogProof

_EDGE = Prepared(select(tlog.c.frontier).where(tlog.c.id == TLOG_ROW).with_for_update())
_MOVE = Prepared(
    update(tlog)
    .where(tlog.c.id == TLOG_ROW)
    .values(frontier=bindparam("new_frontier"), checkpoint=bindparam("new_checkpoint"))
)
_LEAVES = Prepared(insert(leaves))
_TILES = Prepared(insert(tiles))


@dataclass(frozen=True, slots=True)
class Leaf:
    """What the log takes of one statement: its 64-byte entry, and where the statement stands in its journal."""

    journal: JournalId
    seq: int
    entry: bytes


def append_leaves(connection: Connection, key: TlogKey, new: Sequence[Leaf]) -> list[bytes]:
    """The receipts of the leaves, in their order: appended after all others, under one signed checkpoint.

    A leaf that is there twice, because its statement was sent twice at once, is appended once. Receipts are true once
    the transaction is durable, and nobody may be given one before.
    """
    unique = list(dict.fromkeys(new))
    if not unique:
        return []
    edge = Frontier.parse(_EDGE.find(connection, {}).frontier)
    appended = edge.append([leaf_hash(leaf.entry) for leaf in unique])
    frontier = appended.frontier
    signed = sign_checkpoint(Checkpoint(key.origin, frontier.size, frontier.root), key.seed)
    receipts = {
        leaf: TlogProof(index, appended.inclusion_proof(index), signed).to_bytes()
        for index, leaf in enumerate(unique, edge.size)
    }
    rows = [
        {
            "leaf": index,
            "kind": JOURNAL_KIND_CODES[leaf.journal.kind],
            "subject": leaf.journal.subject,
            "seq": leaf.seq,
            "entry": leaf.entry,
            "receipt": receipt,
        }
        for index, (leaf, receipt) in enumerate(receipts.items(), edge.size)
    ]
    _LEAVES.run_each(connection, rows)
    # The tiles of level 0 hold the hashes of the entries, which lie in the rows above already.
    upper = [{"level": one.level, "number": one.number, "hash": one.hash} for one in appended.tile_hashes if one.level]
    if upper:
        _TILES.run_each(connection, upper)
    _MOVE.run(connection, {"new_frontier": frontier.to_bytes(), "new_checkpoint": signed.to_bytes()})
    return [receipts[leaf] for leaf in new]
