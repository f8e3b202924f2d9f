"""Databases that begin alike: one is set up once, and every server gets a copy of it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

from tests.support.postgres.databases import IS_THERE, new_databases

__all__ = ["IS_THERE", "Databases", "SqliteFiles", "postgres"]


class Databases(Protocol):
    """One engine."""

    def new(self) -> str:
        """The URL of an empty database."""
        ...

    def copy(self, url: str) -> str:
        """The URL of a copy of a database that nobody has open."""
        ...


class SqliteFiles:
    """Files in a folder."""

    def __init__(self, folder: Path) -> None:
        """Nothing is made yet."""
        self._folder = folder
        self._made = 0

    def new(self) -> str:
        """A file that is not there yet."""
        self._made += 1
        return f"sqlite:///{self._folder}/{self._made}.sqlite3"

    def copy(self, url: str) -> str:
        """Another file."""
        copied = self.new()
        with closing(_open(url)) as source, closing(_open(copied)) as target:
            source.backup(target)
        return copied


def _open(url: str) -> sqlite3.Connection:
    return sqlite3.connect(url.removeprefix("sqlite:///"))


@contextmanager
def postgres() -> Iterator[Databases]:
    """The server that VAULT_DATABASE_URL names, else one from the wheel, as durable as it is by default."""
    with new_databases() as databases:
        yield databases
