"""The same thief at a PostgreSQL server: its rows, and where its disk is within reach its files and its log.

The control is planted by the server itself, in a database of its own: as rows, as rows that were deleted, and so in the
relation files and in the write-ahead log.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.support.postgres.databases import Databases
from tests.support.thief.loot import FILE, FREED, LOG, ROWS, SENT, SETTINGS, TEMPORARY, WAL, copy_with_leaks
from tests.support.thief.search import Place
from tests.support.thief.tables import values

_PAGE_BYTES = 8_192
_LEAKS = "CREATE TABLE careless (leak BYTEA); CREATE TABLE deleted (leak BYTEA)"


@dataclass(frozen=True, slots=True)
class PostgresLoot:
    """What was taken: one file for each place, in a folder of the thief's own."""

    folder: Path
    sent: bytes
    databases: Databases

    @property
    def names(self) -> tuple[str, ...]:
        """Where the thief looks."""
        files = () if self.databases.files is None else (FILE, FREED, WAL)
        return (ROWS, *files, LOG, TEMPORARY, SETTINGS, SENT)

    def places(self) -> list[Place]:
        """All places; deleted rows lie in the files of the database."""
        settings = b"\n".join(path.read_bytes() for path in sorted(self.folder.glob("settings-*")))
        raw = {LOG: self._read("log"), TEMPORARY: self._read("temporary"), SETTINGS: settings, SENT: self.sent}
        if self.databases.files is not None:
            raw |= {FILE: self._read("files"), WAL: self._read("wal")}
        return [Place(ROWS, self._read("rows")), *(Place(name, content) for name, content in raw.items())]

    def leaking(self, copies: Path, leaks: dict[str, list[bytes]]) -> "PostgresLoot":
        """The same loot from a server that leaks."""
        copy_with_leaks(self.folder, copies, leaks)
        url = self.databases.new()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(_LEAKS)
            for leak in [*leaks[ROWS], *leaks.get(FILE, [])]:
                connection.execute("INSERT INTO careless VALUES (%s)", (leak,))
            # The write-ahead log may tear one of them apart where a page of it ends, but not all three.
            for leak in [*leaks.get(FREED, []), *leaks.get(WAL, []) * 3]:
                connection.execute("INSERT INTO deleted VALUES (%s)", (leak,))
            connection.execute("DELETE FROM deleted")
            if self.databases.files is not None:
                connection.execute("CHECKPOINT")
                relations = [_path_of(connection, table) for table in ("careless", "deleted")]
                _append(copies / "files", [self.databases.files / path for path in relations])
                _append(copies / "wal", _wal(self.databases.files))
        rows = values(url)  # last: who reads deleted rows may clear them away
        with (copies / "rows").open("ab") as file:
            file.write(b"\0" + rows)
        return PostgresLoot(copies, self.sent + b"\n".join(leaks[SENT]), self.databases)

    def _read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()


def steal_database(database: str, databases: Databases, folder: Path) -> None:
    """Copy the rows of `database`, and where they can be reached all files that hold anything of it."""
    (folder / "rows").write_bytes(values(database))
    data = databases.files
    if data is None:
        return
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CHECKPOINT")  # so that the files hold what the server has in memory
        own = data / _path_of(connection, "statements")
    everything = (path for path in sorted(data.rglob("*")) if path.is_file())
    others = (data / "base", data / "pg_wal")
    _append(
        folder / "files",
        (
            path
            for path in everything
            if path.parent == own.parent or not any(path.is_relative_to(other) for other in others)
        ),
    )
    _append(folder / "wal", _wal(data))
    _append(folder / "log", [data / "log"])


def _wal(data: Path) -> list[Path]:
    return [path for path in sorted((data / "pg_wal").iterdir()) if path.is_file()]


def _path_of(connection: psycopg.Connection[tuple[str]], table: str) -> str:
    row = connection.execute("SELECT pg_relation_filepath(%s)", (table,)).fetchone()
    assert row is not None
    return row[0]


def _append(target: Path, paths: Iterable[Path]) -> None:
    """Add whole files but for pages of nothing but zeros."""
    empty = bytes(_PAGE_BYTES)
    with target.open("ab") as file:
        for path in paths:
            content = path.read_bytes()
            pages = (content[start : start + _PAGE_BYTES] for start in range(0, len(content), _PAGE_BYTES))
            file.write(b"".join(page for page in pages if page != empty))
            file.write(b"\n")
