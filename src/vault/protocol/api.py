"""Bodies of the REST API that both sides read: what a submission carries and what answers look like.

Statements themselves are in `statements`; here is only what stands around them. Source: docs/rest.md.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from vault.protocol.fields import (
    AccountHex,
    Audience,
    BaseUrl,
    Closed,
    EngagementHex,
    Hash,
    Id,
    Integer,
    Positive,
    SignPublic,
    SlotKind,
    StatementHex,
)
from vault.protocol.limits import ENROLMENT_MAXIMUM_SECONDS, ENROLMENT_SECONDS
from vault.protocol.vocabulary import JournalKind, Role


class JournalPlace(Closed):
    """Where a statement stands in a journal."""

    kind: JournalKind
    subject: Id | Hash
    seq: Positive
    head: Hash


class Leaf(Closed):
    """The leaf of an entry, for who may not read its journal; `time` stands beside it. Source: docs/protocol.md 10.1.

    `blind` is that of the statement's half, `half` the other half whole: together with the statement they give the
    entry of the log, and say nothing of the entry's place in its journal.
    """

    tag: Hash
    blind: Hash
    half: Hash


class Written(Closed):
    """The answer to a write: durable when it arrives. `journal` is null for a signer who may not read it, who gets the
    `leaf` instead. `receipt` is the tlog-proof, the same whenever the statement is sent again.

    `openings`, the number of times that it was opened, stands in the answer to a withdrawal alone.
    """

    statement: StatementHex
    journal: JournalPlace | None
    time: Integer
    receipt: str
    leaf: Leaf | None
    openings: Integer | None = None


class Introduced(Closed):
    """The answer to an introduction, which stands in no journal."""

    statement: StatementHex


class Entry(Closed):
    """An entry of a journal as a reader gets it; `envelope` is parsed by `envelope.Envelope.from_json`.

    `leaf` is null for who reads the journal, and can compute it.
    """

    seq: Positive
    head: Hash
    time: Integer
    statement: StatementHex
    envelope: dict[str, Any]
    seal: str | None
    receipt: str
    leaf: Leaf | None


class Page(Closed):
    """One page of a journal."""

    data: tuple[Entry, ...]
    next: str | None


class Content(Closed):
    """The newest version of an item of which I hold a seal, and all that it takes to open it.

    `reseal` is the newest one of that version that carries a seal for me; `size` is that of the sealed bytes, null
    where there are none any more.
    """

    item: Entry
    reseal: Entry | None
    size: Positive | None


class Contents(Closed):
    """One page of contents: what stands before the sealed bytes."""

    data: tuple[Content, ...]
    next: str | None


class ItemView(Closed):
    """The versions of an item of which I hold a seal: their statements, and the reseals that carry one for me."""

    versions: tuple[Entry, ...]


class Head(Closed):
    """The newest place of a journal, as a list names it."""

    seq: Integer
    head: Hash


class EngagementRow(Closed):
    """One engagement of mine."""

    engagement: EngagementHex
    role: Annotated[str, Field(pattern="^(coach|coachee|sponsor|supervisor|contact)$")]
    active: bool
    contract: StatementHex | None
    journal: Head | None


class Engagements(Closed):
    """One page of my engagements."""

    data: tuple[EngagementRow, ...]
    next: str | None


class ContractRow(Closed):
    """A contract that names me, its assents and my seal of its text; `leaf` is null for who reads the journal."""

    state: Literal["proposed", "active", "superseded", "dead"]
    statement: StatementHex
    envelope: dict[str, Any]
    time: Integer
    assents: tuple[dict[str, Any], ...]
    seal: str | None
    receipt: str
    leaf: Leaf | None


class EngagementView(EngagementRow):
    """One engagement whole; `salt` (base64 of 32 bytes) only for those who read its journal."""

    contracts: tuple[ContractRow, ...]
    salt: str | None


class KeyringView(Closed):
    """The newest keyring of an account; blob and slots are base64, `salt` is the journal's."""

    entries: tuple[Entry, ...]
    blob: str
    slots: tuple[str, ...]
    salt: str


