"""The newest checkpoint, tiles and entry bundles, out of the rows of the log."""

from sqlalchemy import BigInteger, Connection, bindparam, select

from vault.server.storage.tables import TLOG_ROW, leaves, tiles, tlog
from vault.tlog.hashing import leaf_hash
from vault.tlog.tiles import TILE_WIDTH, Bundle, Tile, bundle_bytes

_CHECKPOINT = select(tlog.c.checkpoint).where(tlog.c.id == TLOG_ROW)
_START, _END = bindparam("start", type_=BigInteger()), bindparam("end", type_=BigInteger())
_ENTRIES = select(leaves.c.entry).where(leaves.c.leaf >= _START, leaves.c.leaf < _END).order_by("leaf")
_HASHES = (
    select(tiles.c.hash)
    .where(tiles.c.level == bindparam("level"), tiles.c.number >= _START, tiles.c.number < _END)
    .order_by("number")
)


def find_checkpoint(connection: Connection) -> bytes | None:
    """The newest signed checkpoint; None before the log's first entry."""
    found: bytes | None = connection.execute(_CHECKPOINT).scalar_one()
    return found


def find_tile_bytes(connection: Connection, tile: Tile) -> bytes | None:
    """The hashes of a tile, one behind the other; None where the log has not that many."""
    if tile.level == 0:
        hashes = [leaf_hash(entry) for entry in _entries(connection, tile)]
    else:
        rows = connection.execute(_HASHES, {"level": tile.level, **_range(tile)})
        hashes = [row.hash for row in rows]
    return b"".join(hashes) if len(hashes) == tile.width else None


def find_bundle_bytes(connection: Connection, bundle: Bundle) -> bytes | None:
    """The entries of a bundle, each behind its length; None where the log has not that many."""
    entries = _entries(connection, bundle)
    return bundle_bytes(entries) if len(entries) == bundle.width else None


def _entries(connection: Connection, part: Tile | Bundle) -> list[bytes]:
    return [row.entry for row in connection.execute(_ENTRIES, _range(part))]


def _range(part: Tile | Bundle) -> dict[str, int]:
    start = part.index * TILE_WIDTH
    return {"start": start, "end": start + part.width}
