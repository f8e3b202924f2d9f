"""Open a deployment: settings and secrets in, the application context out."""

from pathlib import Path

from vault.server.clock import random_bytes, unix_seconds
from vault.server.context import AppContext
from vault.server.limits import Limits
from vault.server.secrets_file import Secrets, read_secrets
from vault.server.settings import FOLDER, Settings, SettingsError, load_settings
from vault.server.storage.blob_store import BlobStore
from vault.server.storage.blob_store_folder import FolderBlobs
from vault.server.storage.engine import Storage


def open_context(settings: Settings, secrets: Secrets) -> AppContext:
    """The context of one worker. The database is opened, not looked at."""
    return AppContext(
        settings=settings,
        storage=Storage(settings.database),
        clock=unix_seconds,
        random=random_bytes,
        secret=secrets.server_secret,
        deployment=secrets.deployment(),
        tlog=secrets.tlog(settings.audience),
        blobs=open_blobs(settings),
        limits=Limits(settings.limits.rates(), unix_seconds),
    )


def open_folder(folder: Path) -> AppContext:
    """The context of the deployment in a data folder. Raises: SettingsError, SecretsError."""
    return open_context(load_settings(folder), read_secrets(folder))


def open_blobs(settings: Settings) -> BlobStore:
    """Where attachments lie; nothing is asked of it yet. Raises: SettingsError where S3 is named and not installed."""
    if settings.blobs.startswith(FOLDER):
        return FolderBlobs(Path(settings.blobs.removeprefix(FOLDER)))
    try:
        from vault.server.storage.blob_store_s3 import S3Blobs
    except ModuleNotFoundError:
        raise SettingsError("blobs: S3 needs the extra `s3`: pip install '.[server,s3]' in a checkout") from None
    bucket, _, prefix = settings.blobs.removeprefix("s3://").partition("/")
    s3 = settings.s3
    return S3Blobs(
        bucket,
        prefix,
        region=s3.region,
        endpoint=s3.endpoint,
        access_key_id=s3.access_key_id,
        secret_access_key=None if s3.secret_access_key is None else s3.secret_access_key.get_secret_value(),
    )
