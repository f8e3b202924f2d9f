"""Issue an enrolment token."""

from collections.abc import Callable

from vault.protocol.api import EnrolmentToken
from vault.server.credentials import ENROLMENT_PREFIX, new_credential
from vault.server.resources.enrolments.rows import insert_enrolment
from vault.server.storage.engine import Storage


def create_enrolment(
    storage: Storage, app: str, lasts_seconds: int, random: Callable[[int], bytes], now: int
) -> EnrolmentToken:
    """A new token of an app, usable once within `lasts_seconds`; it is durable when it is returned."""
    token, sha256 = new_credential(ENROLMENT_PREFIX, random)
    with storage.writing() as connection:
        insert_enrolment(connection, sha256, app, now + lasts_seconds)
    return EnrolmentToken(token=token, expires=now + lasts_seconds)
