"""Heads and marks, to the byte, computed here a second time from the words of docs/protocol.md."""

import hashlib
import hmac

import pytest

from tests.support.people import digest, short
from vault.protocol.ids import account_id, key_id
from vault.protocol.journal import (
    START,
    JournalId,
    Position,
    after_mark,
    entry_head,
    next_position,
    salt_sha256,
    seen_mark,
)
from vault.protocol.times import floor_to_day, is_whole_day
from vault.protocol.vocabulary import JournalKind

SALT, STATEMENT, HEAD = digest("salt"), digest("statement"), digest("head")
CODES = {"keys": 1, "keyring": 2, "engagement": 3, "escalations": 4, "deployment": 5}


@pytest.mark.parametrize("kind", list(JournalKind))
def test_a_head_is_these_bytes(kind: JournalKind) -> None:
    subject = short("engagement") if kind in (JournalKind.ENGAGEMENT, JournalKind.ESCALATIONS) else digest("account")
    subject32 = subject.ljust(32, b"\0")
    journal = JournalId(kind, subject)
    assert journal.subject32 == subject32
    message = b"CV1 journal\x00" + bytes([CODES[kind.value]]) + subject32
    message += (258).to_bytes(8, "big") + (1_800_000_000).to_bytes(8, "big") + HEAD + STATEMENT
    assert len(message) == 12 + 1 + 32 + 8 + 8 + 32 + 32
    assert entry_head(journal, 258, 1_800_000_000, HEAD, STATEMENT) == hashlib.sha256(message).digest()


def test_a_journal_begins_at_zero_and_counts_by_one() -> None:
    assert Position(seq=0, time=0, head=bytes(32)) == START
    journal = JournalId(JournalKind.ENGAGEMENT, short("engagement"))
    first = next_position(journal, START, 100, STATEMENT)
    assert first == Position(1, 100, entry_head(journal, 1, 100, bytes(32), STATEMENT))
    second = next_position(journal, first, 100, HEAD)
    assert second == Position(2, 100, entry_head(journal, 2, 100, first.head, HEAD))


def test_every_part_of_a_head_counts() -> None:
    journal = JournalId(JournalKind.ENGAGEMENT, short("engagement"))
    heads = {
        entry_head(journal, 1, 1, HEAD, STATEMENT),
        entry_head(JournalId(JournalKind.ESCALATIONS, short("engagement")), 1, 1, HEAD, STATEMENT),
        entry_head(JournalId(JournalKind.ENGAGEMENT, short("another")), 1, 1, HEAD, STATEMENT),
        entry_head(journal, 2, 1, HEAD, STATEMENT),
        entry_head(journal, 1, 2, HEAD, STATEMENT),
        entry_head(journal, 1, 1, STATEMENT, STATEMENT),
        entry_head(journal, 1, 1, HEAD, HEAD),
    }
    assert len(heads) == 7


def test_marks_are_these_bytes() -> None:
    def mac(message: bytes) -> bytes:
        return hmac.new(SALT, message, hashlib.sha256).digest()

    assert after_mark(SALT, STATEMENT) == mac(b"CV1 after\x00" + STATEMENT)
    assert after_mark(SALT, None) == mac(b"CV1 after\x00" + bytes(32))
    assert after_mark(None, STATEMENT) == STATEMENT
    assert after_mark(None, None) == bytes(32)
    assert seen_mark(SALT, 258, HEAD) == mac(b"CV1 seen\x00" + (258).to_bytes(8, "big") + HEAD)
    assert salt_sha256(SALT) == hashlib.sha256(b"CV1 salt\x00" + SALT).digest()


def test_ids_are_these_bytes() -> None:
    public = digest("public")
    assert account_id(public) == hashlib.sha256(b"CV1 account\x00" + public).digest()
    for algorithm in (1, 2):
        expected = hashlib.sha256(b"CV1 key\x00" + bytes([algorithm]) + public).digest()[:16]
        assert key_id(algorithm, public) == expected


def test_days_are_rounded_down() -> None:
    assert [floor_to_day(seconds) for seconds in (0, 1, 86_399, 86_400, 172_801)] == [0, 0, 0, 86_400, 172_800]
    assert [is_whole_day(seconds) for seconds in (0, 1, 86_399, 86_400, 86_401)] == [True, False, False, True, False]
