"""One frozen, closed model for every type of statement.

What may stand here is the whole of what a person can sign; a member that is not in the row of its type is refused, so a
sentence has no place. Source: docs/protocol.md section 3.
"""

import json
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, ValidationError, model_validator

from vault.errors import PayloadTypeError, StatementError, SuiteError
from vault.protocol.fields import (
    AccountHex,
    Audience,
    BaseUrl,
    Closed,
    Day,
    EngagementHex,
    Hash,
    Id,
    Integer,
    KeyHex,
    Positive,
    SealPublic,
    SignPublic,
    SlotKind,
    StatementHex,
    sorted_by,
)
from vault.protocol.kinds import KINDS, Kind
from vault.protocol.limits import (
    ATTACHMENTS_MAXIMUM,
    ERASED_ITEMS_MAXIMUM,
    ESCALATION_DELAY_MAXIMUM_HOURS,
    SUITE,
)
from vault.protocol.strict_json import read_payload
from vault.protocol.terms import Contact, Party, RequestBudget
from vault.protocol.times import is_whole_day
from vault.protocol.vocabulary import (
    Clause,
    ClosureReason,
    DelayReason,
    ErasureReason,
    EscalationReason,
    ItemKind,
    KeysReason,
    Locale,
    Origin,
    Purpose,
    ShareKind,
    StatementType,
)


class BlobRef(Closed):
    """Hash and whole stored length of a blob."""

    sha256: Hash
    size: Positive


class SealRef(Closed):
    """A seal in the statement that carries it: for whom, for which key, and its hash."""

    account: AccountHex
    key: KeyHex
    sha256: Hash


class AttachmentRef(Closed):
    """An attachment of an item."""

    id: Id
    sha256: Hash
    size: Positive


class SlotRef(Closed):
    """A slot of a keyring and the public fetch key that opens the way to it."""

    kind: SlotKind
    sha256: Hash
    fetch: SignPublic


class SignKey(Closed):
    """An Ed25519 public key and its id."""

    key: KeyHex
    public: SignPublic


class SealKey(Closed):
    """An X-Wing public key and its id."""

    key: KeyHex
    public: SealPublic


class Delay(Closed):
    """How long the coachee is not shown an escalation, and why."""

    hours: Annotated[int, Field(strict=True, ge=1, le=ESCALATION_DELAY_MAXIMUM_HOURS)]
    reason: DelayReason


SuiteNumber = Annotated[int, Field(strict=True, ge=SUITE, le=SUITE)]
"""1, the integer: a literal would take `true` for it."""
Seals = Annotated[tuple[SealRef, ...], *sorted_by(lambda seal: seal.account)]


class Body(Closed):
    """The members that every statement has."""

    TYPE: ClassVar[StatementType]
    row: ClassVar[Kind]
    """The row of the type: what is the same in every statement of it."""

    def __init_subclass__(cls, **options: Any) -> None:
        """A model without a row is no model: it fails as soon as it is read."""
        super().__init_subclass__(**options)
        cls.row = KINDS[cls.TYPE]

    suite: SuiteNumber
    type: StatementType
    audience: Audience
    id: Id
    by: AccountHex
    key: KeyHex
    at: Integer
    after: Hash | None
    seen: Hash | None

    @model_validator(mode="after")
    def _has_its_place(self) -> Self:
        if self.row.journal is None:
            if self.after is not None or self.seen is not None:
                raise ValueError("expected null in after and seen")
        elif self.after is None:
            raise ValueError("expected 32 bytes in after")
        if self.row.whole_days and not is_whole_day(self.at):
            raise ValueError("expected at in whole days")
        return self

    def payload(self) -> bytes:
        """The bytes to sign: one JSON object without white space, members in the order of the model."""
        return json.dumps(self.model_dump(mode="json"), separators=(",", ":")).encode("ascii")


class Keys(Body):
    """A person's public keys of one generation."""

    TYPE = StatementType.KEYS

    account: AccountHex
    generation: Positive
    sign: SignKey
    seal: SealKey
    reason: KeysReason
    minimum_suite: SuiteNumber


class Keyring(Body):
    """The person's own sealed keyring and its slots."""

    TYPE = StatementType.KEYRING

    sequence: Positive
    blob: BlobRef
    slots: Annotated[tuple[SlotRef, ...], *sorted_by(lambda slot: slot.kind, minimum=1)]
    salt_sha256: Hash


class Introduction(Body):
    """The invited person's proof to the inviter."""

    TYPE = StatementType.INTRODUCTION

    to: AccountHex
    mac: Hash


class Login(Body):
    """A person's answer to a challenge."""

    TYPE = StatementType.LOGIN

    url: BaseUrl
    challenge: Hash
    expires: Integer


