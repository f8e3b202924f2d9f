"""The rows of apps: what the operator's commands write, and what an app may read of itself."""

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, insert, select, update

from vault.server.storage.tables import apps, enrolments

_COUNTS = select(func.count(), func.count(enrolments.c.account)).where(enrolments.c.app == bindparam("app"))
_LIST = select(apps.c.app, apps.c.disabled, apps.c.made).order_by(apps.c.app)
_FIND = select(apps.c.app).where(apps.c.app == bindparam("slug"))


@dataclass(frozen=True, slots=True)
class AppRow:
    """An app as the operator sees it; `made` is Unix seconds."""

    app: str
    disabled: bool
    made: int


def count_enrolments(connection: Connection, app: str) -> tuple[int, int]:
    """How many tokens the app has issued, and how many were used."""
    issued, used = connection.execute(_COUNTS, {"app": app}).one()
    return issued, used


def list_apps(connection: Connection) -> list[AppRow]:
    """All apps by slug."""
    return [AppRow(row.app, bool(row.disabled), row.made) for row in connection.execute(_LIST)]


def has_app(connection: Connection, app: str) -> bool:
    """Whether there is an app of that slug."""
    return connection.execute(_FIND, {"slug": app}).scalar_one_or_none() is not None


def insert_app(connection: Connection, app: str, key_sha256: bytes, now: int) -> None:
    """A new app. Raises: IntegrityError where the slug is taken."""
    connection.execute(insert(apps).values(app=app, key_sha256=key_sha256, disabled=0, made=now))


def replace_key(connection: Connection, app: str, key_sha256: bytes) -> None:
    """From now on the app has this key alone, and is not disabled."""
    connection.execute(update(apps).where(apps.c.app == app).values(key_sha256=key_sha256, disabled=0))


def disable(connection: Connection, app: str) -> None:
    """From now on the app's key is worth nothing; the tokens it issued stay as they are."""
    connection.execute(update(apps).where(apps.c.app == app).values(disabled=1))
