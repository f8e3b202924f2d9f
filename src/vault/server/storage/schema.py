"""The schema's version: bring a database to a revision, and refuse to serve one that is at another.

The migrations lie beside the sources in a checkout and inside the package in an installed server.
"""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from vault.errors import VaultError
from vault.server.storage.engine import Storage

_SERVER = Path(__file__).parents[1]
_PLACES = (_SERVER / "_migrations", _SERVER.parents[2] / "migrations")


class SchemaError(VaultError):
    """A database at another revision than this server's."""


def migrations_folder() -> Path:
    """Where the migrations are. Raises: SchemaError."""
    for place in _PLACES:
        if (place / "env.py").is_file():
            return place
    raise SchemaError("expected the migrations inside the package or beside src")


@cache
def head_revision() -> str:
    """The revision that this server needs."""
    head = ScriptDirectory(str(migrations_folder())).get_current_head()
    if head is None:
        raise SchemaError("expected a migration")
    return head


def list_revisions() -> list[str]:
    """Every revision that this server can bring to its own."""
    return [script.revision for script in ScriptDirectory(str(migrations_folder())).walk_revisions()]


def find_revision(connection: Connection) -> str | None:
    """The revision of an open database; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def migrate(storage: Storage, revision: str = "head") -> None:
    """Bring the database up to `revision`, in one transaction."""
    with storage.writing() as connection:
        upgrade(connection, revision)


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the database up to `revision` within a transaction that writes."""
    command.upgrade(_config(connection), revision)


def migrate_back(storage: Storage, revision: str = "base") -> None:
    """Bring the database down to `revision`, in one transaction."""
    with storage.writing() as connection:
        command.downgrade(_config(connection), revision)


def require_head(storage: Storage) -> None:
    """Return if the database is at this server's revision.

    Raises: SchemaError, with what to do.
    """
    with storage.reading() as connection:
        revision = find_revision(connection)
    if revision != head_revision():
        raise SchemaError("the database is at another schema revision; run `coach-vault-server migrate`")


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
