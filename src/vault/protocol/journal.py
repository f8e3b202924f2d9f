"""Journals: heads, and the marks with which a statement says what it stands on.

Source: docs/protocol.md sections 3 and 4.
"""

import hashlib
import hmac
from dataclasses import dataclass

from vault.protocol.limits import ACCOUNT_BYTES, ID_BYTES, ZERO32
from vault.protocol.vocabulary import JOURNAL_KIND_CODES, JournalKind


@dataclass(frozen=True, slots=True)
class JournalId:
    """Which journal: its kind and the 16-byte engagement or the 32-byte account that it is about."""

    kind: JournalKind
    subject: bytes

    @property
    def subject32(self) -> bytes:
        """The subject as it stands in a head: an engagement is followed by 16 zero bytes."""
        return self.subject if len(self.subject) == ACCOUNT_BYTES else self.subject + bytes(ACCOUNT_BYTES - ID_BYTES)


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a journal: `seq` entries, the time of the newest (Unix seconds) and its 32-byte head."""

    seq: int
    time: int
    head: bytes


START = Position(seq=0, time=0, head=ZERO32)
"""The place before the first entry."""


def next_position(journal: JournalId, position: Position, time: int, statement: bytes) -> Position:
    """The place after appending `statement` (its id) at `time`."""
    seq = position.seq + 1
    return Position(seq, time, entry_head(journal, seq, time, position.head, statement))


def entry_head(journal: JournalId, seq: int, time: int, previous_head: bytes, statement: bytes) -> bytes:
    """The 32-byte head of entry `seq` (1, 2, ...)."""
    return hashlib.sha256(
        b"CV1 journal\0"
        + bytes([JOURNAL_KIND_CODES[journal.kind]])
        + journal.subject32
        + seq.to_bytes(8, "big")
        + time.to_bytes(8, "big")
        + previous_head
        + statement
    ).digest()


def after_mark(salt: bytes | None, previous: bytes | None) -> bytes:
    """The `after` of a statement whose signer's previous one in this journal is `previous` (its id, or None).

    A signer without the salt writes the id itself, or 32 zero bytes.
    """
    statement = ZERO32 if previous is None else previous
    return statement if salt is None else hmac.digest(salt, b"CV1 after\0" + statement, "sha256")


def seen_mark(salt: bytes, seq: int, head: bytes) -> bytes:
    """The `seen` of a statement whose signer has verified the journal up to entry `seq` with `head`."""
    return hmac.digest(salt, b"CV1 seen\0" + seq.to_bytes(8, "big") + head, "sha256")


def salt_sha256(salt: bytes) -> bytes:
    """The commitment to a journal's 32-byte salt that stands in its statements."""
    return hashlib.sha256(b"CV1 salt\0" + salt).digest()
