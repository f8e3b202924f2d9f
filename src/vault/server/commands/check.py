"""Look over a deployment without changing it: secrets, schema, stored rows, clock."""

from collections.abc import Callable
from pathlib import Path

import typer

from vault.errors import VaultError
from vault.server.clock import unix_seconds
from vault.server.commands.output import AsJson, DataFolder, say
from vault.server.secrets_file import read_secrets
from vault.server.settings import load_settings
from vault.server.storage.engine import Storage
from vault.server.storage.inspection import require_clock, require_declared, require_integrity
from vault.server.storage.schema import require_head


def check(data: DataFolder = Path(), as_json: AsJson = False) -> None:
    """Check secrets, schema, stored rows and clock; exit code 1 where one is not good."""
    storage = Storage(load_settings(data).database)
    checks: dict[str, Callable[[], object]] = {
        "secrets": lambda: read_secrets(data),
        "schema": lambda: require_head(storage),
        "data ledger": lambda: require_declared(storage),
        "stored rows": lambda: require_integrity(storage),
        "clock": lambda: require_clock(storage, unix_seconds()),
    }
    found: dict[str, str | None] = {}
    for name, one in checks.items():
        found[name] = _finding(one)
        if name == "schema" and found[name] is not None:
            break  # what stands in another schema cannot be read by this server
    storage.close()
    is_good = not any(found.values())
    lines = [f"{name}: {'good' if finding is None else finding}" for name, finding in found.items()]
    say("\n".join(lines), {"good": is_good, "findings": found}, as_json)
    if not is_good:
        raise typer.Exit(1)


def _finding(one: Callable[[], object]) -> str | None:
    try:
        one()
    except VaultError as error:
        return str(error)
    return None
