"""The closed enumerations of docs/protocol.md section 3.1; a word outside them is refused.

Members that stand in a hash context carry their u8 in a table beside the enumeration.
"""

from enum import StrEnum


class StatementType(StrEnum):
    """What a signed statement says."""

    KEYS = "keys"
    KEYRING = "keyring"
    INTRODUCTION = "introduction"
    LOGIN = "login"
    FETCH = "fetch"
    CONTRACT = "contract"
    ASSENT = "assent"
    ITEM = "item"
    RESEAL = "reseal"
    DISCLOSURE = "disclosure"
    WITHDRAWAL = "withdrawal"
    REQUEST = "request"
    OPENING = "opening"
    ESCALATION = "escalation"
    CLOSURE = "closure"
    ERASURE = "erasure"


class ItemKind(StrEnum):
    """What an item is; the kind never changes."""

    NOTE = "note"
    GOAL = "goal"
    ACTION = "action"
    ASSESSMENT = "assessment"
    DRAFT = "draft"
    PRIVATE = "private"
    SUMMARY = "summary"


class BlobKind(StrEnum):
    """What a blob holds: an item's kind, or one of the three kinds without `item`."""

    NOTE = "note"
    GOAL = "goal"
    ACTION = "action"
    ASSESSMENT = "assessment"
    DRAFT = "draft"
    PRIVATE = "private"
    SUMMARY = "summary"
    DISCLOSURE = "disclosure"
    CONTRACT_TEXT = "contract_text"
    ESCALATION = "escalation"


BLOB_KIND_CODES: dict[BlobKind, int] = {
    BlobKind.NOTE: 1,
    BlobKind.GOAL: 2,
    BlobKind.ACTION: 3,
    BlobKind.ASSESSMENT: 4,
    BlobKind.DRAFT: 5,
    BlobKind.PRIVATE: 6,
    BlobKind.SUMMARY: 16,
    BlobKind.DISCLOSURE: 32,
    BlobKind.CONTRACT_TEXT: 33,
    BlobKind.ESCALATION: 34,
}
ITEM_BLOB_KINDS = frozenset(BlobKind(kind) for kind in ItemKind)

SESSION_KINDS = frozenset(ItemKind) - {ItemKind.SUMMARY}
"""The session class: nothing of it ever reaches a sponsor. The other class is the summary alone."""


class SealPurpose(StrEnum):
    """Which statement a seal stands in."""

    ITEM = "item"
    DISCLOSURE = "disclosure"
    CONTRACT = "contract"
    ESCALATION = "escalation"


SEAL_PURPOSE_CODES: dict[SealPurpose, int] = {
    SealPurpose.ITEM: 1,
    SealPurpose.DISCLOSURE: 2,
    SealPurpose.CONTRACT: 3,
    SealPurpose.ESCALATION: 4,
}


class JournalKind(StrEnum):
    """Which journal a statement stands in."""

    KEYS = "keys"
    KEYRING = "keyring"
    ENGAGEMENT = "engagement"
    ESCALATIONS = "escalations"
    DEPLOYMENT = "deployment"


JOURNAL_KIND_CODES: dict[JournalKind, int] = {
    JournalKind.KEYS: 1,
    JournalKind.KEYRING: 2,
    JournalKind.ENGAGEMENT: 3,
    JournalKind.ESCALATIONS: 4,
    JournalKind.DEPLOYMENT: 5,
}

KEY_ALGORITHM_ED25519 = 1
KEY_ALGORITHM_XWING = 2

SLOT_PASSPHRASE = 1
SLOT_PASSPHRASE_KIT = 2
SLOT_RECOVERY_CODE = 3
SLOT_KINDS = (SLOT_PASSPHRASE, SLOT_PASSPHRASE_KIT, SLOT_RECOVERY_CODE)
KDF_NONE = 0
KDF_ARGON2ID = 1


class Role(StrEnum):
    """A party's role in an engagement."""

    COACH = "coach"
    COACHEE = "coachee"
    SPONSOR = "sponsor"
    SUPERVISOR = "supervisor"


class ContactKind(StrEnum):
    """What a contact for serious concerns is."""

    EMPLOYER = "employer"
    SAFEGUARDING = "safeguarding"
    OMBUDS = "ombuds"
    MEDICAL = "medical"
    REGULATOR = "regulator"
    AUTHORITY = "authority"


class Affiliation(StrEnum):
    """Whose side a contact stands on."""

    SPONSOR = "sponsor"
    INDEPENDENT = "independent"


class Origin(StrEnum):
    """How an engagement came about."""

    SELF_REQUESTED = "self_requested"
    INVITED = "invited"
    MANDATED = "mandated"


class ShareKind(StrEnum):
    """What a contract allows a coachee to disclose; the default is nothing."""

    THEMES = "themes"
    GOALS = "goals"
    PROGRESS = "progress"
    ATTENDANCE = "attendance"
    COMPLETION = "completion"


MANDATED_SHARE_KINDS = frozenset({ShareKind.ATTENDANCE, ShareKind.COMPLETION})


class Purpose(StrEnum):
    """What a disclosure is for; none exists for performance, discipline or succession."""

    DEVELOPMENT_PLAN = "development_plan"
    PROGRAMME_REPORT = "programme_report"
    CLOSING_CONVERSATION = "closing_conversation"
    OWN_WORDS = "own_words"


class Clause(StrEnum):
    """A promise that a contract contains."""

    NO_EVALUATION_USE = "no_evaluation_use"
    NON_RETALIATION = "non_retaliation"
    COACH_DOES_NOT_REPORT = "coach_does_not_report"
    COACH_IS_NOT_INVESTIGATOR = "coach_is_not_investigator"
    COACHEE_DECIDES_DISCLOSURE = "coachee_decides_disclosure"
    PRIVATE_NOTES_EXIST = "private_notes_exist"


SPONSOR_CLAUSES = frozenset({Clause.NO_EVALUATION_USE, Clause.NON_RETALIATION})
"""The clauses without which no contract has a sponsor."""


class KeysReason(StrEnum):
    """Why a `keys` statement was made."""

    CREATE = "create"
    ROTATE = "rotate"
    RECOVER = "recover"
    RETIRE = "retire"


class ClosureReason(StrEnum):
    """Why an engagement was closed."""

    COMPLETED = "completed"
    ENDED = "ended"
    MOVED = "moved"


class ErasureReason(StrEnum):
    """Why items were erased."""

    ASKED = "asked"
    RETENTION = "retention"


class EscalationReason(StrEnum):
    """Which serious danger an escalation speaks of."""

    HARM_TO_SELF = "harm_to_self"
    HARM_TO_OTHERS = "harm_to_others"
    CHILD_PROTECTION = "child_protection"
    LEGAL_DUTY = "legal_duty"


class DelayReason(StrEnum):
    """Why the coachee is shown an escalation later."""

    SAFETY = "safety"
    AUTHORITY_ASKED = "authority_asked"


class Locale(StrEnum):
    """The languages in which consent texts ship."""

    DE = "de"
    EN = "en"
    ES = "es"
    FR = "fr"
    IT = "it"
    NL = "nl"
    PL = "pl"
    PT = "pt"
