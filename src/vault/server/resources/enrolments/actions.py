"""Issue enrolment tokens, and end those that nobody has used."""

import re
from collections.abc import Callable

from vault.errors import VaultError
from vault.protocol.api import EnrolmentToken
from vault.server.credentials import ENROLMENT_PREFIX, new_credential
from vault.server.resources.enrolments.rows import (
    end_enrolment,
    end_enrolments_of_app,
    insert_enrolment,
    list_open_enrolments,
)
from vault.server.storage.engine import Storage

_BEGINNING = re.compile(r"[0-9a-f]{8,64}", re.ASCII)


class EnrolmentError(VaultError):
    """A token that cannot be revoked."""


def create_enrolment(
    storage: Storage, app: str, lasts_seconds: int, random: Callable[[int], bytes], now: int
) -> EnrolmentToken:
    """A new token of an app, usable once within `lasts_seconds`; it is durable when it is returned."""
    token, sha256 = new_credential(ENROLMENT_PREFIX, random)
    with storage.writing() as connection:
        insert_enrolment(connection, sha256, app, now + lasts_seconds)
    return EnrolmentToken(token=token, expires=now + lasts_seconds)


def revoke_enrolment(storage: Storage, beginning: str, now: int) -> None:
    """End the one open token whose digest begins with these hex digits, eight or more. Raises: EnrolmentError."""
    if _BEGINNING.fullmatch(beginning) is None:
        raise EnrolmentError("expected eight or more hex digits, as `enrolments list` prints them")
    with storage.writing() as connection:
        rows = list_open_enrolments(connection, now)
        found = [row.token_sha256 for row in rows if row.token_sha256.hex().startswith(beginning)]
        if len(found) != 1:
            raise EnrolmentError("not exactly one open token begins so; see `enrolments list`")
        end_enrolment(connection, found[0], now)


def revoke_enrolments(storage: Storage, app: str, now: int) -> int:
    """How many open tokens of the app have ended by this."""
    with storage.writing() as connection:
        return end_enrolments_of_app(connection, app, now)
