"""Leaves: what the transparency log holds of a journal entry, and what of it each reader is given.

An entry of the log is 64 bytes that say nothing to who does not hold the journal's salt. Who does computes all of it.
A sponsor or contact is given a `ServedLeaf` and verifies the same entry, but learns neither the place in the journal
nor how long it is. Source: docs/protocol.md section 10.
"""

import hashlib
import hmac
from dataclasses import dataclass

from vault.protocol.journal import JournalId, Position
from vault.protocol.vocabulary import JOURNAL_KIND_CODES, JournalKind

ENTRY_BYTES = 64


@dataclass(frozen=True, slots=True)
class ServedLeaf:
    """What is needed to compute a leaf's entry from its statement id, 32 bytes each but the time (Unix seconds).

    `head_half` is `b` of section 10, which hides the head and the place; `statement_blind` is the blind of `a`.
    """

    tag: bytes
    statement_blind: bytes
    time: int
    head_half: bytes

    def entry(self, statement: bytes) -> bytes:
        """The 64 bytes that the log holds of the statement with this id: tag, then commitment."""
        return self.tag + _commitment(_statement_half(self.statement_blind, self.time, statement), self.head_half)


def served_leaf(journal: JournalId, salt: bytes, position: Position) -> ServedLeaf:
    """The leaf of the entry at `position` of a journal with this 32-byte salt."""
    return ServedLeaf(
        tag=leaf_tag(journal, salt, position.seq),
        statement_blind=_blind(journal, salt, position.seq, b"statement"),
        time=position.time,
        head_half=_head_half(_blind(journal, salt, position.seq, b"head"), position),
    )


def leaf_entry(journal: JournalId, salt: bytes, position: Position, statement: bytes) -> bytes:
    """The 64 bytes that the log holds of the statement with this id, appended at `position`."""
    return served_leaf(journal, salt, position).entry(statement)


def leaf_tag(journal: JournalId, salt: bytes, seq: int) -> bytes:
    """The 32 bytes by which entry `seq` (1, 2, ...) is found among the log's entries by who knows the journal.

    All entries of a keys or deployment journal have the account's own tag: whoever names an account can watch its keys.
    """
    if journal.kind in (JournalKind.KEYS, JournalKind.DEPLOYMENT):
        return hashlib.sha256(b"CV1 leaf tag\0" + journal.subject).digest()
    return _blind(journal, salt, seq, b"tag")


def _blind(journal: JournalId, salt: bytes, seq: int, purpose: bytes) -> bytes:
    code = bytes([JOURNAL_KIND_CODES[journal.kind]])
    return hmac.digest(salt, b"CV1 leaf blind\0" + code + seq.to_bytes(8, "big") + purpose, "sha256")


def _statement_half(blind: bytes, time: int, statement: bytes) -> bytes:
    return hashlib.sha256(b"CV1 leaf statement\0" + blind + time.to_bytes(8, "big") + statement).digest()


def _head_half(blind: bytes, position: Position) -> bytes:
    return hashlib.sha256(b"CV1 leaf head\0" + blind + position.seq.to_bytes(8, "big") + position.head).digest()


def _commitment(statement_half: bytes, head_half: bytes) -> bytes:
    return hashlib.sha256(b"CV1 leaf\0" + statement_half + head_half).digest()
