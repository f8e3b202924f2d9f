"""A page of the newest versions with all that it takes to open them: own seals, and the sealed bytes.

How long the contents are is asked first, so that no more of them are read than a page may hold.
"""

from functools import partial
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, select

from vault.protocol.limits import CONTENTS_MAXIMUM_BYTES
from vault.protocol.vocabulary import JOURNAL_KIND_CODES, ItemKind, JournalKind
from vault.server.resources.items.rows.held import Reader
from vault.server.storage.entries import ENTRY_COLUMNS, OWN_SEAL
from vault.server.storage.prepared import Prepared, call_together
from vault.server.storage.tables import blobs, holdings, items, seals, statements

_OWN = and_(holdings.c.engagement == bindparam("engagement"), holdings.c.account == bindparam("reader"))
_AFTER = holdings.c.seq > bindparam("after")
_OF_KIND = holdings.c.kind == bindparam("item_kind")
_UP_TO = holdings.c.seq <= bindparam("last")
_VERSION = and_(
    items.c.engagement == holdings.c.engagement,
    items.c.item == holdings.c.item,
    items.c.version == holdings.c.version,
)
_BLOB = and_(blobs.c.engagement == items.c.engagement, blobs.c.statement == items.c.statement)
_IN_JOURNAL = and_(
    statements.c.kind == JOURNAL_KIND_CODES[JournalKind.ENGAGEMENT], statements.c.subject == holdings.c.engagement
)

_LENGTHS = (
    select(holdings.c.seq, func.length(blobs.c.blob).label("size"))
    .join(items, _VERSION)
    .outerjoin(blobs, _BLOB)
    .where(_OWN, _AFTER)
    .order_by(holdings.c.seq)
    .limit(bindparam("limit"))
)
_HELD = (
    select(*ENTRY_COLUMNS, seals.c.seal, blobs.c.blob)
    .select_from(holdings)
    .join(items, _VERSION)
    .join(statements, and_(_IN_JOURNAL, statements.c.seq == items.c.seq))
    .outerjoin(blobs, _BLOB)
    .outerjoin(seals, OWN_SEAL)
    .where(_OWN, _AFTER, _UP_TO)
    .order_by(holdings.c.seq)
)
_RESEALS = (
    select(*ENTRY_COLUMNS, seals.c.seal, seals.c.of)
    .select_from(holdings)
    .join(items, _VERSION)
    .join(
        seals,
        and_(
            seals.c.engagement == items.c.engagement,
            seals.c.of == items.c.statement,
            seals.c.account == holdings.c.account,
            seals.c.statement != items.c.statement,
        ),
    )
    .join(statements, and_(_IN_JOURNAL, statements.c.statement == seals.c.statement))
    .where(_OWN, _AFTER, _UP_TO)
)
_LENGTHS_OF_ALL, _HELD_OF_ALL, _RESEALS_OF_ALL = (Prepared(each) for each in (_LENGTHS, _HELD, _RESEALS))
_LENGTHS_OF_KIND, _HELD_OF_KIND, _RESEALS_OF_KIND = (
    Prepared(each.where(_OF_KIND)) for each in (_LENGTHS, _HELD, _RESEALS)
)


def list_contents(
    connection: Connection, engagement: bytes, account: bytes, kind: ItemKind | None, after: int, limit: int
) -> tuple[dict[str, Any], list[bytes]]:
    """`api.Contents` and its blobs: at most `limit` versions, in the order in which they were sealed to the account.

    Raises: Refused(not-found) where it is no member.
    """
    lengths, held, reseals = (
        (_LENGTHS_OF_ALL, _HELD_OF_ALL, _RESEALS_OF_ALL)
        if kind is None
        else (_LENGTHS_OF_KIND, _HELD_OF_KIND, _RESEALS_OF_KIND)
    )
    values: dict[str, object] = {"engagement": engagement, "reader": account, "after": after}
    if kind is not None:
        values["item_kind"] = kind.value
    first: list[Any] = [
        partial(Reader.of, connection, engagement, account),
        partial(lengths.list, connection, values | {"limit": limit + 1}),
    ]
    reader, sizes = call_together(connection, first)
    shown = sizes[: min(limit, _fitting([each.size or 0 for each in sizes]))]
    if not shown:
        return {"data": [], "next": None}, []
    values["last"] = shown[-1].seq
    asked = [partial(each.list, connection, values) for each in (held, reseals)]
    rows, resealed = call_together(connection, asked)
    newest = {each.of: each for each in sorted(resealed, key=lambda row: int(row.seq))}

    def write(row: Any) -> dict[str, Any]:
        reseal = newest.get(row.statement)
        return {
            "item": reader.write(row),
            "reseal": None if reseal is None else reader.write(reseal),
            "size": None if row.blob is None else len(row.blob),
        }

    following = str(shown[-1].seq) if len(sizes) > len(shown) else None
    head = {"data": [write(row) for row in rows], "next": following}
    return head, [bytes(row.blob) for row in rows if row.blob is not None]


def _fitting(sizes: list[int]) -> int:
    """How many of the first fit into a page: one at least."""
    total = 0
    for count, size in enumerate(sizes):
        total += size
        if total > CONTENTS_MAXIMUM_BYTES:
            return max(count, 1)
    return len(sizes)
