"""How much is stored, for whoever watches a deployment: three numbers of the whole, and nothing of anybody."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, select, text

from vault.server.storage.engine import Storage
from vault.server.storage.tables import attachments, tlog
from vault.tlog.frontier import Frontier

_FRONTIER = select(tlog.c.frontier)
_UNNAMED = select(func.count()).select_from(attachments).where(attachments.c.item.is_(None))


@dataclass(frozen=True, slots=True)
class Figures:
    """Entries of the log, uploads that no item names yet, and the bytes that the database takes."""

    log_entries: int
    uploads_unnamed: int
    database_bytes: int


def read_figures(storage: Storage) -> Figures:
    """The figures of this moment. Raises: Refused(storage-away)."""
    with storage.reading() as connection:
        frontier = Frontier.parse(connection.execute(_FRONTIER).scalar_one())
        unnamed = connection.execute(_UNNAMED).scalar_one()
        return Figures(frontier.size, unnamed, _measure(storage, connection))


def _measure(storage: Storage, connection: Connection) -> int:
    if not storage.is_sqlite:
        measured: int = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
        return measured
    database = Path(storage.engine.url.database or "")
    files = (database, database.with_name(f"{database.name}-wal"))
    return sum(file.stat().st_size for file in files if file.exists())
