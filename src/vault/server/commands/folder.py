"""Make a data folder: settings, secrets and a migrated database, and nothing overwritten."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from vault.errors import VaultError
from vault.server.clock import random_bytes
from vault.server.commands.output import AsJson, DataFolder, advise, say
from vault.server.private_files import OWNER_ALONE, require_private_folder
from vault.server.secrets_file import SECRETS_FILE, Secrets, write_secrets
from vault.server.settings import SETTINGS_FILE, Settings, load_settings
from vault.server.storage.engine import Storage
from vault.server.storage.schema import find_revision, migrate
from vault.tlog.signed_note import VerifierKey

DATABASE = "sqlite:///vault.sqlite3"


class FolderError(VaultError):
    """A folder that cannot become a data folder."""


def make_folder(
    folder: Path, url: str, audience: str | None, database: str, behind_tls_proxy: bool = False
) -> tuple[Settings, VerifierKey]:
    """The settings of a new data folder, whose database is migrated, and the key that verifies its log.

    Raises: FolderError where it is one already; OpenToOthersError; SettingsError for settings that are not valid:
    nothing stays behind.
    """
    if any((folder / name).exists() for name in (SETTINGS_FILE, SECRETS_FILE)):
        raise FolderError("that is a data folder already; nothing in it is ever overwritten")
    is_new = not folder.exists()
    try:
        require_private_folder(folder)
        _write_settings(folder / SETTINGS_FILE, url, audience, database, behind_tls_proxy)
    except OSError as error:
        raise FolderError(f"the folder cannot be written: {error.strerror}") from None
    try:
        settings = load_settings(folder)
        _migrate(settings.database)
    except VaultError:
        (folder / SETTINGS_FILE).unlink()
        if is_new:
            folder.rmdir()
        raise
    secrets = Secrets.new(random_bytes)
    write_secrets(folder, secrets)
    return settings, secrets.tlog(settings.audience).verifier


def init(
    folder: Annotated[Path, typer.Argument(help="Where settings, secrets and a SQLite database go.")] = Path(),
    url: Annotated[str, typer.Option(help="The base URL that clients will use.")] = "http://127.0.0.1:8001",
    audience: Annotated[str | None, typer.Option(help="The log origin; follows from the URL.")] = None,
    database: Annotated[str, typer.Option(help="Another database: postgresql://user@host/name")] = DATABASE,
    behind_tls_proxy: Annotated[bool, typer.Option(help="A proxy ends TLS in front of this server.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a data folder: settings, secrets, a migrated database."""
    settings, log_key = make_folder(folder, url, audience, database, behind_tls_proxy)
    members = {
        "folder": str(folder),
        "url": settings.url,
        "audience": settings.audience,
        "log_key": log_key.to_text(),
    }
    say(f"{folder}: ready for {settings.url}, audience {settings.audience}", members, as_json)
    advise(f"The key of its transparency log, to be published where people can compare it: {log_key.to_text()}")
    advise(f"Copy {SECRETS_FILE} to a safe place. Next: coach-vault-server apps create SLUG, then serve.")


def bring_to_head(data: DataFolder = Path(), as_json: AsJson = False) -> None:
    """Bring the database to this server's schema."""
    revision = _migrate(load_settings(data).database)
    say(f"the database is at revision {revision}", {"revision": revision}, as_json)


def _migrate(database: str) -> str:
    storage = Storage(database)
    try:
        migrate(storage)
        with storage.reading() as connection:
            return find_revision(connection) or ""
    finally:
        storage.close()


def _write_settings(path: Path, url: str, audience: str | None, database: str, behind_tls_proxy: bool) -> None:
    """Readable by its owner alone: a database URL may hold a password."""
    members: dict[str, str | bool] = {"url": url, "database": database}
    if audience is not None:
        members["audience"] = audience
    if behind_tls_proxy:
        members["behind_tls_proxy"] = True
    # A JSON string or boolean in ASCII is a TOML one.
    lines = ["# Settings of this deployment. COACH_VAULT_... variables win over them."]
    lines += [f"{name} = {json.dumps(value)}" for name, value in members.items()]
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ALONE)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")
