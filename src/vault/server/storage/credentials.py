"""What a credential's hash is worth: the look-ups behind app keys, enrolment tokens and login tokens."""

from typing import Any

from sqlalchemy import Connection, Row, bindparam, or_, select

from vault.server.storage.tables import apps, enrolments, tokens

_APP = select(apps.c.app).where(apps.c.key_sha256 == bindparam("sha256"), apps.c.disabled == 0)
_ENROLMENT = select(enrolments.c.app).where(
    enrolments.c.token_sha256 == bindparam("sha256"),
    or_(enrolments.c.account.is_not(None), enrolments.c.expires > bindparam("now")),
)
_TOKEN = select(tokens.c.account, tokens.c.scope, tokens.c.slot).where(
    tokens.c.token_sha256 == bindparam("sha256"), tokens.c.expires > bindparam("now")
)


def find_app(connection: Connection, sha256: bytes) -> str | None:
    """The slug of the app that holds this key and is not disabled."""
    return connection.execute(_APP, {"sha256": sha256}).scalar_one_or_none()


def find_enrolment(connection: Connection, sha256: bytes, now: int) -> str | None:
    """The slug of the app that issued this enrolment token, unless it ended unused.

    A used one is found, so that the write which used it can be sent again and gets its first answer.
    """
    return connection.execute(_ENROLMENT, {"sha256": sha256, "now": now}).scalar_one_or_none()


def find_token(connection: Connection, sha256: bytes, now: int) -> Row[Any, Any, Any] | None:
    """Account, scope and slot of a login token that has not ended."""
    return connection.execute(_TOKEN, {"sha256": sha256, "now": now}).one_or_none()
