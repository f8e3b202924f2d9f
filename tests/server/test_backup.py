"""A backup is whole, of one moment, and goes back into either engine; one that is not good is refused."""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import select

from tests.server.deployments import APP, NOW, SECRETS, Deployment
from tests.server.resources.test_attachments import PARTS, WHOLE, fetch, naming, ref_of, stored_files, upload
from tests.server.storage.s3 import NEEDS_S3, S3, open_s3
from tests.server.world import World
from tests.support.databases import ENGINES, SQLITE, only_on
from tests.support.people import short
from tests.support.postgres.databases import Databases
from vault.protocol.limits import UPLOAD_SECONDS
from vault.server.app import build_app
from vault.server.clock import random_bytes
from vault.server.commands.backup import write_backup
from vault.server.commands.restore import read_backup
from vault.server.context import AppContext
from vault.server.resources.apps.actions import create_app
from vault.server.resources.attachments.actions import Swept, sweep
from vault.server.resources.attachments.content import require_content
from vault.server.storage.backup_folder import (
    DATABASE,
    MANIFEST,
    BackupError,
    Manifest,
    describe_file,
    make_folder,
    read_manifest,
)
from vault.server.storage.blob_store_folder import FolderBlobs
from vault.server.storage.engine import Storage
from vault.server.storage.history import HistoryError
from vault.server.storage.schema import migrate
from vault.server.storage.tables import apps
from vault.server.tlog_key import TlogKey


def is_tidy(folder: Path) -> bool:
    return not list(folder.glob("staged*"))


def silent(what: str, done: int, total: int) -> None:
    """Nobody looks."""


def take(context: AppContext, folder: Path) -> Manifest:
    make_folder(folder)
    return write_backup(context, folder, NOW, silent)


@pytest.fixture(params=ENGINES)
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path, deployment: Deployment) -> Iterator[AppContext]:
    """The same deployment over an empty database of either engine."""
    if request.param == SQLITE:
        url = f"sqlite:///{tmp_path}/elsewhere.sqlite3"
    else:
        databases: Databases = request.getfixturevalue("postgres")
        url = databases.new()
    storage = Storage(url)
    yield replace(deployment.context, storage=storage, blobs=FolderBlobs(tmp_path / "elsewhere"))
    storage.close()


def restore(context: AppContext, folder: Path) -> Manifest:
    return read_backup(context, folder, folder.with_name("staged.sqlite3"), silent)


async def test_a_backup_of_either_engine_goes_back_into_either_with_every_row(
    three: World, elsewhere: AppContext, tmp_path: Path
) -> None:
    await upload(three)
    draft = naming(three, ref_of())
    first = await three.send(draft)
    taken = take(three.deployment.context, tmp_path / "backup")
    assert restore(elsewhere, tmp_path / "backup") == taken
    again = Deployment(elsewhere, three.deployment.clock, build_app(elsewhere), three.deployment.app_key)
    assert again.digest() == three.deployment.digest()
    assert taken.log.size == taken.statements
    async with again.client() as http:
        restored = World(again, http)
        restored.__dict__.update(
            {name: value for name, value in vars(three).items() if name not in ("deployment", "http")}
        )
        answer = await restored.send(draft)
        attachment = await fetch(restored, "coachee")
    assert (answer.status_code, answer.content) == (200, first.content)
    assert (attachment.status_code, attachment.content) == (200, WHOLE)
    assert taken.attachments.parts == len(PARTS)
    assert is_tidy(tmp_path)


@NEEDS_S3
@only_on(SQLITE)
async def test_content_comes_from_one_bucket_and_goes_back_into_another(three: World, s3: S3, tmp_path: Path) -> None:
    deployment = three.deployment
    deployment.context = deployment.app.state.context = replace(deployment.context, blobs=open_s3(s3, "backed-up"))
    await upload(three)
    await three.write(naming(three, ref_of()))
    taken = take(deployment.context, tmp_path / "backup")
    assert taken.attachments.parts == len(PARTS)
    with closing(Storage(f"sqlite:///{tmp_path}/elsewhere.sqlite3")) as storage:
        there = replace(deployment.context, storage=storage, blobs=open_s3(s3, "brought-back"))
        assert restore(there, tmp_path / "backup") == taken
        await require_content(storage, there.blobs)
    deployment.context = deployment.app.state.context = replace(deployment.context, blobs=there.blobs)
    assert (await fetch(three, "coachee")).content == WHOLE


async def test_what_is_written_after_the_moment_of_a_backup_is_not_in_it(three: World, tmp_path: Path) -> None:
    taken = take(three.deployment.context, tmp_path / "backup")
    assert (await three.send(three.item())).status_code == 201
    assert take(three.deployment.context, tmp_path / "later").statements == taken.statements + 1


