"""The rows of enrolment tokens."""

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, update

from vault.server.storage.tables import enrolments

_LIST = select(
    enrolments.c.token_sha256, enrolments.c.app, enrolments.c.expires, enrolments.c.account.is_not(None).label("used")
).order_by(enrolments.c.app, enrolments.c.expires, enrolments.c.token_sha256)
_OPEN = _LIST.where(enrolments.c.account.is_(None), enrolments.c.expires > bindparam("now"))
_IS_OPEN = (enrolments.c.account.is_(None), enrolments.c.expires > bindparam("now"))
_END_OF_APP = update(enrolments).where(enrolments.c.app == bindparam("slug"), *_IS_OPEN)
_END_ONE = update(enrolments).where(enrolments.c.token_sha256 == bindparam("digest"), *_IS_OPEN)


@dataclass(frozen=True, slots=True)
class EnrolmentRow:
    """A token as the operator sees it, by its digest; who used it is left out. `expires` is Unix seconds."""

    token_sha256: bytes
    app: str
    expires: int
    is_used: bool


def insert_enrolment(connection: Connection, token_sha256: bytes, app: str, expires: int) -> None:
    """A token that nobody has used yet."""
    connection.execute(insert(enrolments).values(token_sha256=token_sha256, app=app, expires=expires, account=None))


def list_enrolments(connection: Connection) -> list[EnrolmentRow]:
    """All tokens that were ever issued, by app and end."""
    return [EnrolmentRow(*row) for row in connection.execute(_LIST)]


def list_open_enrolments(connection: Connection, now: int) -> list[EnrolmentRow]:
    """The tokens with which somebody can join still, by app and end."""
    return [EnrolmentRow(*row) for row in connection.execute(_OPEN, {"now": now})]


def end_enrolments_of_app(connection: Connection, app: str, now: int) -> int:
    """How many open tokens the app had; nobody joins with them from `now` on."""
    return connection.execute(_END_OF_APP.values(expires=now), {"slug": app, "now": now}).rowcount


def end_enrolment(connection: Connection, token_sha256: bytes, now: int) -> None:
    """Nobody joins with that open token from `now` on."""
    connection.execute(_END_ONE.values(expires=now), {"digest": token_sha256, "now": now})
