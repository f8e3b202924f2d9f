"""The folder in which an act is played: a server over its own database, and the homes of people who have lived there.

All chance is told by a seed, and the clocks stand, so that an act does the same each time until it is stopped.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx

from tests.resilience.crashes.stops import Watch, Watched
from tests.server.deployments import URL, Deployment, deployed
from vault.client import Vault
from vault.client.acts import joining
from vault.client.cli import opening
from vault.client.crypto import slots
from vault.client.crypto.passphrase import require_kdf_bounds
from vault.client.device.session import Session
from vault.client.network.transport import Driver
from vault.protocol.slot import SlotHeader

OLD_PASSPHRASE = "correct horse battery staple"
NEW_PASSPHRASE = "staple battery horse correct"
DATABASE, _YOUNGER = "vault.sqlite3", "younger.sqlite3"
_FACTS = "facts.json"


class Dice:
    """Random bytes by a seed."""

    def __init__(self, seed: str) -> None:
        """The same seed gives the same bytes."""
        self._seed, self._thrown = seed, 0

    def __call__(self, count: int) -> bytes:
        """The next bytes."""
        self._thrown += 1
        return hashlib.shake_256(f"{self._seed} {self._thrown}".encode()).digest(count)


def old_passphrase() -> str:
    """What opens every folder before an act."""
    return OLD_PASSPHRASE


def new_passphrase() -> str:
    """What an act changes it to, or what comes with a recovery code."""
    return NEW_PASSPHRASE


def cheap_stretching(watch: Watch | None = None) -> AbstractContextManager[object]:
    """Hash passphrases while it lasts instead of stretching them, which would be most of the time.

    It takes people so long that many a Ctrl-C falls into it, so a watch is told.
    """

    def hash_once(passphrase: str, header: SlotHeader) -> bytes:
        require_kdf_bounds(header)
        if watch is not None:
            watch.work("stretch a passphrase")
        return hashlib.sha256(header.to_bytes() + passphrase.encode()).digest()

    return patch.object(slots, "stretch", hash_once)


@dataclass
class Stage:
    """A deployment, the folders of its people, and what the acts need to know of both."""

    folder: Path
    deployment: Deployment
    facts: dict[str, Any]
    seed: str
    watch: Watch | None = None

    def __post_init__(self) -> None:
        """One network for everybody."""
        self.transport = Watched(self.deployment.app, self.watch)
        self._opened = 0

    def home(self, who: str) -> Path:
        """The folder of a person's device."""
        return self.folder / "people" / who

    def out(self) -> Path:
        """Where files go that a person gets out of a vault."""
        return self.folder / "people" / "out"

    def dice(self) -> Dice:
        """Random bytes for the next program that is started."""
        self._opened += 1
        return Dice(f"{self.seed} {self._opened}")

    def begin_anew(self, seed: str) -> None:
        """Throw from here on what was thrown from the first program on with that seed."""
        self.seed, self._opened = seed, 0

    def unlock(self, who: str, passphrase: Callable[[], str] = old_passphrase) -> Vault:
        """Open a person's folder, as an application does."""
        clock = self.deployment.clock
        return Vault.unlock(
            self.home(who), passphrase=passphrase, transport=self.transport, now=clock, random=self.dice()
        )

    def open_session(self, who: str, passphrase: Callable[[], str] = old_passphrase) -> Session:
        """Open a person's folder, as the command does."""
        return joining.unlock_session(self.home(who), passphrase, now=self.deployment.clock, random=self.dice())

    @contextmanager
    def held(self, session: Session) -> Iterator[Vault]:
        """The session as the command holds and closes it, over this stage's network."""
        with (
            patch.object(opening, "Driver", lambda url: Driver(url, self.transport)),
            opening.held(session) as home,
        ):
            yield home.vault

    def let_server_forget(self) -> None:
        """Put an older backup of the server in the place of its database."""
        self.deployment.context.storage.close()
        for leftover in self.folder.glob(f"{DATABASE}*"):
            leftover.unlink()
        shutil.copyfile(self.folder / _YOUNGER, self.folder / DATABASE)

    def keep_backup(self) -> None:
        """Keep the server as it is now, for `let_server_forget`."""
        self.deployment.context.storage.close()
        shutil.copyfile(self.folder / DATABASE, self.folder / _YOUNGER)

    def write_facts(self) -> None:
        """Make what is known of this stage part of it."""
        (self.folder / _FACTS).write_text(json.dumps(self.facts), encoding="utf-8")


class Server:
    """The one application that every stage of this process and of its children is served by: making one takes long.

    Its database is that of the folder in which a process stands. A child that was forked goes to a stage of its own.
    """

    def __init__(self, app_key: str) -> None:
        """Nothing is opened before a stage is entered."""
        self._dice = Dice("")
        here = Path("/proc/self/cwd")
        database = f"sqlite:///{here / DATABASE}"
        self._made = deployed(here, database=database, app_key=app_key, random=lambda count: self._dice(count))
        self._deployment = self._made.__enter__()

    @contextmanager
    def staged(self, folder: Path, seed: str, watch: Watch | None = None) -> Iterator[Stage]:
        """The stage that lies in `folder`, with its server started again; this process stands there meanwhile."""
        before = Path.cwd()
        os.chdir(folder)
        self._dice = Dice(f"server {seed}")
        facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
        stage = Stage(folder, self._deployment, facts, seed, watch)
        try:
            yield stage
        finally:
            stage.transport.end()
            self._deployment.context.storage.close()
            os.chdir(before)

    def warm_up(self, folder: Path) -> None:
        """Answer a first request, which takes long, before there are children. Nothing is written: no thread begins."""
        with (
            self.staged(folder, "warming up") as stage,
            httpx.Client(base_url=URL, transport=stage.transport) as client,
        ):
            client.get("/v1/deployment")


@contextmanager
def new_stage(folder: Path, seed: str) -> Iterator[Stage]:
    """A stage in an empty folder, with a server of its own."""
    with deployed(folder, random=Dice(f"server {seed}")) as deployment:
        stage = Stage(folder, deployment, {}, seed)
        yield stage
        stage.transport.end()


def copy_stage(source: Path, to: Path) -> None:
    """Another stage like that one; whoever plays on it changes nothing of the first."""
    shutil.copytree(source, to, copy_function=_share)


def _share(source: str, to: str) -> None:
    """All but the server's database is replaced whole or not at all, so that both stages can have one file."""
    if Path(source).name.startswith(DATABASE):
        shutil.copyfile(source, to)
    else:
        os.link(source, to)