def flip(folder: Path) -> None:
    raw = bytearray((folder / DATABASE).read_bytes())
    raw[len(raw) // 2] ^= 1
    (folder / DATABASE).write_bytes(raw)


def cut(folder: Path) -> None:
    (folder / DATABASE).write_bytes((folder / DATABASE).read_bytes()[:-4096])


def unfinished(folder: Path) -> None:
    (folder / MANIFEST).unlink()


def nonsense(folder: Path) -> None:
    (folder / MANIFEST).write_text("{}")


def newer(folder: Path) -> None:
    change_manifest(folder, revision="9999")


def newer_form(folder: Path) -> None:
    change_manifest(folder, format="coach-vault-backup-99")


def other_deployment(folder: Path) -> None:
    change_manifest(folder, audience="other.example/log")


def change_manifest(folder: Path, **members: object) -> None:
    known = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(known | members))


@only_on(SQLITE)
async def test_a_backup_that_is_not_good_is_refused_and_nothing_is_changed(
    three: World, elsewhere: AppContext, tmp_path: Path
) -> None:
    await upload(three)
    await three.write(naming(three, ref_of()))
    take(three.deployment.context, tmp_path / "backup")
    for change in (flip, cut, unfinished, nonsense, newer, newer_form, other_deployment, lose_part, swap_part):
        spoiled = spoil(tmp_path, change)
        with pytest.raises(BackupError):
            restore(elsewhere, spoiled)
        assert is_untouched(elsewhere.storage), change
        assert is_tidy(tmp_path)
    assert restore(elsewhere, tmp_path / "backup").attachments.parts == len(PARTS)


def spoil(folder: Path, change: Callable[[Path], None]) -> Path:
    """A copy of the backup with one thing wrong."""
    spoiled = folder / change.__name__
    shutil.copytree(folder / "backup", spoiled)
    change(spoiled)
    return spoiled


def is_untouched(storage: Storage) -> bool:
    if storage.is_sqlite:
        return not Path(storage.engine.url.database or "").exists()
    with storage.engine.connect() as connection:
        tables = connection.exec_driver_sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").scalar_one()
    return bool(tables == 0)


REWRITES = {
    "a statement is taken out": "DELETE FROM statements WHERE seq = 2 AND kind = 3",
    "the newest entry is taken out": "DELETE FROM statements WHERE seq = 3 AND kind = 3",
    "a time is changed": "UPDATE statements SET time = time + 1 WHERE seq = 2 AND kind = 3",
    "a leaf is taken out": "DELETE FROM leaves WHERE leaf = 1",
    "a leaf is changed": "UPDATE leaves SET entry = zeroblob(64) WHERE leaf = 1",
    "the log goes back": "UPDATE tlog SET frontier = zeroblob(8)",
    "the checkpoint is another": "UPDATE tlog SET checkpoint = CAST(replace(checkpoint, '/log', '/lag') AS BLOB)",
}