class SlotHeader(Closed):
    """The public first 64 bytes of a slot, base64; a fake one looks the same."""

    kind: SlotKind
    header: str


class Challenge(Closed):
    """32 bytes to be answered once before `expires`."""

    challenge: Hash
    expires: Integer


class Token(Closed):
    """A login token; `keyring` reads one slot and the keyring, nothing else."""

    token: str
    scope: Literal["person", "keyring"]
    expires: Integer


class DisclosureRow(Closed):
    """A live disclosure as its recipient sees it; `state` and `openings` are null there and set for the coachee.

    `leaf` is null for the coachee, who reads the journal.
    """

    statement: StatementHex
    envelope: dict[str, Any]
    time: Integer
    receipt: str
    leaf: Leaf | None
    state: Literal["live", "withdrawn", "expired", "erased"] | None
    openings: tuple[dict[str, Any], ...] | None


class Disclosures(Closed):
    """One page of disclosures."""

    data: tuple[DisclosureRow, ...]
    next: str | None


class DisclosureContent(Closed):
    """Blob and own seal of a disclosure, base64, authorised at the moment of reading."""

    blob: str
    seal: str


class AttachmentPart(Closed):
    """A stored part of an own upload: its number, bytes, and SHA-256."""

    n: Positive
    size: Positive
    sha256: Hash


class AttachmentParts(Closed):
    """The parts of an own upload that are stored, by their numbers."""

    data: tuple[AttachmentPart, ...]


class DeploymentLimits(Closed):
    """Sizes in bytes and counts that a client meets before a refusal.

    `upload_bytes` is how much one person may have here that no item names yet, and so the longest attachment.
    """

    body_bytes: Positive
    blob_bytes: Positive
    part_bytes: Positive
    upload_bytes: Positive
    page: Positive


class Deployment(Closed):
    """What a deployment says of itself; `deployment_key` is its base64 Ed25519 key, `log_key` the vkey of its
    transparency log, `time` its clock, Unix seconds.

    For people and tools. A client takes `audience` and `url` from its own configuration, never from here.
    """

    audience: Audience
    url: BaseUrl
    suite: Positive
    version: str
    deployment_key: SignPublic
    log_key: str
    limits: DeploymentLimits
    time: Integer


class ProblemPage(Closed):
    """What one problem code means."""

    code: str
    status: Positive
    title: str
    what_to_do: str


class ProblemPages(Closed):
    """All problems, in the order of their statuses."""

    data: tuple[ProblemPage, ...]


class Health(Closed):
    """Whether a worker lives or is ready; no counts."""

    status: Literal["live", "ready"]


Lacking = Literal["database", "schema", "log-key"]


class Unready(Closed):
    """What a worker lacks, to which no requests should be sent.

    The database does not answer, is at another schema revision, or holds a log that another key signed.
    """

    status: Literal["not-ready"] = "not-ready"
    lacking: tuple[Lacking, ...]


class EnrolmentCounts(Closed):
    """How many enrolment tokens an app has issued, and how many of them were used."""

    issued: Integer
    used: Integer


class App(Closed):
    """What an app key sees of its app: its slug and the count of its own tokens."""

    app: str
    enrolments: EnrolmentCounts


class EnrolmentRequest(Closed):
    """How long the new token can be used, in seconds: at most 30 days, 7 days where it is not said."""

    expires_in_seconds: Annotated[int, Field(strict=True, ge=1, le=ENROLMENT_MAXIMUM_SECONDS)] = ENROLMENT_SECONDS


class EnrolmentToken(Closed):
    """A new enrolment token, shown once; `expires` is Unix seconds."""

    token: str
    expires: Integer


class ChallengeRequest(Closed):
    """For which account a challenge is asked."""

    account: AccountHex


class Introductions(Closed):
    """Introductions addressed to me."""

    data: tuple[dict[str, Any], ...]
    next: str | None


class Reader(Closed):
    """Someone who holds a seal of a version; `by` is "seal" and `until` null, since no disclosure names an item."""

    account: AccountHex
    role: Role
    by: str
    until: Integer | None


class Readers(Closed):
    """Who can open an item."""

    data: tuple[Reader, ...]
