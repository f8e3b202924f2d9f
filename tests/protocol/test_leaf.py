"""Leaves, to the byte, computed here a second time from the words of docs/protocol.md section 10."""

import hashlib
import hmac

import pytest

from tests.support.people import digest, short
from vault.protocol.journal import JournalId, Position
from vault.protocol.leaf import ENTRY_BYTES, leaf_entry, leaf_tag, served_leaf
from vault.protocol.vocabulary import JournalKind

SALT, STATEMENT, HEAD = digest("salt"), digest("statement"), digest("head")
POSITION = Position(seq=258, time=1_800_000_000, head=HEAD)
CODES = {"keys": 1, "keyring": 2, "engagement": 3, "escalations": 4, "deployment": 5}


def journal_of(kind: JournalKind) -> JournalId:
    short_subject = kind in (JournalKind.ENGAGEMENT, JournalKind.ESCALATIONS)
    return JournalId(kind, short("engagement") if short_subject else digest("account"))


def sha256(message: bytes) -> bytes:
    return hashlib.sha256(message).digest()


@pytest.mark.parametrize("kind", list(JournalKind))
def test_a_leaf_is_these_bytes(kind: JournalKind) -> None:
    journal = journal_of(kind)
    n, time = (258).to_bytes(8, "big"), (1_800_000_000).to_bytes(8, "big")

    def blind(purpose: bytes) -> bytes:
        message = b"CV1 leaf blind\x00" + bytes([CODES[kind.value]]) + n + purpose
        return hmac.new(SALT, message, hashlib.sha256).digest()

    if kind in (JournalKind.KEYS, JournalKind.DEPLOYMENT):
        tag = sha256(b"CV1 leaf tag\x00" + digest("account"))
    else:
        tag = blind(b"tag")
    a = sha256(b"CV1 leaf statement\x00" + blind(b"statement") + time + STATEMENT)
    b = sha256(b"CV1 leaf head\x00" + blind(b"head") + n + HEAD)
    entry = tag + sha256(b"CV1 leaf\x00" + a + b)

    assert leaf_tag(journal, SALT, 258) == tag
    assert leaf_entry(journal, SALT, POSITION, STATEMENT) == entry
    assert len(entry) == ENTRY_BYTES
    served = served_leaf(journal, SALT, POSITION)
    assert (served.tag, served.statement_blind, served.time, served.head_half) == (
        *(tag, blind(b"statement"), 1_800_000_000, b),
    )
    assert served.entry(STATEMENT) == entry


def test_every_part_of_a_leaf_counts() -> None:
    journal = journal_of(JournalKind.ENGAGEMENT)
    entries = {
        leaf_entry(journal, SALT, POSITION, STATEMENT),
        leaf_entry(journal_of(JournalKind.ESCALATIONS), SALT, POSITION, STATEMENT),
        leaf_entry(journal, HEAD, POSITION, STATEMENT),
        leaf_entry(journal, SALT, POSITION, HEAD),
        leaf_entry(journal, SALT, Position(259, 1_800_000_000, HEAD), STATEMENT),
        leaf_entry(journal, SALT, Position(258, 1_800_000_001, HEAD), STATEMENT),
        leaf_entry(journal, SALT, Position(258, 1_800_000_000, STATEMENT), STATEMENT),
    }
    assert len(entries) == 7


def test_tags_of_keys_are_one_and_all_others_differ_from_entry_to_entry() -> None:
    for kind in JournalKind:
        tags = {leaf_tag(journal_of(kind), SALT, seq) for seq in range(1, 6)}
        assert len(tags) == (1 if kind in (JournalKind.KEYS, JournalKind.DEPLOYMENT) else 5)


def test_what_a_sponsor_is_given_does_not_depend_on_whose_journal_it_is_but_through_the_salt() -> None:
    """No subject and no number stand in it: only blinds and hashes that the salt hides."""
    one, other = (JournalId(JournalKind.ENGAGEMENT, short(name)) for name in ("one", "other"))
    assert served_leaf(one, SALT, POSITION) == served_leaf(other, SALT, POSITION)
