"""What policy may ask about a journal before it decides, and what it answers: facts in, effects out.

The server's facts are read from tables, a client's and the auditor's are replayed from entries: the same protocol
classes for all three. No fact costs more than one look-up, so a decision never grows with what lies behind it.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

from vault.protocol.ids import Account, KeyId, StatementId
from vault.protocol.journal import JournalId
from vault.protocol.statements import Contract, Keyring
from vault.protocol.vocabulary import ClosureReason, ItemKind, JournalKind, KeysReason, Role


@dataclass(frozen=True, slots=True)
class KeysFact:
    """One generation of an account's keys, as the `keys` statement with id `statement` says it."""

    statement: StatementId
    account: Account
    generation: int
    sign_key: KeyId
    sign_public: bytes
    seal_key: KeyId
    reason: KeysReason


@dataclass(frozen=True, slots=True)
class KeyringFact:
    """The newest keyring: its id, its sequence and the generation of the sign key that signed it."""

    statement: StatementId
    generation: int
    body: Keyring


@dataclass(frozen=True, slots=True)
class Newest:
    """A signer's newest entry in a journal; `seen` is the seq that its `seen` named, None without the salt."""

    statement: StatementId
    seen: int | None


@dataclass(frozen=True, slots=True)
class ContractFact:
    """A contract; times are Unix seconds, None for what has not happened."""

    statement: StatementId
    body: Contract
    activated_at: int | None
    superseded_at: int | None


@dataclass(frozen=True, slots=True)
class AssentFact:
    """An assent of one account: to which contract, under which `keys` statement, when."""

    contract: StatementId
    keys: StatementId
    time: int


@dataclass(frozen=True, slots=True)
class VersionFact:
    """A version of an item; `author` signed version 1, whoever signed this one."""

    item: bytes
    version: int
    statement: StatementId
    kind: ItemKind
    author: Account
    erased: bool


@dataclass(frozen=True, slots=True)
class DisclosureFact:
    """A disclosure; it is live at `time` while `is_live_at(time)`. `id` is the 16-byte member of its payload."""

    statement: StatementId
    id: bytes
    recipient: Account
    expires: int | None
    withdrawn: bool
    erased: bool

    def is_live_at(self, time: int) -> bool:
        """Whether it is neither withdrawn nor erased nor expired; the end is exclusive."""
        return not self.withdrawn and not self.erased and (self.expires is None or time < self.expires)


@dataclass(frozen=True, slots=True)
class EscalationFact:
    """An escalation: to which contact of which contract."""

    statement: StatementId
    contract: StatementId
    contact: bytes
    account: Account | None


class JournalFacts(Protocol):
    """What every journal answers."""

    @property
    def journal(self) -> JournalId:
        """Which journal it is, under its 16-byte engagement or 32-byte account: it takes no statement about another."""
        ...

    @property
    def salt(self) -> bytes:
        """The journal's 32-byte salt."""
        ...

    def find_newest(self, account: Account) -> Newest | None:
        """The newest entry here that `account` signed."""
        ...

    def find_seen(self, mark: bytes) -> int | None:
        """The seq of the entry whose seen mark this is; 0 for the mark of the empty journal."""
        ...


class KeysFacts(JournalFacts, Protocol):
    """A keys journal."""

    kind: Literal[JournalKind.KEYS]

    def find_current(self) -> KeysFact | None:
        """The newest generation."""
        ...


class KeyringFacts(JournalFacts, Protocol):
    """A keyring journal."""

    kind: Literal[JournalKind.KEYRING]

    def find_key(self, sign_key: KeyId) -> KeysFact | None:
        """The generation of the owner's whose sign key has this id."""
        ...

    def find_current(self) -> KeyringFact | None:
        """The newest keyring."""
        ...


