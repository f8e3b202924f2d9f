"""Look up app keys, enrolment tokens and login tokens by the hash of the credential."""

from typing import Any

from sqlalchemy import Connection, bindparam, or_, select

from vault.server.storage.prepared import Prepared
from vault.server.storage.tables import apps, enrolments, tokens

_APP = select(apps.c.app).where(apps.c.key_sha256 == bindparam("sha256"), apps.c.disabled == 0)
_ENROLMENT = select(enrolments.c.app).where(
    enrolments.c.token_sha256 == bindparam("sha256"),
    or_(enrolments.c.account.is_not(None), enrolments.c.expires > bindparam("now")),
)
_TOKEN = Prepared(
    select(tokens.c.account, tokens.c.scope, tokens.c.slot).where(
        tokens.c.token_sha256 == bindparam("sha256"), tokens.c.expires > bindparam("now")
    )
)


def find_app(connection: Connection, sha256: bytes) -> str | None:
    """The slug of the app that holds this key and is not disabled."""
    return connection.execute(_APP, {"sha256": sha256}).scalar_one_or_none()


def find_enrolment(connection: Connection, sha256: bytes, now: int) -> str | None:
    """The slug of the app that issued this enrolment token, unless it ended unused.

    A used one is found, so that the write which used it can be sent again and gets its first answer.
    """
    return connection.execute(_ENROLMENT, {"sha256": sha256, "now": now}).scalar_one_or_none()


def find_token(connection: Connection, sha256: bytes, now: int) -> Any:
    """Account, scope and slot of a login token that has not ended, else None."""
    return _TOKEN.find(connection, {"sha256": sha256, "now": now})
