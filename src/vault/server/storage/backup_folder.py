"""A backup on disk: one folder with the database, the parts of attachments, and a manifest that is written last.

The manifest names the hash of the database, and the database that of every part.

A folder without a manifest is a backup that did not come to its end. Nothing secret is in one: ciphertext, signatures,
public keys, hashes. It tells who works with whom and when, as the database does.
"""

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from vault.errors import FormatError, VaultError
from vault.protocol.strict_json import read_json
from vault.server.private_files import OWNER_ALONE, OWNERS_FOLDER

DATABASE = "vault.sqlite3"
MANIFEST = "manifest.json"
ATTACHMENTS = "attachments"
FORMAT = 1
_CHUNK_BYTES = 1 << 20


class BackupError(VaultError):
    """A backup that cannot be written, or that is not what its manifest says."""


class File(BaseModel):
    """One file of a backup: its size in bytes and its SHA-256 in hex."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bytes: int
    sha256: str


class Log(BaseModel):
    """Where the transparency log stood: size, root in hex, and the signed checkpoint, null before the first entry."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: int
    root: str
    checkpoint: str | None


class Attachments(BaseModel):
    """How many parts of attachments there are, and their bytes; the database names each of them with its hash."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    parts: int
    bytes: int


class Manifest(BaseModel):
    """What a backup holds, and of which moment (Unix seconds)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int
    made: int
    audience: str
    engine: str
    revision: str
    statements: int
    log: Log
    attachments: Attachments
    files: dict[str, File]


def make_folder(folder: Path) -> None:
    """A new folder that its owner alone can enter. Raises: BackupError where there is something already."""
    try:
        folder.mkdir(mode=OWNERS_FOLDER, parents=True)
    except FileExistsError:
        raise BackupError("there is something of that name already, and nothing is ever overwritten") from None
    except OSError as error:
        raise BackupError(f"the folder cannot be made: {error.strerror}") from None


def describe_file(path: Path) -> File:
    """Size and hash of a file whose bytes are on the disk when this returns."""
    hashed, size = sha256(), 0
    with path.open("rb") as file:
        for chunk in _chunks(file.fileno()):
            hashed.update(chunk)
            size += len(chunk)
        os.fsync(file.fileno())
    return File(bytes=size, sha256=hashed.hexdigest())


def copy_file(source: Path, expected: File, target: Path) -> None:
    """Copy a file of a backup to the new file `target`, durably. Raises: BackupError where it is another."""
    hashed, size = sha256(), 0
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ALONE)
    with os.fdopen(handle, "wb") as copy, source.open("rb") as file:
        for chunk in _chunks(file.fileno()):
            hashed.update(chunk)
            size += len(chunk)
            copy.write(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    if File(bytes=size, sha256=hashed.hexdigest()) != expected:
        raise BackupError(f"{source.name} is not the file that the manifest names: take another backup")


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write it whole or not at all; with it the backup is one."""
    beside = folder / f"{MANIFEST}.new"
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ALONE)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(manifest.model_dump_json(indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())
    beside.rename(folder / MANIFEST)
    flush_folder(folder)
    flush_folder(folder.parent)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a finished backup. Raises: BackupError."""
    try:
        raw = (folder / MANIFEST).read_bytes()
    except OSError:
        raise BackupError(f"expected a {MANIFEST}: that is no backup, or one that did not come to its end") from None
    try:
        manifest = Manifest.model_validate(read_json(raw))
    except (FormatError, ValidationError):
        raise BackupError(f"expected a {MANIFEST} as `coach-vault-server backup` writes it") from None
    if manifest.format != FORMAT or DATABASE not in manifest.files:
        raise BackupError("that backup was made by a newer version of this program")
    return manifest


def flush_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _chunks(handle: int) -> Iterator[bytes]:
    while chunk := os.read(handle, _CHUNK_BYTES):
        yield chunk
