"""Copy a deployment while it runs, and bring a copy back into an empty one.

The database comes first. What a statement names in the blob store was there before the statement, so a blob that is
copied afterwards is never missing for one that was copied before.
"""

import asyncio
import shutil
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from vault.errors import VaultError
from vault.protocol.problems import Refused
from vault.server.clock import unix_seconds
from vault.server.commands.output import AsJson, DataFolder, advise, say
from vault.server.commands.progress import told
from vault.server.context import AppContext
from vault.server.last_backup import keep_last_backup
from vault.server.opening import open_folder
from vault.server.private_files import require_private_file
from vault.server.storage.backup_folder import (
    ATTACHMENTS,
    DATABASE,
    FORMAT,
    Attachments,
    BackupError,
    Log,
    Manifest,
    describe_file,
    make_folder,
    write_manifest,
)
from vault.server.storage.backup_parts import copy_parts, leave_out_uploads, list_parts
from vault.server.storage.blob_store_folder import FolderBlobs
from vault.server.storage.engine import Storage
from vault.server.storage.history import Progress, read_checkpoint, require_journals, require_log
from vault.server.storage.inspection import require_integrity
from vault.server.storage.schema import head_revision, require_head
from vault.server.storage.snapshots import finish_file, take_snapshot


def backup(
    folder: Annotated[Path, typer.Argument(help="A folder that does not exist yet.", show_default=False)],
    data: DataFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Copy the deployment of a data folder as it is at one moment, while it is served."""
    context = open_folder(data)
    require_head(context.storage)
    make_folder(folder)
    try:
        with told() as progress:
            manifest = write_backup(context, folder, unix_seconds(), progress)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)  # half a backup is none
        raise
    try:
        keep_last_backup(data, manifest.made)
    except (OSError, VaultError):
        advise("The data folder cannot be written, so its server does not tell the age of this backup.")
    members = {"folder": str(folder), **manifest.model_dump()}
    say(f"{folder}: {manifest.statements} statements, log size {manifest.log.size}", members, as_json)
    advise("The secrets are not in it: keep secrets.toml and server.toml apart, once.")


def write_backup(context: AppContext, folder: Path, now: int, progress: Progress) -> Manifest:
    """The manifest of a backup that was written into the empty `folder`, checked, and made durable.

    Raises: SnapshotError and BackupError where it cannot be written; HistoryError and InspectionError where the
    database is not good; Refused(storage-away).
    """
    copied = folder / DATABASE
    require_private_file(copied)
    take_snapshot(context.storage, copied, progress)
    with closing(Storage(f"sqlite:///{copied}")) as copy:
        require_integrity(copy)
        with copy.writing() as connection:
            leave_out_uploads(connection)
        with copy.reading() as connection:
            statements = require_journals(connection, progress)
            log = require_log(connection, context.tlog.verifier, progress)
            attached = list_parts(connection)
            signed = read_checkpoint(connection, context.tlog.verifier)[1]
    try:
        run_apart(copy_parts(attached, context.blobs, FolderBlobs(folder / ATTACHMENTS), progress))
    except Refused as refused:
        raise BackupError(
            "a part of an attachment is gone or changed; if an erasure came in between, take the backup again"
        ) from refused
    try:
        finish_file(copied)
        manifest = Manifest(
            format=FORMAT,
            made=now,
            audience=context.settings.audience,
            engine=context.storage.engine.dialect.name,
            revision=head_revision(),
            statements=statements,
            log=Log(size=log.size, root=log.root.hex(), checkpoint=None if signed is None else signed.decode()),
            attachments=Attachments(parts=len(attached), bytes=sum(part.size for part in attached)),
            files={DATABASE: describe_file(copied)},
        )
        write_manifest(folder, manifest)
    except OSError as error:
        raise BackupError(f"the backup cannot be written: {error.strerror}") from None
    return manifest


def run_apart(work: Coroutine[None, None, None]) -> None:
    """Run it on a loop of its own, whether or not one runs here. Raises: what it raises."""
    with ThreadPoolExecutor(max_workers=1) as threads:
        threads.submit(asyncio.run, work).result()
