"""The thief takes the server's disk and everything that was sent to it, and searches both for what people wrote.

The same search runs over a copy in which every spelling was planted in every place by the means that leave it there:
SQLite itself for rows, freed pages and the write-ahead log. A control that is not found makes the search worthless.
"""

import secrets
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from tests.support.thief.lines import Line, text_line
from tests.support.thief.search import Found, Place, search
from tests.support.thief.spellings import CONTROL, LEAKS, SPELLINGS
from tests.support.thief.tables import values

ROWS, FILE, FREED, WAL = "rows of all tables", "database file", "freed pages", "write-ahead log"
LOG, TEMPORARY, SETTINGS, SENT = "server log", "temporary files", "settings and secrets", "requests as sent"
PLACES = (ROWS, FILE, FREED, WAL, LOG, TEMPORARY, SETTINGS, SENT)
"""Freed pages lie in the database file: one file, two ways in which text gets there."""

_DATABASE = "vault.sqlite3"


class Taken(Protocol):
    """What was taken."""

    @property
    def names(self) -> tuple[str, ...]:
        """Where the thief looks."""
        ...

    def places(self) -> list[Place]:
        """All places with what they hold; freed pages and deleted rows are part of the database file."""
        ...

    def leaking(self, copies: Path, leaks: dict[str, list[bytes]]) -> Self:
        """The same from a server that leaks: in each place what `leaks` has for it, copied into the folder `copies`."""
        ...


@dataclass(frozen=True, slots=True)
class Loot:
    """What was taken from a server on SQLite: copies in a folder of the thief's own, and the requests."""

    folder: Path
    sent: bytes

    @property
    def names(self) -> tuple[str, ...]:
        """Where the thief looks."""
        return PLACES

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
        return [
            *(Place(name, content) for name, content in raw.items()),
            Place(ROWS, values(f"sqlite:///{self.database}")),
        ]

    def leaking(self, copies: Path, leaks: dict[str, list[bytes]]) -> "Loot":
        """The same loot from a server that leaks."""
        copy_with_leaks(self.folder, copies, leaks)
        copy = Loot(copies, self.sent + b"\n".join(leaks[SENT]))
        _plant_with_sqlite(copy.database, leaks)
        return copy


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the search found, and whether it would have found anything."""

    found: list[Found]
    places: tuple[str, ...]
    lines: int
    searched_bytes: int
    control_planted: int
    control_found: int
    missed: list[tuple[str, str]]


def drop_known(before: Taken, lines: Sequence[Line], public: bytes) -> tuple[list[Line], int]:
    """The lines that stood nowhere before the first note was sealed, nor in the server's public description.

    Somebody's file may say `CREATE TABLE` as the database does. Such a line proves nothing; also how many there are.
    """
    known = {found.line for found in search([*before.places(), Place("public", public)], lines)}
    return [line for number, line in enumerate(lines) if number not in known], len(known)


def judge(loot: Taken, copies: Path, lines: Sequence[Line]) -> Verdict:
    """Search for `lines`, and for the control in a copy."""
    token = secrets.token_hex(4)
    controls = {place: f"{CONTROL} {place} {token}" for place in loot.names}
    searched = [*lines, *(text_line(control) for control in controls.values())]
    places = loot.places()
    found = search(places, searched)
    planted = loot.leaking(copies, {place: [leak(text) for leak in LEAKS.values()] for place, text in controls.items()})
    numbers = {len(lines) + place: name for place, name in enumerate(controls)}
    seen = {
        (numbers[each.line], each.place, each.spelling)
        for each in search(planted.places(), searched)
        if each.line in numbers
    }
    wanted = [(place, spelling) for place in loot.names for spelling in SPELLINGS]
    missed = [(place, spelling) for place, spelling in wanted if (place, _lies_in(place), spelling) not in seen]
    size = sum(len(place.content) for place in places)
    return Verdict(found, loot.names, len(lines), size, len(wanted), len(wanted) - len(missed), missed)


def _lies_in(place: str) -> str:
    return FILE if place == FREED else place


def copy_with_leaks(folder: Path, copies: Path, leaks: dict[str, list[bytes]]) -> None:
    """Copy what was taken, and add to log, temporary files and settings what a careless server would leave there."""
    shutil.copytree(folder, copies)
    for name, place in (("log", LOG), ("temporary", TEMPORARY), ("settings-server.toml", SETTINGS)):
        with (copies / name).open("ab") as file:
            file.write(b"\n" + b"\n".join(leaks[place]))


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


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""
