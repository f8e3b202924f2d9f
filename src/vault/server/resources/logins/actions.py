"""Challenge and answer: the way from a key to a token.

A challenge is taken once, whatever the answer turns out to be. An unknown account, another key, another URL and a wrong
signature are one refusal, reached by the same work. Source: docs/protocol.md section 9.
"""

from sqlalchemy import Connection

from vault import ed25519
from vault.errors import SignatureError
from vault.protocol.api import Challenge, Token
from vault.protocol.envelope import Statement
from vault.protocol.limits import CHALLENGE_SECONDS, KEYRING_TOKEN_SECONDS, PERSON_TOKEN_SECONDS
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Fetch, Login
from vault.server.context import AppContext
from vault.server.credentials import KEYRING_SCOPE, LOGIN_PREFIX, PERSON_SCOPE, new_credential
from vault.server.resources.logins.rows import (
    delete_token,
    delete_tokens,
    find_fetch_key,
    find_sign_key,
    insert_challenge,
    insert_token,
    take_challenge,
)
from vault.server.sequencer.queue import Queue
from vault.server.storage.engine import Storage

CHALLENGE_BYTES = 32


async def create_challenge(context: AppContext, queue: Queue, account: bytes) -> Challenge:
    """32 new bytes for whoever says to be this account, known or not."""
    challenge, now = context.random(CHALLENGE_BYTES), context.clock()

    def write(connection: Connection) -> tuple[None, None]:
        insert_challenge(connection, challenge, account, now, now + CHALLENGE_SECONDS)
        return None, None

    # Nobody has shown yet whose it is, so it takes no place of that account's share; so it is with the answer to it.
    await queue.put(challenge, (account, False), lambda connection: lambda: write(connection))
    return Challenge(challenge=challenge, expires=now + CHALLENGE_SECONDS)


async def create_token(context: AppContext, queue: Queue, statement: Statement) -> Token:
    """The token that a `login` or `fetch` statement is worth.

    Raises: Refused(challenge-ended | login-refused).
    """
    body, now = statement.body, context.clock()
    assert isinstance(body, Login | Fetch)
    scope, slot = (KEYRING_SCOPE, body.slot) if isinstance(body, Fetch) else (PERSON_SCOPE, None)
    expires = now + (PERSON_TOKEN_SECONDS if slot is None else KEYRING_TOKEN_SECONDS)
    token, sha256 = new_credential(LOGIN_PREFIX, context.random)

    def write(connection: Connection) -> tuple[tuple[bool, bool], None]:
        # Refusals are raised after the commit: the challenge is gone whatever comes of it.
        is_taken = take_challenge(connection, body.challenge, body.by, now) and now < body.expires
        found = find_sign_key(connection, body.by) if slot is None else find_fetch_key(connection, body.by, slot)
        is_genuine = _verifies(statement, context.deployment.sign_public if found is None else found.public)
        is_login = is_genuine and found is not None and found.key == body.key and body.url == context.settings.url
        if is_taken and is_login:
            insert_token(connection, sha256, body.by, scope, slot, now, expires)
        return (is_taken, is_login), None

    (is_taken, is_login), _ = await queue.put(
        body.challenge, (body.by, False), lambda connection: lambda: write(connection)
    )
    if not is_taken:
        raise Refused(Code.CHALLENGE_ENDED)
    if not is_login:
        raise Refused(Code.LOGIN_REFUSED)
    return Token.model_validate({"token": token, "scope": scope, "expires": expires})


async def end_token(queue: Queue, token_sha256: bytes) -> None:
    """Log out."""

    def write(connection: Connection) -> tuple[None, None]:
        delete_token(connection, token_sha256)
        return None, None

    await queue.put(token_sha256, (token_sha256, False), lambda connection: lambda: write(connection))


def end_tokens(storage: Storage, account: bytes) -> int:
    """How many tokens the account had, of either scope; all have ended when this returns."""
    with storage.writing() as connection:
        return delete_tokens(connection, account)


def _verifies(statement: Statement, public: bytes) -> bool:
    try:
        (signature,) = statement.envelope.signatures
        ed25519.verify(public, statement.envelope.signed_bytes, signature)
    except (ValueError, SignatureError):
        return False
    return True
