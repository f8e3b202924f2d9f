"""The rows of introductions."""

from typing import Any

from sqlalchemy import Connection, bindparam, case, delete, func, insert, or_, select

from vault.protocol.envelope import Statement
from vault.protocol.limits import INTRODUCTION_SECONDS
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Introduction
from vault.protocol.vocabulary import StatementType
from vault.server.storage.entries import Found, write_envelope, write_page
from vault.server.storage.tables import accounts, introductions

_BEFORE = select(introductions.c.statement).where(
    introductions.c.signer == bindparam("signer"), introductions.c.uid == bindparam("uid")
)
_ACCOUNT = select(accounts.c.account).where(accounts.c.account == bindparam("account"))
OF_SIGNER_MAXIMUM = 8
"""How many introductions of one account wait for another: an invitation is answered once, or again after a slip."""
OF_RECIPIENT_MAXIMUM = 1_000
"""How many wait for one account: many times what one person invites in a month, and few enough to be read."""
_COUNT = select(
    func.count().label("all"),
    func.count(case((introductions.c.signer == bindparam("signer"), 1))).label("own"),
).where(introductions.c.to_account == bindparam("account"), introductions.c.expires > bindparam("now"))
_LIST = (
    select(introductions.c.made, introductions.c.statement, introductions.c.payload, introductions.c.signature)
    .where(
        introductions.c.to_account == bindparam("account"),
        introductions.c.expires > bindparam("now"),
        or_(
            introductions.c.made > bindparam("made"),
            (introductions.c.made == bindparam("made")) & (introductions.c.statement > bindparam("statement")),
        ),
    )
    .order_by(introductions.c.made, introductions.c.statement)
    .limit(bindparam("limit"))
)


def is_written(connection: Connection, statement: Statement) -> bool:
    """Whether exactly this statement is there. Raises: Refused(id-taken) for its `id` with other bytes."""
    values = {"signer": statement.body.by, "uid": statement.body.id}
    before = connection.execute(_BEFORE, values).scalar_one_or_none()
    if before is not None and before != statement.id:
        raise Refused(Code.ID_TAKEN)
    return before is not None


def require_account(connection: Connection, account: bytes) -> None:
    """Return if there is such an account. Raises: Refused(not-found)."""
    if connection.execute(_ACCOUNT, {"account": account}).scalar_one_or_none() is None:
        raise Refused(Code.NOT_FOUND)


def require_room(connection: Connection, body: Introduction, now: int) -> None:
    """Return if the recipient can be introduced to by this signer once more. Raises: Refused(too-many)."""
    values = {"account": body.to, "signer": body.by, "now": now}
    there = connection.execute(_COUNT, values).one()
    if there.all >= OF_RECIPIENT_MAXIMUM or there.own >= OF_SIGNER_MAXIMUM:
        raise Refused(Code.TOO_MANY)


def insert_introduction(connection: Connection, statement: Statement, body: Introduction, now: int) -> None:
    """Keep an introduction; those to the same account that have ended go."""
    ended = delete(introductions).where(introductions.c.to_account == body.to, introductions.c.expires <= now)
    connection.execute(ended)
    (signature,) = statement.envelope.signatures
    connection.execute(
        insert(introductions).values(
            to_account=body.to,
            statement=statement.id,
            signer=body.by,
            uid=body.id,
            payload=statement.envelope.payload,
            signature=signature,
            made=now,
            expires=now + INTRODUCTION_SECONDS,
        )
    )


def list_introductions(
    connection: Connection, account: bytes, now: int, after: tuple[int, bytes], limit: int
) -> dict[str, Any]:
    """A page of the envelopes addressed to the account, oldest first, those after (made, statement)."""
    made, statement = after
    values = {"account": account, "now": now, "made": made, "statement": statement, "limit": limit + 1}
    return write_page(list(connection.execute(_LIST, values)), limit, _write, _cursor)


def _write(row: Found) -> dict[str, Any]:
    return write_envelope(StatementType.INTRODUCTION, row.payload, row.signature)


def _cursor(row: Found) -> str:
    return f"{row.made}-{row.statement.hex()}"
