"""Membership of an engagement, checked before everything else: somebody else gets the same answer as a stranger."""

from sqlalchemy import Connection, bindparam, select

from vault.policy.parties import JOURNAL_READERS
from vault.protocol.naming import find_engagement
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Body
from vault.protocol.vocabulary import Role
from vault.server.storage.prepared import Prepared
from vault.server.storage.tables import memberships

_ROLE = Prepared(
    select(memberships.c.role).where(
        memberships.c.account == bindparam("account"), memberships.c.engagement == bindparam("engagement")
    )
)


def find_member(connection: Connection, engagement: bytes, account: bytes) -> str | None:
    """The word of the account's role in the engagement: a role of `Role`, or `contact`."""
    row = _ROLE.find(connection, {"account": account, "engagement": engagement})
    return None if row is None else str(row.role)


def require_member(connection: Connection, engagement: bytes, account: bytes) -> str:
    """The word of the account's role. Raises: Refused(not-found)."""
    role = find_member(connection, engagement, account)
    if role is None:
        raise Refused(Code.NOT_FOUND)
    return role


def require_journal_reader(connection: Connection, engagement: bytes, account: bytes) -> Role:
    """Coach or coachee. Raises: Refused(not-found) for everybody else."""
    role = require_member(connection, engagement, account)
    if role not in JOURNAL_READERS:
        raise Refused(Code.NOT_FOUND)
    return Role(role)


def admit_member(connection: Connection, body: Body) -> None:
    """Return if the signer is a member of the engagement that the statement names. Raises: Refused(not-found)."""
    require_member(connection, require_engagement(body), body.by)


def require_engagement(body: Body) -> bytes:
    """The 16-byte engagement that the statement names. Raises: Refused(statement-malformed) where its type has none."""
    engagement = find_engagement(body)
    if engagement is None:
        raise Refused(Code.STATEMENT_MALFORMED)
    return engagement
