"""One row a type of statement: all that is true of a type and is no member's value, said once and read by everybody.

What a statement of the type names is found through its row by `naming`; a new type costs a row here, its model in
`statements`, its rule in `policy`, its rows in SQL and its act. Source: docs/protocol.md sections 3.2, 4, 5 and 6.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from vault.protocol.vocabulary import BlobKind, JournalKind, SealPurpose, StatementType


class Part(StrEnum):
    """What comes beside a statement in its submission, in the order in which it is spelled there."""

    SEALS = "seals"
    SLOTS = "slots"
    BLOB = "blob"
    SALT = "salt"


class Again(IntEnum):
    """The order in which statements are sent again to a deployment that went back."""

    KEYS = 0
    GROUND = 1
    """What others stand on."""
    ENDING = 2
    """What takes something back, so that it is not shown again meanwhile."""
    REST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """The row of one type. Strings are names of members of its model."""

    journal: JournalKind | None
    """Where it stands; None for a statement that stands in no journal, with null in `after` and `seen`."""
    subject: str = "engagement"
    """The member that names whose journal it is."""
    parts: Mapping[Part, str] = field(default_factory=dict)
    """What may come beside it, and the members that hold the hash of each; the salt only where it opens a journal."""
    content: BlobKind | None = None
    """What its blob holds; None where its own `kind` says so, or where its blob is no sealed content."""
    bound: tuple[str, ...] = ()
    """Members that its sealed content is bound to, beside engagement, `by` and `id`: another value leaves it closed."""
    purpose: SealPurpose | None = None
    """What its seals are for; None where it has none."""
    reseals: str | None = None
    """The member that names whose content its seals open, where that is not its own."""
    names: tuple[str, ...] = ()
    """The members that hold the id of a statement."""
    again: Again = Again.REST
    """When it is sent again."""
    whole_days: bool = False
    """Whether sponsors see it, so that its `at` is rounded down to the day."""

    @property
    def carries_content(self) -> bool:
        """Whether it brings sealed content, whose key stands in its seals."""
        return Part.BLOB in self.parts and self.purpose is not None


_SEALED = {Part.BLOB: "blob", Part.SEALS: "seals"}

KINDS: Mapping[StatementType, Kind] = {
    StatementType.KEYS: Kind(journal=JournalKind.KEYS, subject="account", again=Again.KEYS),
    StatementType.KEYRING: Kind(
        journal=JournalKind.KEYRING,
        subject="by",
        parts={Part.BLOB: "blob", Part.SLOTS: "slots", Part.SALT: "salt_sha256"},
    ),
    StatementType.INTRODUCTION: Kind(journal=None),
    StatementType.LOGIN: Kind(journal=None),
    StatementType.FETCH: Kind(journal=None),
    StatementType.CONTRACT: Kind(
        journal=JournalKind.ENGAGEMENT,
        parts={Part.BLOB: "text", Part.SEALS: "seals", Part.SALT: "salt_sha256"},
        content=BlobKind.CONTRACT_TEXT,
        purpose=SealPurpose.CONTRACT,
        names=("supersedes",),
        again=Again.GROUND,
        whole_days=True,
    ),
    StatementType.ASSENT: Kind(
        journal=JournalKind.ENGAGEMENT, names=("contract", "keys"), again=Again.GROUND, whole_days=True
    ),
    StatementType.ITEM: Kind(
        journal=JournalKind.ENGAGEMENT,
        parts=_SEALED,
        bound=("contract", "item", "version", "previous"),
        purpose=SealPurpose.ITEM,
        names=("contract", "previous"),
    ),
    StatementType.RESEAL: Kind(
        journal=JournalKind.ENGAGEMENT,
        parts={Part.SEALS: "seals"},
        purpose=SealPurpose.ITEM,
        reseals="statement",
        names=("contract", "statement"),
    ),
    StatementType.DISCLOSURE: Kind(
        journal=JournalKind.ENGAGEMENT,
        parts=_SEALED,
        content=BlobKind.DISCLOSURE,
        bound=("contract",),
        purpose=SealPurpose.DISCLOSURE,
        names=("contract",),
        whole_days=True,
    ),
    StatementType.WITHDRAWAL: Kind(journal=JournalKind.ENGAGEMENT, names=("disclosure",), again=Again.ENDING),
    StatementType.REQUEST: Kind(journal=JournalKind.ENGAGEMENT, names=("contract",)),
    StatementType.OPENING: Kind(journal=JournalKind.ENGAGEMENT, names=("of",)),
    StatementType.ESCALATION: Kind(
        journal=JournalKind.ESCALATIONS,
        parts=_SEALED,
        content=BlobKind.ESCALATION,
        bound=("contract",),
        purpose=SealPurpose.ESCALATION,
        names=("contract",),
    ),
    StatementType.CLOSURE: Kind(journal=JournalKind.ENGAGEMENT),
    StatementType.ERASURE: Kind(journal=JournalKind.ENGAGEMENT, again=Again.ENDING),
}
"""The row of every type. Only an opening may stand in another journal: in the escalations, where its `of` is one."""

JOURNALED = tuple(word for word, row in KINDS.items() if row.journal is not None)
"""The types that stand in a journal, in the order of the rows."""