class Fetch(Body):
    """A fetch key's answer to a challenge: the way to one slot and the keyring."""

    TYPE = StatementType.FETCH

    url: BaseUrl
    challenge: Hash
    expires: Integer
    slot: SlotKind


class Contract(Body):
    """The terms of an engagement; everything later names it."""

    TYPE = StatementType.CONTRACT

    engagement: EngagementHex
    supersedes: StatementHex | None
    parties: Annotated[tuple[Party, ...], *sorted_by(lambda party: party.account)]
    contacts: Annotated[tuple[Contact, ...], *sorted_by(lambda contact: contact.contact)]
    origin: Origin
    share_kinds: Annotated[tuple[ShareKind, ...], *sorted_by(lambda word: word)]
    request_budget: RequestBudget
    retention_days: Positive
    clauses: Annotated[tuple[Clause, ...], *sorted_by(lambda word: word)]
    starts: Day
    ends: Day
    salt_sha256: Hash
    text: BlobRef
    seals: Seals

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.starts >= self.ends:
            raise ValueError("expected starts before ends")
        return self


class Assent(Body):
    """A party's yes to one contract, under one generation of its keys."""

    TYPE = StatementType.ASSENT

    engagement: EngagementHex
    contract: StatementHex
    keys: StatementHex


class Item(Body):
    """A version of an item."""

    TYPE = StatementType.ITEM

    engagement: EngagementHex
    contract: StatementHex
    item: Id
    version: Positive
    previous: StatementHex | None
    kind: ItemKind
    blob: BlobRef
    attachments: Annotated[
        tuple[AttachmentRef, ...], *sorted_by(lambda attachment: attachment.id, maximum=ATTACHMENTS_MAXIMUM)
    ]
    seals: Seals

    @model_validator(mode="after")
    def _first_has_no_previous(self) -> Self:
        if (self.version == 1) != (self.previous is None):
            raise ValueError("expected previous to be null in version 1 and nowhere else")
        return self


class Reseal(Body):
    """Further seals of one version of an item."""

    TYPE = StatementType.RESEAL

    engagement: EngagementHex
    contract: StatementHex
    item: Id
    version: Positive
    statement: StatementHex
    seals: Seals


class Disclosure(Body):
    """A summary that the coachee seals for one recipient."""

    TYPE = StatementType.DISCLOSURE

    engagement: EngagementHex
    contract: StatementHex
    share_kind: ShareKind
    purpose: Purpose
    recipient: AccountHex
    blob: BlobRef
    seals: Seals
    consent_sha256: Hash
    locale: Locale
    expires: Integer | None


class Withdrawal(Body):
    """The end of a disclosure."""

    TYPE = StatementType.WITHDRAWAL

    engagement: EngagementHex
    disclosure: StatementHex


class Request(Body):
    """A sponsor's question for a summary."""

    TYPE = StatementType.REQUEST

    engagement: EngagementHex
    contract: StatementHex
    share_kind: ShareKind
    expires: Integer


class Opening(Body):
    """The recipient's access receipt."""

    TYPE = StatementType.OPENING

    engagement: EngagementHex
    of: StatementHex


class Escalation(Body):
    """A coach's own words about serious danger, to one contact; no member can name an item."""

    TYPE = StatementType.ESCALATION

    engagement: EngagementHex
    contract: StatementHex
    contact: Id
    reason: EscalationReason
    delay: Delay | None
    blob: BlobRef
    seals: Seals


class Closure(Body):
    """The end of an engagement; confidentiality does not end with it."""

    TYPE = StatementType.CLOSURE

    engagement: EngagementHex
    reason: ClosureReason


class Erasure(Body):
    """Items and disclosures (each by its own statement's `id`) whose blobs and seals are destroyed."""

    TYPE = StatementType.ERASURE

    engagement: EngagementHex
    items: Annotated[tuple[Id, ...], *sorted_by(lambda item: item, maximum=ERASED_ITEMS_MAXIMUM, minimum=1)]
    reason: ErasureReason


MODELS: dict[StatementType, type[Body]] = {model.TYPE: model for model in Body.__subclasses__()}
"""The model of every type: all that are written above."""


def parse_body(payload: bytes, expected: StatementType) -> Body:
    """The model of exactly the expected type.

    Raises: SuiteError for a suite other than 1, PayloadTypeError for another type, StatementError for everything else.
    """
    members: dict[str, Any] = read_payload(payload)
    if members.get("type") != expected:
        raise PayloadTypeError("expected another type of statement here")
    suite = members.get("suite")
    if isinstance(suite, int) and suite != SUITE:
        raise SuiteError("expected suite 1")
    try:
        return MODELS[expected].model_validate(members)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors(include_input=False, include_url=False)[0]["loc"])
        raise StatementError(f"expected a valid {expected} statement; look at {place or 'the whole'}") from None
