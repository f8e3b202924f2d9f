"""Open a deployment: settings and secrets in, the parts of a running server out."""

from pathlib import Path

from vault.server.clock import random_bytes, unix_seconds
from vault.server.limits import Limits
from vault.server.parts import Parts
from vault.server.secrets_file import Secrets, read_secrets
from vault.server.settings import Settings, load_settings
from vault.server.storage.engine import Storage


def open_parts(settings: Settings, secrets: Secrets) -> Parts:
    """The parts of one worker. The database is opened, not looked at."""
    return Parts(
        settings=settings,
        storage=Storage(settings.database),
        clock=unix_seconds,
        random=random_bytes,
        secret=secrets.server_secret,
        deployment=secrets.deployment(),
        limits=Limits(settings.limits.rates(), unix_seconds),
    )


def open_folder(folder: Path) -> Parts:
    """The parts of the deployment in a data folder. Raises: SettingsError, SecretsError."""
    return open_parts(load_settings(folder), read_secrets(folder))
