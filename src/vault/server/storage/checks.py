"""What can be seen to be wrong in a stored database without changing it."""

from sqlalchemy import func, select, text

from vault.errors import VaultError
from vault.server.storage.engine import Storage
from vault.server.storage.tables import journals


class CheckError(VaultError):
    """Something that a check found."""


def require_integrity(storage: Storage) -> None:
    """Return if every page, CHECK constraint and foreign key holds. Raises: CheckError.

    SQLite checks them on demand; PostgreSQL holds them at every write, so nothing is asked of it here.
    """
    if not storage.is_sqlite:
        return
    with storage.reading() as connection:
        answers = list(connection.execute(text("PRAGMA integrity_check")).scalars())
        if answers != ["ok"]:
            raise CheckError("the database is damaged: restore a backup; `PRAGMA integrity_check` tells more")
        if connection.execute(text("PRAGMA foreign_key_check")).first() is not None:
            raise CheckError("rows point to rows that are not there: restore a backup")


def require_clock(storage: Storage, now: int) -> None:
    """Return if no journal entry is newer than `now`, Unix seconds. Raises: CheckError."""
    with storage.reading() as connection:
        newest = connection.execute(select(func.max(journals.c.time))).scalar_one()
    if newest is not None and newest > now:
        raise CheckError(f"this clock is {newest - now} seconds behind the newest journal entry; set it before serving")
