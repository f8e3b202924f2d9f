"""A database that has grown: rows of notes as the write path makes them, in bulk, by people who never signed anything.

The queries are the write path's own tables and its own way into the log, so that the indexes, the tree and the receipts
are as large as they would be; the bytes are random. It is labelled so wherever a figure of it stands.
"""

import os
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import insert

from vault.protocol.journal import JournalId
from vault.protocol.limits import SEAL_BYTES
from vault.protocol.vocabulary import JournalKind
from vault.server.sequencer.tlog import Leaf, append_leaves
from vault.server.storage.engine import Storage
from vault.server.storage.tables import blobs, holdings, items, journals, seals, statements
from vault.server.tlog_key import TlogKey

NOTES_EACH = 100
"""Of an engagement."""
_ENGAGEMENTS_AT_ONCE = 10
_PAYLOAD_BYTES = 1_290
_BLOB_BYTES = 4_096 + 80
_KIND = 3


def grow(database: str, log_seed: bytes, audience: str, count: int, now: int, tell: Callable[[int], None]) -> None:
    """Add about `count` statements; `tell` is told how many are there."""
    storage = Storage(database)
    key = TlogKey(audience, log_seed)
    try:
        for done in range(0, count, _ENGAGEMENTS_AT_ONCE * NOTES_EACH):
            made = [_make_engagement(os.urandom(16), now) for _ in range(_ENGAGEMENTS_AT_ONCE)]
            with storage.writing() as connection:
                for table in (journals, statements, items, holdings, blobs, seals):
                    rows = [row for one in made for row in one[table.name]]
                    connection.execute(insert(table), rows)
                append_leaves(connection, key, [leaf for one in made for leaf in _leaves(one)])
            tell(done + len(made) * NOTES_EACH)
    finally:
        storage.close()


def _make_engagement(engagement: bytes, now: int) -> dict[str, list[dict[str, Any]]]:
    coach, coachee = os.urandom(32), os.urandom(32)
    made: dict[str, list[dict[str, Any]]] = {
        "journals": [
            {
                "kind": _KIND,
                "subject": engagement,
                "seq": NOTES_EACH,
                "time": now,
                "head": os.urandom(32),
                "salt": os.urandom(32),
            }
        ]
    }
    for seq in range(1, NOTES_EACH + 1):
        for name, row in _make_note(engagement, (coach, coachee), seq, now):
            made.setdefault(name, []).append(row)
    return made


def _make_note(
    engagement: bytes, readers: tuple[bytes, bytes], seq: int, now: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    statement, item, author = os.urandom(32), os.urandom(16), readers[0]
    yield (
        "statements",
        {
            "kind": _KIND,
            "subject": engagement,
            "seq": seq,
            "statement": statement,
            "type": "item",
            "signer": author,
            "uid": os.urandom(16),
            "time": now,
            "head": os.urandom(32),
            "seen_mark": os.urandom(32),
            "seen_seq": 0,
            "payload": b"{" + os.urandom(_PAYLOAD_BYTES),
            "signature": os.urandom(64),
            "second_signature": None,
        },
    )
    of_item = {"engagement": engagement, "item": item, "version": 1, "seq": seq, "kind": "note"}
    yield "items", {**of_item, "statement": statement, "author": author, "erased": 0}
    blob = b"CVB1" + os.urandom(_BLOB_BYTES - 4)
    yield "blobs", {"engagement": engagement, "statement": statement, "sha256": os.urandom(32), "blob": blob}
    for reader in readers:
        yield "holdings", {**of_item, "account": reader}
        yield (
            "seals",
            {
                "engagement": engagement,
                "statement": statement,
                "account": reader,
                "purpose": 1,
                "of": statement,
                "key": reader[:16],
                "seal": os.urandom(SEAL_BYTES),
            },
        )


def _leaves(made: dict[str, list[dict[str, Any]]]) -> list[Leaf]:
    return [
        Leaf(JournalId(JournalKind.ENGAGEMENT, row["subject"]), row["seq"], os.urandom(64))
        for row in made["statements"]
    ]
