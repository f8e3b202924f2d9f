"""Look over a deployment without changing it: secrets, schema, stored rows, attachments, log, clock."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import typer

from vault.errors import VaultError
from vault.server.clock import unix_seconds
from vault.server.commands.output import AsJson, DataFolder, say
from vault.server.commands.progress import told
from vault.server.opening import open_blobs
from vault.server.resources.attachments.actions import require_content
from vault.server.secrets_file import read_secrets
from vault.server.settings import load_settings
from vault.server.storage.engine import Storage
from vault.server.storage.history import require_log
from vault.server.storage.inspection import require_clock, require_declared, require_integrity
from vault.server.storage.schema import require_head
from vault.server.tlog_key import TlogKey


def check(data: DataFolder = Path(), as_json: AsJson = False) -> None:
    """Check secrets, schema, stored rows, attachments, log and clock; exit code 1 where one is not good."""
    settings = load_settings(data)
    storage = Storage(settings.database)
    checks: dict[str, Callable[[], object]] = {
        "secrets": lambda: read_secrets(data),
        "schema": lambda: require_head(storage),
        "data ledger": lambda: require_declared(storage),
        "stored rows": lambda: require_integrity(storage),
        "attachments": lambda: asyncio.run(require_content(storage, open_blobs(settings))),
        "log": lambda: _require_log(storage, data, settings.audience),
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


def _require_log(storage: Storage, data: Path, audience: str) -> None:
    log = TlogKey(audience, read_secrets(data).log_sign_seed).verifier
    with told() as progress, storage.reading() as connection:
        require_log(connection, log, progress)


def _finding(one: Callable[[], object]) -> str | None:
    try:
        one()
    except VaultError as error:
        return str(error)
    return None
