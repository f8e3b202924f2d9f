"""Look over a deployment without changing it: schema, stored rows, secrets, clock."""

from collections.abc import Callable
from pathlib import Path

import typer
from sqlalchemy import Connection, func, select, text

from vault.errors import VaultError
from vault.server.clock import unix_seconds
from vault.server.commands.output import AsJson, DataFolder, say
from vault.server.secrets_file import read_secrets
from vault.server.settings import load_settings
from vault.server.storage.engine import Storage
from vault.server.storage.schema import require_head
from vault.server.storage.tables import journals


class CheckError(VaultError):
    """Something that a check found."""


def check(data: DataFolder = Path(), as_json: AsJson = False) -> None:
    """Check schema, integrity, constraints, secrets and clock; exit code 1 where one is not good."""
    settings = load_settings(data)
    storage = Storage(settings.database)
    now = unix_seconds()

    def require_secrets() -> None:
        read_secrets(data)

    checks: dict[str, Callable[[], None]] = {
        "secrets": require_secrets,
        "schema": lambda: require_head(storage),
        "integrity and constraints": lambda: _require_integrity(storage),
        "clock": lambda: _require_clock(storage, now),
    }
    found = {name: _finding(one) for name, one in checks.items()}
    storage.close()
    lines = [f"{name}: {'good' if finding is None else finding}" for name, finding in found.items()]
    say("\n".join(lines), {"checks": found, "good": not any(found.values())}, as_json)
    if any(found.values()):
        raise typer.Exit(1)


def _finding(one: Callable[[], None]) -> str | None:
    try:
        one()
    except VaultError as error:
        return str(error)
    return None


def _require_integrity(storage: Storage) -> None:
    """SQLite checks pages, CHECK constraints and foreign keys on demand; PostgreSQL holds them at every write."""
    if not storage.is_sqlite:
        return
    with storage.reading() as connection:
        answers = list(connection.execute(text("PRAGMA integrity_check")).scalars())
        if answers != ["ok"]:
            raise CheckError("the database is damaged: restore a backup; `PRAGMA integrity_check` tells more")
        if connection.execute(text("PRAGMA foreign_key_check")).first() is not None:
            raise CheckError("rows point to rows that are not there: restore a backup")


def _require_clock(storage: Storage, now: int) -> None:
    def newest(connection: Connection) -> int | None:
        return connection.execute(select(func.max(journals.c.time))).scalar_one()

    with storage.reading() as connection:
        time = newest(connection)
    if time is not None and time > now:
        raise CheckError(f"this clock is {time - now} seconds behind the newest journal entry; set it before serving")
