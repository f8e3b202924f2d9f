"""The list of a person's engagements."""

from typing import Any

from sqlalchemy import Connection, and_, bindparam, select

from vault.policy.parties import JOURNAL_READERS
from vault.protocol.vocabulary import JOURNAL_KIND_CODES, JournalKind
from vault.server.storage.entries import Found, write_page
from vault.server.storage.prepared import Prepared
from vault.server.storage.tables import CONTACT, engagements, journals, memberships, parties

_ONE = Prepared(
    select(
        memberships.c.engagement,
        memberships.c.role,
        engagements.c.active_contract,
        engagements.c.closed,
        journals.c.seq,
        journals.c.head,
        parties.c.role.label("active_role"),
    )
    .join(engagements, engagements.c.engagement == memberships.c.engagement)
    .join(
        journals,
        and_(
            journals.c.kind == JOURNAL_KIND_CODES[JournalKind.ENGAGEMENT],
            journals.c.subject == memberships.c.engagement,
        ),
    )
    .outerjoin(
        parties,
        and_(
            parties.c.engagement == memberships.c.engagement,
            parties.c.account == memberships.c.account,
            parties.c.contract == engagements.c.active_contract,
        ),
    )
    .where(memberships.c.account == bindparam("account"), memberships.c.engagement == bindparam("engagement"))
)
# An account's list crosses engagements, so it is the ids alone; each engagement is asked for its own row.
_LIST = Prepared(
    select(memberships.c.engagement)
    .where(memberships.c.account == bindparam("account"), memberships.c.engagement > bindparam("after"))
    .order_by(memberships.c.engagement)
    .limit(bindparam("limit"))
)


def list_engagements(connection: Connection, account: bytes, after: bytes, limit: int) -> dict[str, Any]:
    """A page of the engagements that the account is a member of, by id, those after `after`."""
    mine = _LIST.list(connection, {"account": account, "after": after, "limit": limit + 1})
    rows = [_ONE.find(connection, {"account": account, "engagement": each.engagement}) for each in mine]
    return write_page(rows, limit, write_engagement, lambda row: str(row.engagement.hex()))


def find_engagement(connection: Connection, account: bytes, engagement: bytes) -> Any:
    """The row of one engagement as `write_engagement` takes it; None where the account is no member."""
    return _ONE.find(connection, {"account": account, "engagement": engagement})


def write_engagement(row: Found) -> dict[str, Any]:
    """An engagement as `api.EngagementRow` has it.

    A closure, the journal's length and a contract without them are for coach and coachee alone.
    """
    reads_journal = row.role in JOURNAL_READERS
    is_party = row.active_role not in (None, CONTACT)
    return {
        "engagement": row.engagement.hex(),
        "role": row.role,
        "active": row.active_role is not None and not (reads_journal and row.closed is not None),
        "contract": row.active_contract.hex() if is_party else None,
        "journal": {"seq": row.seq, "head": row.head.hex()} if reads_journal else None,
    }
