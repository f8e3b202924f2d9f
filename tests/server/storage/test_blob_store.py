"""Both blob stores keep one promise: whole or not at all, never replaced, in any range, and gone when deleted."""

import asyncio
import hashlib
import os
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.server.storage.s3 import NEEDS_S3, S3, open_s3
from tests.support.noise import noise
from tests.support.people import short
from vault.protocol.problems import Refused
from vault.server.opening import open_blobs
from vault.server.settings import S3Settings, Settings, SettingsError
from vault.server.storage.blob_store import PIECE_BYTES, BlobStore, key_of
from vault.server.storage.blob_store_folder import FolderBlobs
from vault.server.storage.blob_store_s3 import S3Blobs

KEY = key_of(short("engagement"), short("place"))
CONTENT = noise(2 * PIECE_BYTES + 5, "content")
MakeStore = Callable[[str], BlobStore]


@pytest.fixture(params=["folder", pytest.param("s3", marks=NEEDS_S3)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    if request.param == "folder":
        return FolderBlobs(tmp_path / "attachments")
    return open_s3(request.getfixturevalue("s3"), hashlib.sha256(request.node.nodeid.encode()).hexdigest())


async def pieces(content: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def put(store: BlobStore, key: str, content: bytes) -> None:
    await store.put(key, pieces(content), len(content), hashlib.sha256(content).digest())


async def read(store: BlobStore, key: str, start: int, end: int) -> bytes:
    return b"".join([piece async for piece in store.read(key, start, end)])


async def test_what_was_put_is_read_in_any_range(store: BlobStore) -> None:
    await put(store, KEY, CONTENT)
    assert await store.find_size(KEY) == len(CONTENT)
    for start, end in ((0, len(CONTENT)), (0, 1), (len(CONTENT) - 1, len(CONTENT)), (PIECE_BYTES - 1, PIECE_BYTES + 1)):
        assert await read(store, KEY, start, end) == CONTENT[start:end]
    longest = max([len(piece) async for piece in store.read(KEY, 0, len(CONTENT))])
    assert longest <= 2 * PIECE_BYTES


async def test_what_is_there_is_never_replaced(store: BlobStore) -> None:
    await put(store, KEY, CONTENT)
    await put(store, KEY, bytes(len(CONTENT)))
    assert await read(store, KEY, 0, len(CONTENT)) == CONTENT


async def test_something_of_another_length_under_the_key_is_not_told_to_be_stored(store: BlobStore) -> None:
    await put(store, KEY, CONTENT)
    with pytest.raises(Refused, match="storage-away"):
        await put(store, KEY, b"other bytes under the same key")
    assert await read(store, KEY, 0, len(CONTENT)) == CONTENT


async def test_of_many_who_put_at_once_one_is_kept_whole(store: BlobStore) -> None:
    contents = [noise(100_000, index) for index in range(6)]
    await asyncio.gather(*(put(store, KEY, each) for each in contents))
    assert await read(store, KEY, 0, 100_000) in contents


@pytest.mark.parametrize("changed", [CONTENT[:-1], CONTENT + b"x", CONTENT[:-1] + b"?", b""])
async def test_content_that_is_not_what_was_announced_is_not_kept(store: BlobStore, changed: bytes) -> None:
    with pytest.raises(Refused, match="part-mismatch"):
        await store.put(KEY, pieces(changed), len(CONTENT), hashlib.sha256(CONTENT).digest())
    assert await store.find_size(KEY) is None
    await put(store, KEY, CONTENT)


async def test_content_whose_sender_goes_away_is_not_kept(store: BlobStore) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield CONTENT[:100]
        raise RuntimeError("gone")

    with pytest.raises(RuntimeError):
        await store.put(KEY, broken(), len(CONTENT), hashlib.sha256(CONTENT).digest())
    assert await store.find_size(KEY) is None


async def test_what_was_deleted_is_gone_and_can_be_deleted_again(store: BlobStore) -> None:
    await store.delete(KEY)
    await put(store, KEY, CONTENT)
    await store.delete(KEY)
    await store.delete(KEY)
    assert await store.find_size(KEY) is None
    with pytest.raises(Refused, match="storage-away"):
        await read(store, KEY, 0, 1)
    await store.tidy(0)


@NEEDS_S3
async def test_a_wrong_secret_and_a_server_that_is_away_are_said_to_be_so(s3: S3) -> None:
    for wrong in (open_s3(s3, "wrong", "another secret"), open_s3(S3("http://127.0.0.1:9", s3.folder), "away")):
        with pytest.raises(Refused, match="storage-away"):
            await put(wrong, KEY, b"x")
        with pytest.raises(Refused, match="storage-away"):
            await wrong.find_size(KEY)
        with pytest.raises(Refused, match="storage-away"):
            await wrong.delete(KEY)


async def test_a_file_is_its_owners_alone_and_flushed_with_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    fsync = os.fsync

    def watch(descriptor: int) -> None:
        flushed.append(os.path.realpath(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    (tmp_path / "attachments" / KEY).parent.mkdir(0o700, parents=True)  # as who died before it was flushed left it
    monkeypatch.setattr(os, "fsync", watch)
    store = FolderBlobs(tmp_path / "attachments")
    await put(store, KEY, CONTENT)
    path = tmp_path / "attachments" / KEY
    assert path.stat().st_mode & 0o077 == 0
    if sys.platform == "linux":
        assert str(path.parent) in flushed
        assert str(path.parent.parent) in flushed
        assert any("incoming" in name for name in flushed)
    assert list((tmp_path / "attachments" / "incoming").iterdir()) == []


async def test_what_dead_writers_left_half_done_goes_and_what_is_being_written_stays(tmp_path: Path) -> None:
    store = FolderBlobs(tmp_path)
    await put(store, KEY, CONTENT)
    old, new = (tmp_path / "incoming" / name for name in ("old", "new"))
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    await store.tidy(int(new.stat().st_mtime))
    assert (old.exists(), new.exists()) == (False, True)
    assert await store.find_size(KEY) == len(CONTENT)


async def test_a_folder_that_cannot_be_written_is_storage_that_is_away(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = FolderBlobs(tmp_path / "file" / "below")
    with pytest.raises(Refused, match="storage-away"):
        await put(store, KEY, CONTENT)


def test_the_settings_name_the_store() -> None:
    def settings_of(blobs: str, s3: S3Settings | None = None) -> Settings:
        return Settings(url="https://vault.example", database="sqlite:///x", blobs=blobs, s3=s3 or S3Settings())

    assert isinstance(open_blobs(settings_of("file:/somewhere")), FolderBlobs)
    s3 = S3Settings.model_validate({"endpoint": "https://s3.example", "access_key_id": "a", "secret_access_key": "b"})
    settings = settings_of("s3://bucket/some/prefix", s3)
    assert isinstance(open_blobs(settings), S3Blobs)
    assert "'b'" not in repr(settings)
    with pytest.raises(ValueError, match="blobs"):
        settings_of("https://bucket")


def test_a_server_without_the_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vault.server.storage.blob_store_s3", None)
    settings = Settings(url="https://vault.example", database="sqlite:///x", blobs="s3://bucket")
    with pytest.raises(SettingsError, match="s3"):
        open_blobs(settings)
