"""What a statement names: its journal, its parts and other statements, found through the row of its type.

Whoever treats all types alike asks here; who treats one type apart reads the members of its model.
Source: docs/protocol.md sections 3.2, 4, 5 and 6.
"""

from typing import Any

from vault.protocol.ids import EngagementId, StatementId
from vault.protocol.journal import JournalId
from vault.protocol.kinds import Part
from vault.protocol.statements import BlobRef, Body, SealRef, SlotRef
from vault.protocol.vocabulary import JournalKind

_OF_ENGAGEMENTS = (JournalKind.ENGAGEMENT, JournalKind.ESCALATIONS)


def find_journal(body: Body) -> JournalId | None:
    """The journal that takes the statement; None for a type that stands in none.

    An opening of an escalation is taken by the escalations of the engagement that is named here.
    """
    row = body.row
    return None if row.journal is None else JournalId(row.journal, getattr(body, row.subject))


def find_engagement(body: Body) -> EngagementId | None:
    """The 16-byte engagement that the statement is about."""
    journal = find_journal(body)
    return EngagementId(journal.subject) if journal is not None and journal.kind in _OF_ENGAGEMENTS else None


def find_blob(body: Body) -> BlobRef | None:
    """Hash and size of the blob that comes beside the statement."""
    found: BlobRef | None = _find(body, Part.BLOB)
    return found


def find_seals(body: Body) -> tuple[SealRef, ...] | None:
    """For whom the seals beside the statement are, ascending by account; None for a type that has none."""
    found: tuple[SealRef, ...] | None = _find(body, Part.SEALS)
    return found


def find_slots(body: Body) -> tuple[SlotRef, ...] | None:
    """The slots that come beside the statement, ascending by kind; None for a type that has none."""
    found: tuple[SlotRef, ...] | None = _find(body, Part.SLOTS)
    return found


def find_salt_sha256(body: Body) -> bytes | None:
    """The commitment to the salt of the journal that the statement may open; None for a type that opens none so."""
    found: bytes | None = _find(body, Part.SALT)
    return found


def find_resealed(body: Body) -> StatementId | None:
    """The id of the statement whose content the seals open, where that is not this one's."""
    found: StatementId | None = None if body.row.reseals is None else getattr(body, body.row.reseals)
    return found


def list_named(body: Body) -> dict[str, StatementId]:
    """The ids of statements that the members hold, by the name of the member; what is null is left out."""
    return {name: found for name in body.row.names if (found := getattr(body, name)) is not None}


def _find(body: Body, part: Part) -> Any:
    return getattr(body, body.row.parts[part]) if part in body.row.parts else None
