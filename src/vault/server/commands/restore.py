"""Bring a backup back: into a data folder without a database, or a database without rows, whole or not at all."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from vault.protocol.problems import Refused
from vault.reconcile.everything import Deployment, reconcile
from vault.server.commands.backup import run_apart
from vault.server.commands.output import AsJson, DataFolder, advise, say
from vault.server.commands.progress import told
from vault.server.context import AppContext
from vault.server.opening import open_folder
from vault.server.storage.backup_folder import (
    ATTACHMENTS,
    DATABASE,
    BackupError,
    Manifest,
    copy_file,
    flush_folder,
    read_manifest,
)
from vault.server.storage.backup_parts import Part, copy_parts, list_parts
from vault.server.storage.blob_store_folder import FolderBlobs
from vault.server.storage.engine import Storage
from vault.server.storage.history import HistoryError, Progress, require_journals, require_log
from vault.server.storage.inspection import require_declared, require_integrity
from vault.server.storage.records import DatabaseRecords
from vault.server.storage.schema import find_revision, head_revision, list_revisions, migrate, upgrade
from vault.server.storage.snapshots import copy_rows, find_rows, finish_file

STAGED = "restoring.sqlite3"
WARNING = """\
If this deployment has answered anybody after that moment, its history has gone back:
- Clients notice: they refuse to go on, keep what proves it, and say so. Each person then decides, with
  `coach-vault rollback`, which also sends again what that person's device holds.
- The log goes on from an older checkpoint than people and witnesses have seen, so there are two histories of it.
  Witnesses that saw the newer one never sign this log again.
Tell people what happened, from when to when statements are missing, and whom to ask. docs/operations/index.md tells
more."""


def restore(
    folder: Annotated[Path, typer.Argument(help="The folder of a backup.", show_default=False)],
    data: DataFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Bring a backup into the database of a data folder that has its settings and secrets, and no rows yet."""
    context = open_folder(data)
    with closing(context.storage), told() as progress:
        manifest = read_backup(context, folder, data / STAGED, progress)
    moment = datetime.fromtimestamp(manifest.made, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    lines = f"{manifest.statements} statements, log size {manifest.log.size}, as they were at {moment}"
    say(lines, {"folder": str(folder), **manifest.model_dump()}, as_json)
    advise(WARNING)


def read_backup(context: AppContext, folder: Path, staged: Path, progress: Progress) -> Manifest:
    """The manifest of the backup in `folder`, whose rows are in the database when this returns.

    `staged` is where the copy is checked; it is gone afterwards. Raises: BackupError, HistoryError, InspectionError,
    SnapshotError, Refused(storage-away): then nothing was changed.
    """
    manifest = read_manifest(folder)
    if manifest.audience != context.settings.audience:
        raise BackupError("that is a backup of another deployment: the audience differs")
    require_empty(context.storage)
    staged.unlink(missing_ok=True)
    try:
        copy_file(folder / DATABASE, manifest.files[DATABASE], staged)
        attached = _require_good(context, staged, manifest, progress)
        _restore_parts(attached, context, folder / ATTACHMENTS, progress)
        if context.storage.is_sqlite:
            context.storage.close()
            _move_file(staged, Path(context.storage.engine.url.database or ""))
        else:
            _move_rows(staged, context, manifest, progress)
    except OSError as error:
        raise BackupError(f"the backup cannot be restored: {error.strerror}") from None
    finally:
        for name in (staged.name, f"{staged.name}-wal", f"{staged.name}-shm"):
            (staged.parent / name).unlink(missing_ok=True)
    return manifest


def require_empty(storage: Storage) -> None:
    """Return if the database has no rows that a restore could touch. Raises: BackupError; Refused(storage-away)."""
    if storage.is_sqlite and not Path(storage.engine.url.database or "").exists():
        return
    with storage.reading() as connection:
        revision = find_revision(connection)
        is_empty = revision is None or (revision == head_revision() and not find_rows(connection))
    if not is_empty:
        raise BackupError("the database holds something already; restore into a new data folder or a new database")


def _require_good(context: AppContext, staged: Path, manifest: Manifest, progress: Progress) -> list[Part]:
    """Bring the copy to this schema, and hold it against its manifest and itself; the parts of attachments it names."""
    with closing(Storage(f"sqlite:///{staged}")) as copy:
        if manifest.revision not in list_revisions():
            raise BackupError("that backup was made by a newer version of this program")
        migrate(copy)
        require_declared(copy)
        require_integrity(copy)
        with copy.reading() as connection:
            _require_history(connection, context, manifest, progress)
            _require_explained(connection, context, progress)
            attached = list_parts(connection)
    finish_file(staged)
    return attached


def _restore_parts(attached: list[Part], context: AppContext, folder: Path, progress: Progress) -> None:
    """What the statements name is there before they are. Should the rest fail, it lies there and harms nothing."""
    try:
        run_apart(copy_parts(attached, FolderBlobs(folder), context.blobs, progress))
    except Refused as refused:
        raise BackupError("a part of an attachment is not in the backup, or the blob store is away") from refused


def _require_history(connection: Connection, context: AppContext, manifest: Manifest, progress: Progress) -> None:
    statements = require_journals(connection, progress)
    log = require_log(connection, context.tlog.verifier, progress)
    if (statements, log.size, log.root.hex()) != (manifest.statements, manifest.log.size, manifest.log.root):
        raise HistoryError("statements and log are not those that the manifest names: take another backup")


def _require_explained(connection: Connection, context: AppContext, progress: Progress) -> None:
    """Every row is what was signed; the bytes of attachments are measured where they are copied."""
    deployment = Deployment(context.settings.audience, context.deployment, context.tlog.verifier)
    first = next(reconcile(DatabaseRecords(connection), deployment, progress), None)
    if first is not None:
        raise HistoryError(f"the backup is not what was signed; {first.sentence}; restore another one")


def _move_file(staged: Path, target: Path) -> None:
    """The one file becomes the database; an empty one that stood there is replaced. Raises: BackupError."""
    if target.with_name(f"{target.name}-wal").exists():
        raise BackupError("another program has the empty database open; stop it first")
    staged.replace(target)
    flush_folder(target.parent)


def _move_rows(staged: Path, context: AppContext, manifest: Manifest, progress: Progress) -> None:
    """All rows in one transaction, which ends only after they were held against the manifest once more."""
    with closing(Storage(f"sqlite:///{staged}")) as copy, copy.reading() as source, context.storage.writing() as target:
        upgrade(target)
        if find_rows(target):
            raise BackupError("somebody has written to the database meanwhile; restore into a new one")
        copy_rows(source, target, progress)
        _require_history(target, context, manifest, progress)
