"""Look over a deployment without changing it: schema, stored rows, secrets, clock."""

from collections.abc import Callable
from pathlib import Path

import typer

from vault.errors import VaultError
from vault.server.clock import unix_seconds
from vault.server.commands.output import AsJson, DataFolder, say
from vault.server.secrets_file import read_secrets
from vault.server.settings import load_settings
from vault.server.storage.checks import require_clock, require_integrity
from vault.server.storage.engine import Storage
from vault.server.storage.schema import require_head


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
        "integrity and constraints": lambda: require_integrity(storage),
        "clock": lambda: require_clock(storage, now),
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
