"""The rows of accounts and keys."""

from sqlalchemy import Connection, bindparam, insert, select, update

from vault.policy.facts import Effect, KeysAdded
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Keys
from vault.protocol.submission import Submission
from vault.server.sequencer.journal import Written
from vault.server.storage.tables import accounts, enrolments, keys

_USABLE = (
    select(enrolments.c.token_sha256)
    .where(
        enrolments.c.token_sha256 == bindparam("sha256"),
        enrolments.c.account.is_(None),
        enrolments.c.expires > bindparam("now"),
    )
    .with_for_update()
)


def require_enrolment(connection: Connection, token_sha256: bytes, now: int) -> None:
    """Return if the token can be used; nobody else can until the transaction ends.

    Raises: Refused(enrolment-ended) where it was used or has ended.
    """
    if connection.execute(_USABLE, {"sha256": token_sha256, "now": now}).one_or_none() is None:
        raise Refused(Code.ENROLMENT_ENDED)


def use_enrolment(connection: Connection, token_sha256: bytes, account: bytes) -> None:
    """From now on the token is that account's.

    Whoever decided in the same transaction held the same lock and found it free, so the row itself is asked once more.

    Raises: Refused(enrolment-ended).
    """
    used = update(enrolments).where(enrolments.c.token_sha256 == token_sha256, enrolments.c.account.is_(None))
    if connection.execute(used.values(account=account)).rowcount != 1:
        raise Refused(Code.ENROLMENT_ENDED)


def add_keys(connection: Connection, written: Written, _submission: Submission, effects: tuple[Effect, ...]) -> None:
    """A generation of keys; with the first one the account begins."""
    (added,) = effects
    body = written.statement.body
    assert isinstance(added, KeysAdded)
    assert isinstance(body, Keys)
    if body.generation == 1:
        connection.execute(insert(accounts).values(account=body.account, made=written.position.time))
    connection.execute(
        insert(keys).values(
            account=body.account,
            generation=body.generation,
            statement=added.keys.statement,
            sign_key=body.sign.key,
            sign_public=body.sign.public,
            seal_key=body.seal.key,
            seal_public=body.seal.public,
            reason=body.reason.value,
        )
    )


def has_account(connection: Connection, account: bytes) -> bool:
    """Whether there is such an account."""
    query = select(accounts.c.account).where(accounts.c.account == account)
    return connection.execute(query).scalar_one_or_none() is not None
