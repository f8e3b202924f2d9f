"""What a holder of seals is shown of items, and who the holders are."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

from sqlalchemy import Connection, and_, bindparam, select

from vault.policy.parties import JOURNAL_READERS
from vault.protocol.vocabulary import JOURNAL_KIND_CODES, ItemKind, JournalKind
from vault.server.sequencer.members import require_member
from vault.server.storage.entries import ENTRY_COLUMNS, OWN_SEAL, Found, HiddenJournal, write_entry, write_page
from vault.server.storage.prepared import Prepared, call_together
from vault.server.storage.tables import holdings, items, memberships, seals, statements

_OF_ENGAGEMENT = and_(
    statements.c.kind == JOURNAL_KIND_CODES[JournalKind.ENGAGEMENT], statements.c.subject == bindparam("engagement")
)
_HELD = (
    select(*ENTRY_COLUMNS, seals.c.seal, holdings.c.seq.label("held_seq"))
    .join(
        items,
        and_(items.c.engagement == statements.c.subject, items.c.seq == statements.c.seq),
    )
    .join(
        holdings,
        and_(
            holdings.c.engagement == items.c.engagement,
            holdings.c.item == items.c.item,
            holdings.c.version == items.c.version,
        ),
    )
    .outerjoin(seals, OWN_SEAL)
    .where(_OF_ENGAGEMENT, holdings.c.account == bindparam("reader"), holdings.c.seq > bindparam("after"))
    .order_by(holdings.c.seq)
    .limit(bindparam("limit"))
)
_NEWEST = Prepared(_HELD)
_NEWEST_OF_KIND = Prepared(_HELD.where(holdings.c.kind == bindparam("item_kind")))

# Look-ups by keys: one joined query would leave it to the database how much of the engagement it reads.
_OF_ITEM = Prepared(
    select(items.c.statement).where(items.c.engagement == bindparam("engagement"), items.c.item == bindparam("item"))
)
_OWN_SEALS = Prepared(
    select(seals.c.statement).where(
        seals.c.engagement == bindparam("engagement"),
        seals.c.of == bindparam("version"),
        seals.c.account == bindparam("reader"),
    )
)
_NAMED = Prepared(
    select(*ENTRY_COLUMNS, seals.c.seal)
    .outerjoin(seals, OWN_SEAL)
    .where(_OF_ENGAGEMENT, statements.c.statement == bindparam("named"))
)
_HOLDERS = (
    select(holdings.c.account, memberships.c.role)
    .join(
        memberships,
        and_(memberships.c.account == holdings.c.account, memberships.c.engagement == holdings.c.engagement),
    )
    .where(holdings.c.engagement == bindparam("engagement"), holdings.c.item == bindparam("item"))
    .order_by(holdings.c.account)
)


@dataclass(frozen=True, slots=True)
class Reader:
    """A member who is shown items; `hidden` where the journal is not theirs to read."""

    account: bytes
    hidden: HiddenJournal | None

    @classmethod
    def of(cls, connection: Connection, engagement: bytes, account: bytes) -> Self:
        """The account as a reader. Raises: Refused(not-found) where it is no member."""
        reads_journal = require_member(connection, engagement, account) in JOURNAL_READERS
        return cls(account, None if reads_journal else HiddenJournal.of(connection, engagement))

    def write(self, row: Found) -> dict[str, Any]:
        """The entry as this reader gets it."""
        return write_entry(row, self.hidden)


def list_newest(
    connection: Connection, engagement: bytes, reader: Reader, kind: ItemKind | None, after: int, limit: int
) -> dict[str, Any]:
    """A page of the newest versions that the reader holds a seal of, in the order in which they were sealed to it."""
    values = {"engagement": engagement, "reader": reader.account, "after": after, "limit": limit + 1}
    if kind is None:
        rows = _NEWEST.list(connection, values)
    else:
        rows = _NEWEST_OF_KIND.list(connection, {**values, "item_kind": kind.value})
    return write_page(rows, limit, reader.write, lambda row: str(row.held_seq))


def list_versions(connection: Connection, engagement: bytes, item: bytes, account: bytes) -> list[dict[str, Any]]:
    """The versions that the account holds a seal of, with the reseals that carry one, in the journal's order.

    What does not need the answer to another question is asked together. Raises: Refused(not-found) for no member.
    """
    values = {"engagement": engagement, "reader": account}
    first: list[Callable[[], Any]] = [
        partial(Reader.of, connection, engagement, account),
        partial(_OF_ITEM.list, connection, {"engagement": engagement, "item": item}),
    ]
    reader, versions = call_together(connection, first)
    seals_of = [partial(_OWN_SEALS.list, connection, {**values, "version": each.statement}) for each in versions]
    named: set[bytes] = set()
    for version, own in zip(versions, call_together(connection, seals_of), strict=True):
        if own:
            named |= {version.statement, *(seal.statement for seal in own)}
    shown = [partial(_NAMED.find, connection, {**values, "named": statement}) for statement in named]
    rows = call_together(connection, shown)
    return [reader.write(row) for row in sorted(rows, key=lambda row: int(row.seq))]


def list_holders(connection: Connection, engagement: bytes, item: bytes) -> list[dict[str, Any]]:
    """Everyone who holds a seal of a version, as `api.Reader` has them."""
    rows = connection.execute(_HOLDERS, {"engagement": engagement, "item": item})
    return [{"account": row.account.hex(), "role": row.role, "by": "seal", "until": None} for row in rows]