@only_on(SQLITE)
async def test_history_that_was_rewritten_in_a_backup_is_noticed(three: World, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    take(three.deployment.context, folder)
    context = replace(three.deployment.context, storage=Storage(f"sqlite:///{tmp_path}/elsewhere.sqlite3"))
    for number, (what, rewrite) in enumerate(REWRITES.items()):
        rewritten = tmp_path / str(number)
        shutil.copytree(folder, rewritten)
        with closing(sqlite3.connect(rewritten / DATABASE)) as connection:
            connection.execute(rewrite)
            connection.commit()
        describe_anew(rewritten)
        with pytest.raises(HistoryError):
            restore(context, rewritten)
        assert is_untouched(context.storage), what


def describe_anew(folder: Path) -> None:
    """As somebody would who rewrites the database and its hash as well."""
    files = {DATABASE: describe_file(folder / DATABASE).model_dump()}
    change_manifest(folder, files=files)


@only_on(SQLITE)
def test_a_backup_comes_to_its_end_while_others_write_and_shows_one_moment(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vault.server.storage.snapshots._PAGES", 1)
    made = 0

    def write(what: str, done: int, total: int) -> None:
        nonlocal made
        if what == "pages" and done < total:
            made += 1
            create_app(deployment.context.storage, f"app-{made}", random_bytes, NOW)

    make_folder(tmp_path / "backup")
    write_backup(deployment.context, tmp_path / "backup", NOW, write)
    assert made > 10
    with closing(sqlite3.connect(tmp_path / "backup" / DATABASE)) as connection:
        assert connection.execute("SELECT app FROM apps").fetchall() == [(APP,)]


def lose_part(folder: Path) -> None:
    part_of(folder).unlink()


def swap_part(folder: Path) -> None:
    raw = part_of(folder).read_bytes()
    part_of(folder).write_bytes(bytes([raw[0] ^ 1]) + raw[1:])


def part_of(folder: Path) -> Path:
    return next(path for path in sorted((folder / "attachments").rglob("*")) if path.is_file())


@only_on(SQLITE)
async def test_a_backup_without_a_part_that_is_named_is_none(three: World, tmp_path: Path) -> None:
    await upload(three)
    await three.write(naming(three, ref_of()))
    stored_files(three)[0].unlink()
    with pytest.raises(BackupError, match="attachment"):
        take(three.deployment.context, tmp_path / "backup")


async def test_uploads_that_nobody_names_are_not_in_a_backup_and_their_end_does_not_stop_one(
    three: World, tmp_path: Path
) -> None:
    await upload(three)
    await three.write(naming(three, ref_of()))
    await upload(three, attachment=short("unnamed"))
    three.deployment.clock.move(UPLOAD_SECONDS)

    def sweep_meanwhile(what: str, done: int, total: int) -> None:
        if (what, done) == ("attachments", 0):
            run_apart(sweep(three.deployment.context))

    def run_apart(work: Coroutine[None, None, Swept]) -> None:
        thread = Thread(target=lambda: swept.append(asyncio.run(work)))
        thread.start()
        thread.join()

    swept: list[Swept] = []
    make_folder(tmp_path / "backup")
    taken = write_backup(three.deployment.context, tmp_path / "backup", NOW, sweep_meanwhile)
    assert [each.uploads for each in swept] == [1]
    assert taken.attachments.parts == len(PARTS)
    with closing(sqlite3.connect(tmp_path / "backup" / DATABASE)) as copy:
        for table, left in (("attachments", 1), ("attachment_parts", len(PARTS))):
            assert copy.execute(f"SELECT count(*) FROM {table}").fetchone() == (left,)


@only_on(SQLITE)
async def test_secrets_of_another_deployment_are_noticed(three: World, elsewhere: AppContext, tmp_path: Path) -> None:
    take(three.deployment.context, tmp_path / "backup")
    other = replace(elsewhere, tlog=TlogKey(elsewhere.settings.audience, bytes(32)))
    with pytest.raises(HistoryError, match=r"secrets\.toml"):
        restore(other, tmp_path / "backup")


async def test_a_database_that_holds_something_is_never_restored_into(three: World, tmp_path: Path) -> None:
    take(three.deployment.context, tmp_path / "backup")
    before = three.deployment.digest()
    with pytest.raises(BackupError, match="holds something"):
        restore(three.deployment.context, tmp_path / "backup")
    assert three.deployment.digest() == before


@only_on(SQLITE)
async def test_a_database_that_was_migrated_and_not_used_is_restored_into(
    three: World, elsewhere: AppContext, tmp_path: Path
) -> None:
    migrate(elsewhere.storage)
    take(three.deployment.context, tmp_path / "backup")
    assert restore(elsewhere, tmp_path / "backup").statements > 0


@only_on(SQLITE)
async def test_nothing_secret_and_nothing_readable_lies_in_a_backup(three: World, tmp_path: Path) -> None:
    take(three.deployment.context, tmp_path / "backup")
    held = b"".join(path.read_bytes() for path in (tmp_path / "backup").iterdir())
    for secret in (SECRETS.server_secret, SECRETS.deployment_sign_seed, SECRETS.log_sign_seed):
        assert secret not in held
    for path in (tmp_path / "backup", *(tmp_path / "backup").iterdir()):
        assert path.stat().st_mode & 0o077 == 0
    assert read_manifest(tmp_path / "backup").files.keys() == {DATABASE}


@only_on(SQLITE)
def test_a_backup_overwrites_nothing(deployment: Deployment, tmp_path: Path) -> None:
    (tmp_path / "backup").mkdir()
    with pytest.raises(BackupError, match="nothing is ever overwritten"):
        take(deployment.context, tmp_path / "backup")


async def test_a_database_that_somebody_else_has_begun_to_use_is_left_to_them(
    three: World, elsewhere: AppContext, tmp_path: Path
) -> None:
    taken = take(three.deployment.context, tmp_path / "backup")
    if elsewhere.storage.is_sqlite:
        other = tmp_path / "elsewhere.sqlite3-wal"
        other.touch()
        with pytest.raises(BackupError, match="has the empty database open"):
            restore(elsewhere, tmp_path / "backup")
        other.unlink()
        assert restore(elsewhere, tmp_path / "backup") == taken
    else:
        migrate(elsewhere.storage)
        begun: list[str] = []

        def begin(what: str, done: int, total: int) -> None:
            if not begun:
                begun.append(what)
                create_app(elsewhere.storage, "theirs", random_bytes, NOW)

        with pytest.raises(BackupError, match="somebody has written"):
            read_backup(elsewhere, tmp_path / "backup", tmp_path / "staged.sqlite3", begin)
        with elsewhere.storage.reading() as connection:
            assert connection.execute(select(apps.c.app)).scalars().all() == ["theirs"]
    assert is_tidy(tmp_path)
