"""Put a statement that was answered before onto what a deployment shows now: as it is where it fits, else signed anew.

A signature names the signer's newest statement and the entry that was seen last. Where both are there, the very bytes
stand as before. Where they are not, the same statement is signed on the place that there is: its parts are bound to its
`id`, which stays. What is bound to a statement that is now another cannot be moved; it waits, refused, to be seen. So
does every disclosure that does not stand as it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from vault.client.device.session import Session
from vault.client.device.waiting import Waiting
from vault.client.outbox.renaming import hold_back, names_renamed, rename
from vault.client.outbox.writing import find_place, resign
from vault.protocol.api import Entry
from vault.protocol.journal import START, JournalId, seen_mark
from vault.protocol.kinds import KINDS
from vault.protocol.problems import Code
from vault.protocol.vocabulary import StatementType


@dataclass(frozen=True, slots=True)
class Kept:
    """A journal as it is now, by the marks of all its entries."""

    journal: JournalId
    marks: frozenset[bytes]

    @classmethod
    def of(cls, session: Session, journal: JournalId, served: Iterable[Entry]) -> "Kept":
        """The marks that a `seen` can name."""
        salt = session.find_salt(journal)
        places = [(START.seq, START.head), *((entry.seq, entry.head) for entry in served)]
        return cls(journal, frozenset() if salt is None else frozenset(seen_mark(salt, *place) for place in places))


def order(held: Iterable[Waiting]) -> list[Waiting]:
    """Keys first, then what others stand on, then what was taken back, so that nothing is shown again meanwhile."""
    return sorted(held, key=lambda each: KINDS[each.type].again)


def move(session: Session, waiting: Waiting, kept: Kept | None, renamed: dict[bytes, bytes]) -> Waiting:
    """The submission as it is to be sent; `renamed` is told where its statement becomes another.

    Without `kept` its journal did not go back, or is not this person's to read: then it is sent as it is.
    """
    body, journal = waiting.signed.body, waiting.journal
    place: dict[str, Any] = {}
    if kept is not None and journal is not None:
        after, seen = find_place(session, journal)
        if body.after != after or body.seen not in kept.marks:
            place = {"after": after, "seen": seen}
    if not place and not names_renamed(body, renamed):
        return waiting
    held_back = hold_back(waiting, renamed)
    if held_back is not None:
        return held_back
    if body.TYPE is StatementType.KEYS:  # signed by the keys before and the new ones: it is made anew by a rotation
        return waiting.refuse(Code.KEY_CHAIN)
    return resign(session, waiting, rename(body, renamed, place), renamed)