class EngagementFacts(JournalFacts, Protocol):
    """An engagement journal."""

    kind: Literal[JournalKind.ENGAGEMENT]

    @property
    def deployment(self) -> KeysFact:
        """The deployment's own account and sign key, from the trust policy."""
        ...

    @property
    def closed_at(self) -> int | None:
        """When it was closed, Unix seconds."""
        ...

    def find_keys(self, statement: StatementId) -> KeysFact | None:
        """The `keys` statement with this id, of any account."""
        ...

    def find_first_contract(self) -> ContractFact | None:
        """The contract with which the journal begins."""
        ...

    def find_active_contract(self) -> ContractFact | None:
        """The contract that was activated last."""
        ...

    def find_contract(self, statement: StatementId) -> ContractFact | None:
        """The contract with this id."""
        ...

    def list_past_roles(self, account: Account) -> frozenset[Role | None]:
        """The roles in which contracts that are or were active name the account; None stands for a contact."""
        ...

    def list_assents(self, account: Account) -> tuple[AssentFact, ...]:
        """All assents of one account, oldest first; only the newest counts now."""
        ...

    def find_version(self, item: bytes, version: int | None = None) -> VersionFact | None:
        """That version of the item, or its newest."""
        ...

    def is_sealed_to(self, item: bytes, version: int | None, account: Account, key: bytes | None = None) -> bool:
        """Whether that version (None: any) is sealed to the account, and to that key of it where one is named."""
        ...

    def find_disclosure(self, statement: StatementId) -> DisclosureFact | None:
        """The disclosure with this id."""
        ...

    def find_disclosure_by_id(self, identifier: bytes) -> DisclosureFact | None:
        """The disclosure whose payload has this 16-byte `id`; only the coachee signs disclosures, so there is one."""
        ...

    def is_withdrawn(self, disclosure: StatementId) -> bool:
        """Whether a withdrawal names this id, be it of a disclosure here or not."""
        ...

    def count_requests(self, by: Account, since: int) -> int:
        """How many requests of the account have a time greater than `since`."""
        ...


class EscalationFacts(JournalFacts, Protocol):
    """An escalations journal, beside the engagement whose contract it stands on."""

    kind: Literal[JournalKind.ESCALATIONS]

    @property
    def engagement(self) -> EngagementFacts:
        """The engagement's own journal."""
        ...

    def find_escalation(self, statement: StatementId) -> EscalationFact | None:
        """The escalation with this id."""
        ...


Facts = KeysFacts | KeyringFacts | EngagementFacts | EscalationFacts


@dataclass(frozen=True, slots=True)
class KeysAdded:
    """A generation of keys begins."""

    keys: KeysFact


@dataclass(frozen=True, slots=True)
class KeyringAdded:
    """A keyring replaces the one before."""

    keyring: KeyringFact


@dataclass(frozen=True, slots=True)
class ContractProposed:
    """A contract is there to be assented to."""

    contract: ContractFact


@dataclass(frozen=True, slots=True)
class Assented:
    """A party's or contact's newest assent."""

    account: Account
    assent: AssentFact


@dataclass(frozen=True, slots=True)
class ContractActivated:
    """The contract is the active one from `time` on; the one that it supersedes was until then."""

    statement: StatementId
    time: int
    supersedes: StatementId | None


@dataclass(frozen=True, slots=True)
class VersionAdded:
    """A version of an item."""

    version: VersionFact


@dataclass(frozen=True, slots=True)
class SealsAdded:
    """A version of an item is sealed to these (account, key id)."""

    item: bytes
    version: int
    seals: tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Disclosed:
    """A disclosure is live."""

    disclosure: DisclosureFact


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """This disclosure is served no more, nor ever will be if it is not here yet."""

    disclosure: StatementId


@dataclass(frozen=True, slots=True)
class Opened:
    """The recipient holds an access receipt of `of`."""

    of: StatementId
    by: Account


@dataclass(frozen=True, slots=True)
class Requested:
    """One request of the budget is spent."""

    by: Account
    time: int


@dataclass(frozen=True, slots=True)
class Escalated:
    """An escalation stands."""

    escalation: EscalationFact


@dataclass(frozen=True, slots=True)
class Closed:
    """The engagement is closed."""

    time: int
    reason: ClosureReason


@dataclass(frozen=True, slots=True)
class Erased:
    """These items (16 bytes) and disclosures (32 bytes) lose their blobs and seals."""

    items: tuple[bytes, ...]
    disclosures: tuple[StatementId, ...]


Effect = (
    KeysAdded
    | KeyringAdded
    | ContractProposed
    | Assented
    | ContractActivated
    | VersionAdded
    | SealsAdded
    | Disclosed
    | Withdrawn
    | Opened
    | Requested
    | Escalated
    | Closed
    | Erased
)


def find_role(contract: Contract, account: Account) -> Role | None:
    """The role of a party of the contract, None for everybody else."""
    return next((party.role for party in contract.parties if party.account == account), None)


def find_party(contract: Contract, role: Role) -> Account | None:
    """The account in that role."""
    return next((party.account for party in contract.parties if party.role is role), None)
