"""The rows of challenges and tokens, and the two public keys that a login is verified under."""

from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select

from vault.server.storage.tables import challenges, keys, slots, tokens

_SIGN_KEY = (
    select(keys.c.sign_key.label("key"), keys.c.sign_public.label("public"))
    .where(keys.c.account == bindparam("account"))
    .order_by(keys.c.generation.desc())
    .limit(1)
)
_FETCH_KEY = select(slots.c.fetch_key.label("key"), slots.c.fetch_public.label("public")).where(
    slots.c.account == bindparam("account"), slots.c.kind == bindparam("kind")
)


def insert_challenge(connection: Connection, challenge: bytes, account: bytes, now: int, expires: int) -> None:
    """A new challenge; those that have ended go."""
    connection.execute(delete(challenges).where(challenges.c.expires <= now))
    connection.execute(insert(challenges).values(challenge=challenge, account=account, expires=expires))


def take_challenge(connection: Connection, challenge: bytes, account: bytes, now: int) -> bool:
    """Whether this account was given the challenge and it has not ended; it is gone afterwards."""
    taken = delete(challenges).where(
        challenges.c.challenge == challenge, challenges.c.account == account, challenges.c.expires > now
    )
    return connection.execute(taken).rowcount == 1


def find_sign_key(connection: Connection, account: bytes) -> Row[Any, Any] | None:
    """`key` (16 bytes) and `public` of the account's newest sign key."""
    return connection.execute(_SIGN_KEY, {"account": account}).one_or_none()


def find_fetch_key(connection: Connection, account: bytes, kind: int) -> Row[Any, Any] | None:
    """`key` (16 bytes) and `public` of the fetch key of one slot."""
    return connection.execute(_FETCH_KEY, {"account": account, "kind": kind}).one_or_none()


def insert_token(
    connection: Connection, token_sha256: bytes, account: bytes, scope: str, slot: int | None, now: int, expires: int
) -> None:
    """A new token; those that have ended go."""
    connection.execute(delete(tokens).where(tokens.c.expires <= now))
    connection.execute(
        insert(tokens).values(token_sha256=token_sha256, account=account, scope=scope, slot=slot, expires=expires)
    )


def delete_token(connection: Connection, token_sha256: bytes) -> None:
    """The token is worth nothing from now on."""
    connection.execute(delete(tokens).where(tokens.c.token_sha256 == token_sha256))


def delete_tokens(connection: Connection, account: bytes) -> int:
    """How many tokens the account had; they are worth nothing from now on, nor is any challenge it was given."""
    connection.execute(delete(challenges).where(challenges.c.account == account))
    return connection.execute(delete(tokens).where(tokens.c.account == account)).rowcount
