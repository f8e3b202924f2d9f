"""The thief takes the server's disk and everything that was sent to it, and searches both for what people wrote.

The same search runs over a copy in which every spelling was planted in every place by the means that leave it there:
SQLite itself for rows, freed pages and the write-ahead log. A control that is not found makes the search worthless.
"""

import secrets
import shutil
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from scripts.demonstration.deployment import Deployment
from scripts.demonstration.lines import Line, text_line
from scripts.demonstration.search import Found, Place, search
from scripts.demonstration.spellings import CONTROL, LEAKS, SPELLINGS
from scripts.demonstration.tables import values

ROWS, FILE, FREED, WAL = "rows of all tables", "database file", "freed pages", "write-ahead log"
LOG, TEMPORARY, SETTINGS, SENT = "server log", "temporary files", "settings and secrets", "requests as sent"
PLACES = (ROWS, FILE, FREED, WAL, LOG, TEMPORARY, SETTINGS, SENT)
"""Freed pages lie in the database file: one file, two ways in which text gets there."""

_DATABASE = "vault.sqlite3"


@dataclass(frozen=True, slots=True)
class Loot:
    """What was taken: copies in a folder of the thief's own, and the requests."""

    folder: Path
    sent: bytes

    @property
    def database(self) -> Path:
        """The copy of the database file; its write-ahead log lies beside it."""
        return self.folder / _DATABASE

    def places(self) -> list[Place]:
        """All places; freed pages are part of the database file."""
        others = [path for path in self.folder.iterdir() if path.name.startswith("settings-")]
        raw = {
            FILE: self.database.read_bytes(),
            WAL: _read(self.database.with_name(f"{_DATABASE}-wal"))
            + _read(self.database.with_name(f"{_DATABASE}-shm")),
            LOG: (self.folder / "log").read_bytes(),
            TEMPORARY: (self.folder / "temporary").read_bytes(),
            SETTINGS: b"\n".join(path.read_bytes() for path in others),
            SENT: self.sent,
        }
        # Last: who queries a database changes the files beside it.
        return [*(Place(name, content) for name, content in raw.items()), Place(ROWS, values(self.database))]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the search found, and whether it would have found anything."""

    found: list[Found]
    lines: int
    searched_bytes: int
    control_planted: int
    control_found: int
    missed: list[tuple[str, str]]


def steal(deployment: Deployment, folder: Path, sent: Iterable[bytes]) -> Loot:
    """Copy everything that the server has written, while it runs, and what it was sent."""
    folder.mkdir()
    for path in _files(deployment.data):
        name = path.relative_to(deployment.data).as_posix().replace("/", "-")
        shutil.copyfile(path, folder / (name if name.startswith(_DATABASE) else f"settings-{name}"))
    shutil.copyfile(deployment.log, folder / "log")
    left_behind = [*_files(deployment.temporary), *_files(deployment.working)]
    names = "\n".join(path.name for path in left_behind).encode()
    (folder / "temporary").write_bytes(b"\n".join([names, *(path.read_bytes() for path in left_behind)]))
    return Loot(folder, b"\n\n".join(sent))


def drop_known(before: Loot, lines: Sequence[Line], public: bytes) -> tuple[list[Line], int]:
    """The lines that stood nowhere before the first note was sealed, nor in the server's public description.

    Somebody's file may say `CREATE TABLE` as the database does. Such a line proves nothing; also how many there are.
    """
    known = {found.line for found in search([*before.places(), Place("public", public)], lines)}
    return [line for number, line in enumerate(lines) if number not in known], len(known)


def judge(loot: Loot, copies: Path, lines: Sequence[Line]) -> Verdict:
    """Search for `lines`, and for the control in a copy."""
    token = secrets.token_hex(4)
    controls = {place: f"{CONTROL} {place} {token}" for place in PLACES}
    searched = [*lines, *(text_line(control) for control in controls.values())]
    places = loot.places()
    found = search(places, searched)
    planted = _plant(loot, copies, controls)
    numbers = {len(lines) + place: name for place, name in enumerate(controls)}
    seen = {
        (numbers[each.line], each.place, each.spelling)
        for each in search(planted.places(), searched)
        if each.line in numbers
    }
    wanted = [(place, spelling) for place in PLACES for spelling in SPELLINGS]
    missed = [(place, spelling) for place, spelling in wanted if (place, _lies_in(place), spelling) not in seen]
    size = sum(len(place.content) for place in places)
    return Verdict(found, len(lines), size, len(wanted), len(wanted) - len(missed), missed)


def _lies_in(place: str) -> str:
    return FILE if place == FREED else place


def _plant(loot: Loot, copies: Path, controls: dict[str, str]) -> Loot:
    """The same loot from a server that leaks."""
    shutil.copytree(loot.folder, copies)
    leaks = {place: [leak(text) for leak in LEAKS.values()] for place, text in controls.items()}
    copy = Loot(copies, loot.sent + b"\n".join(leaks[SENT]))
    _plant_with_sqlite(copy.database, leaks)
    for name, place in (("log", LOG), ("temporary", TEMPORARY), ("settings-server.toml", SETTINGS)):
        with (copies / name).open("ab") as file:
            file.write(b"\n" + b"\n".join(leaks[place]))
    return copy


def _plant_with_sqlite(database: Path, leaks: dict[str, list[bytes]]) -> None:
    """Rows, a file with them, pages that a dropped table leaves behind, and a log that is not merged yet."""
    crashed = database.with_name("crashed")
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        for pragma in ("secure_delete=OFF", "journal_mode=WAL", "wal_autocheckpoint=0"):
            connection.execute(f"PRAGMA {pragma}").fetchall()

        def fill(table: str, place: str) -> None:
            connection.execute(f"CREATE TABLE IF NOT EXISTS {table} (leak BLOB)")
            connection.executemany(f"INSERT INTO {table} VALUES (?)", [(leak,) for leak in leaks[place]])

        def settle() -> None:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

        fill("careless", ROWS)
        fill("careless", FILE)
        fill("dropped", FREED)
        settle()
        connection.execute("DROP TABLE dropped")
        settle()
        fill("careless", WAL)
        crashed.mkdir()
        for path in database.parent.glob(f"{database.name}*"):
            shutil.copyfile(path, crashed / path.name)
    for path in crashed.iterdir():
        shutil.copyfile(path, database.with_name(path.name))


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""
