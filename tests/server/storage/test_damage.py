"""What is not as it should be below the server is told in one sentence, and nothing goes on with it."""

import hashlib
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from tests.support.databases import POSTGRESQL, SQLITE, only_on
from tests.support.people import short
from vault.protocol.problems import Refused
from vault.server.http import openapi_file
from vault.server.http.openapi_file import OpenApiError, openapi_path
from vault.server.storage import schema
from vault.server.storage.backup_folder import BackupError, make_folder
from vault.server.storage.blob_store import key_of
from vault.server.storage.blob_store_folder import FolderBlobs
from vault.server.storage.blob_store_s3 import S3Blobs
from vault.server.storage.engine import Storage
from vault.server.storage.exchange import Exchanging
from vault.server.storage.inspection import InspectionError, require_integrity
from vault.server.storage.schema import SchemaError, head_revision, migrations_folder
from vault.server.storage.snapshots import SnapshotError, take_snapshot

KEY = key_of(short("engagement"), short("place"))
CONTENT = b"some bytes of a part"


def silent(what: str, done: int, total: int) -> None:
    """Nobody looks."""


async def pieces() -> AsyncIterator[bytes]:
    yield CONTENT


async def put(store: FolderBlobs) -> None:
    await store.put(KEY, pieces(), len(CONTENT), hashlib.sha256(CONTENT).digest())


async def read(store: FolderBlobs, end: int) -> bytes:
    return b"".join([piece async for piece in store.read(KEY, 0, end)])


@only_on(SQLITE)
def test_a_damaged_page_is_found(storage: Storage, tmp_path: Path) -> None:
    storage.sweep()
    storage.close()
    path = tmp_path / "own.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'ix_challenges_expires'"
        ).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    raw = bytearray(path.read_bytes())
    raw[(page - 1) * size : (page - 1) * size + 64] = b"\xff" * 64
    path.write_bytes(raw)
    with pytest.raises(InspectionError, match="damaged"):
        require_integrity(storage)


@only_on(SQLITE)
def test_a_row_that_points_to_nothing_is_found(storage: Storage, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "own.sqlite3")) as connection:
        connection.executescript(
            "CREATE TABLE parents (id INTEGER PRIMARY KEY); CREATE TABLE children (parent REFERENCES parents (id));"
            "INSERT INTO children VALUES (7);"
        )
    with pytest.raises(InspectionError, match="not there"):
        require_integrity(storage)


@only_on(POSTGRESQL)
def test_postgresql_holds_its_rows_together_itself_and_has_nothing_to_sweep(storage: Storage) -> None:
    require_integrity(storage)
    storage.sweep()


@only_on(POSTGRESQL)
def test_nothing_is_asked_of_a_connection_that_is_closed(storage: Storage) -> None:
    with storage.engine.connect() as connection:
        driver = connection.connection.dbapi_connection
        assert isinstance(driver, Exchanging)
        driver.pgconn.finish()
        with pytest.raises(psycopg.OperationalError, match="closed"):
            driver.exchange([("SELECT 1", [])])
        connection.invalidate()


async def test_a_file_that_lost_its_end_is_a_store_that_is_away(tmp_path: Path) -> None:
    store = FolderBlobs(tmp_path)
    await put(store)
    (tmp_path / KEY).write_bytes(CONTENT[:-1])
    with pytest.raises(Refused, match="storage-away"):
        await read(store, len(CONTENT))


async def test_a_file_that_stands_where_a_folder_should_is_a_store_that_is_away(tmp_path: Path) -> None:
    store = FolderBlobs(tmp_path)
    (tmp_path / KEY).parent.touch()
    with pytest.raises(Refused, match="storage-away"):
        await put(store)
    with pytest.raises(Refused, match="storage-away"):
        await read(store, 1)
    with pytest.raises(Refused, match="storage-away"):
        await store.find_size(KEY)
    with pytest.raises(Refused, match="storage-away"):
        await store.delete(KEY)


def test_a_bucket_can_be_asked_with_what_the_machine_itself_is_allowed() -> None:
    store = S3Blobs("bucket", "", region="eu-central-1", endpoint=None, access_key_id=None, secret_access_key=None)
    assert "access_key_id" not in str(store._store.config)


def test_a_backup_folder_below_a_file_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BackupError, match="cannot be made"):
        make_folder(tmp_path / "file" / "backup")


@only_on(SQLITE)
def test_a_copy_that_cannot_be_written_is_one_sentence(storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="could not be written"):
        take_snapshot(storage, tmp_path / "nowhere" / "copy.sqlite3", silent)


def test_a_server_without_its_migrations_says_where_they_are_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "_PLACES", (tmp_path,))
    with pytest.raises(SchemaError, match="beside src"):
        migrations_folder()
    (tmp_path / "env.py").touch()
    (tmp_path / "versions").mkdir()
    with pytest.raises(SchemaError, match="expected a migration"):
        head_revision.__wrapped__()


def test_a_server_without_its_description_says_where_it_is_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openapi_file, "_PLACES", (tmp_path,))
    with pytest.raises(OpenApiError, match="beside src"):
        openapi_path()


@only_on(SQLITE)
def test_a_database_that_is_whole_is_told_to_be(storage: Storage) -> None:
    require_integrity(storage)
    with storage.reading() as connection:
        assert connection.execute(text("PRAGMA foreign_key_check")).first() is None
