"""The rows of apps: what the operator's commands write, and what an app may read of itself."""

from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, case, func, insert, select, update

from vault.protocol.times import floor_to_day
from vault.server.storage.tables import accounts, apps, enrolments

_COUNTS = select(func.count(), func.count(enrolments.c.account)).where(enrolments.c.app == bindparam("app"))
_IS_OPEN = and_(enrolments.c.account.is_(None), enrolments.c.expires > bindparam("now"))
_LIST = select(apps.c.app, apps.c.disabled, apps.c.made).order_by(apps.c.app)
_OF_APP = select(
    func.count(enrolments.c.token_sha256).label("issued"),
    func.count(enrolments.c.account).label("joined"),
    func.count(case((_IS_OPEN, 1))).label("open"),
).where(enrolments.c.app == bindparam("slug"))
_JOINED = select(enrolments.c.account).where(enrolments.c.app == bindparam("slug"), enrolments.c.account.is_not(None))
_NEWEST = select(func.max(accounts.c.made)).where(accounts.c.account.in_(bindparam("named", expanding=True)))
_NAMED_AT_ONCE = 500
_DISABLED = select(apps.c.disabled).where(apps.c.app == bindparam("slug"))
_FIND = select(apps.c.app).where(apps.c.app == bindparam("slug"))


@dataclass(frozen=True, slots=True)
class AppRow:
    """An app as the operator sees it: how many of its tokens were issued, used and can be used still.

    `made` is Unix seconds, `last_joined` the day of the newest account, None before the first.
    """

    app: str
    disabled: bool
    made: int
    issued: int
    joined: int
    open: int
    last_joined: int | None


def count_enrolments(connection: Connection, app: str) -> tuple[int, int]:
    """How many tokens the app has issued, and how many were used."""
    issued, used = connection.execute(_COUNTS, {"app": app}).one()
    return issued, used


def list_apps(connection: Connection, now: int) -> list[AppRow]:
    """All apps by slug."""
    return [
        AppRow(
            row.app, bool(row.disabled), row.made, *_count(connection, row.app, now), _last_joined(connection, row.app)
        )
        for row in connection.execute(_LIST).all()
    ]


def _count(connection: Connection, app: str, now: int) -> tuple[int, int, int]:
    issued, joined, is_open = connection.execute(_OF_APP, {"slug": app, "now": now}).one()
    return issued, joined, is_open


def _last_joined(connection: Connection, app: str) -> int | None:
    """The day on which the newest account of the app was made; accounts lie apart from apps, so they are asked for."""
    joined = connection.execute(_JOINED, {"slug": app}).scalars().all()
    made = [
        connection.execute(_NEWEST, {"named": joined[start : start + _NAMED_AT_ONCE]}).scalar_one()
        for start in range(0, len(joined), _NAMED_AT_ONCE)
    ]
    return floor_to_day(max(made)) if made else None


def find_disabled(connection: Connection, app: str) -> bool | None:
    """Whether the app of that slug is disabled; None where there is none."""
    found = connection.execute(_DISABLED, {"slug": app}).scalar_one_or_none()
    return None if found is None else bool(found)


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
