"""The rows of enrolment tokens."""

from sqlalchemy import Connection, insert

from vault.server.storage.tables import enrolments


def insert_enrolment(connection: Connection, token_sha256: bytes, app: str, expires: int) -> None:
    """A token that nobody has used yet."""
    connection.execute(insert(enrolments).values(token_sha256=token_sha256, app=app, expires=expires, account=None))
