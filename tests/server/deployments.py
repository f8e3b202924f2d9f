"""A real server over a real migrated database, whose clock is told.

Where no database is named it is a copy of an empty file that was migrated once in a process.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import httpx
from fastapi import FastAPI
from sqlalchemy import select

from tests.support.databases import empty_file
from vault.server.app import build_app
from vault.server.clock import random_bytes
from vault.server.context import AppContext
from vault.server.limits import Limits
from vault.server.opening import open_blobs
from vault.server.resources.apps.actions import create_app
from vault.server.resources.enrolments.actions import create_enrolment
from vault.server.secrets_file import Secrets
from vault.server.settings import LimitSettings, Settings
from vault.server.storage.engine import Storage
from vault.server.storage.tables import metadata
from vault.server.tlog_key import TlogKey

URL = "http://127.0.0.1:8001"
AUDIENCE = "127.0.0.1:8001/log"
NOW = 1_800_000_000
SECRETS = Secrets(b"\x01" * 32, b"\x02" * 32, b"\x03" * 32)
APP = "acme"


@dataclass(slots=True)
class Clock:
    """Unix seconds that stand still until a test moves them."""

    now: int = NOW

    def __call__(self) -> int:
        return self.now

    def move(self, seconds: int) -> None:
        self.now += seconds


@dataclass(slots=True)
class Deployment:
    """One server and what a test needs to look behind it."""

    context: AppContext
    clock: Clock
    app: FastAPI
    app_key: str
    is_honest: bool = True
    """Whether every row has to be explained by statements in the end: a test that tampers says no."""

    def client(self, peer: str = "127.0.0.1") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, client=(peer, 40_000))
        return httpx.AsyncClient(transport=transport, base_url=self.context.settings.url)

    def enrolment(self, lasts_seconds: int = 3_600) -> str:
        """A token of the app that nobody has used."""
        return create_enrolment(self.context.storage, APP, lasts_seconds, self.context.random, self.clock()).token

    def digest(self, leave_out: Iterable[str] = ()) -> str:
        """The hash of all rows of all tables: equal exactly where nothing was changed."""
        hashed = sha256()
        with self.context.storage.reading() as connection:
            for table in metadata.sorted_tables:
                if table.name not in leave_out:
                    rows = sorted(repr(tuple(row)) for row in connection.execute(select(table)))
                    hashed.update(repr((table.name, rows)).encode())
        return hashed.hexdigest()


@contextmanager
def deployed(
    folder: Path,
    limits: LimitSettings | None = None,
    *,
    url: str = URL,
    now: int = NOW,
    random: Callable[[int], bytes] = random_bytes,
    database: str | None = None,
    app_key: str | None = None,
) -> Iterator[Deployment]:
    """A server with one app, over a new database in `folder`, or over a migrated one elsewhere.

    With `app_key`, that of the app which the database has already, it is a server that was started again.
    """
    if database is None:
        path = folder / "vault.sqlite3"
        shutil.copyfile(empty_file(), path)
        database = f"sqlite:///{path}"
    clock = Clock(now)
    limits = limits or LimitSettings()
    settings = Settings(url=url, database=database, blobs=f"file:{folder}/attachments", limits=limits)
    context = AppContext(
        settings=settings,
        storage=Storage(settings.database),
        clock=clock,
        random=random,
        secret=SECRETS.server_secret,
        deployment=SECRETS.deployment(),
        tlog=TlogKey(settings.audience, SECRETS.log_sign_seed),
        blobs=open_blobs(settings),
        limits=Limits(limits.rates(), clock),
    )
    key = create_app(context.storage, APP, random, clock()) if app_key is None else app_key
    try:
        yield Deployment(context, clock, build_app(context), key)
    finally:
        context.storage.close()
