"""The thief at work: everything that the server has written is copied while it runs, and what it was sent."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from scripts.demonstration.deployment import Deployment
from tests.support.thief.loot import Loot, Taken


def steal(deployment: Deployment, folder: Path, sent: Iterable[bytes]) -> Taken:
    """What was taken, in the new folder `folder`."""
    folder.mkdir()
    for path in _files(deployment.data):
        name = path.relative_to(deployment.data).as_posix().replace("/", "-")
        shutil.copyfile(path, folder / (name if name.startswith("vault.sqlite3") else f"settings-{name}"))
    shutil.copyfile(deployment.log, folder / "log")
    left_behind = [*_files(deployment.temporary), *_files(deployment.working)]
    names = "\n".join(path.name for path in left_behind).encode()
    (folder / "temporary").write_bytes(b"\n".join([names, *(path.read_bytes() for path in left_behind)]))
    if deployment.databases is None:
        return Loot(folder, b"\n\n".join(sent))
    # Its driver is an extra: who demonstrates on SQLite needs none.
    from tests.support.thief.loot_postgres import PostgresLoot, steal_database

    steal_database(deployment.database, deployment.databases, folder)
    return PostgresLoot(folder, b"\n\n".join(sent), deployment.databases)


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]
