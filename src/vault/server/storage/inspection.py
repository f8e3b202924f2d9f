"""Look over a database without changing it."""

import sqlite3

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import DatabaseError

from vault.errors import VaultError
from vault.server.storage.catalogue import find_undeclared
from vault.server.storage.engine import Storage
from vault.server.storage.tables import journals


class InspectionError(VaultError):
    """Something that stored rows should not be."""


def require_integrity(storage: Storage) -> None:
    """Return if pages, CHECK constraints and foreign keys hold.

    SQLite is asked; PostgreSQL holds them at every write. Raises: InspectionError.
    """
    if not storage.is_sqlite:
        return
    with storage.reading() as connection:
        if _list_damage(connection) != ["ok"]:
            raise InspectionError("the database is damaged: restore a backup; `PRAGMA integrity_check` tells more")
        if connection.execute(text("PRAGMA foreign_key_check")).first() is not None:
            raise InspectionError("rows point to rows that are not there: restore a backup")


def require_declared(storage: Storage) -> None:
    """Return if the database has the tables and columns of the data ledger and no others. Raises: InspectionError."""
    with storage.reading() as connection:
        found = find_undeclared(connection)
    if found:
        raise InspectionError(f"the database differs from what docs/data.md declares: {'; '.join(found)}")


def require_clock(storage: Storage, now: int) -> None:
    """Return if no journal is newer than `now`, Unix seconds. Raises: InspectionError."""
    with storage.reading() as connection:
        newest = connection.execute(select(func.max(journals.c.time))).scalar_one()
    if newest is not None and newest > now:
        raise InspectionError(
            f"this clock is {newest - now} seconds behind the newest journal entry; set it before serving"
        )


def _list_damage(connection: Connection) -> list[str]:
    """What SQLite says of its pages and constraints; `ok` alone where all is good.

    Of some damage it says nothing and gives up: that too is an answer, and no database that is away.
    """
    try:
        return list(connection.execute(text("PRAGMA integrity_check")).scalars())
    except DatabaseError as error:
        code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF  # above it stands what exactly is damaged
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return [str(error.orig)]
        raise
