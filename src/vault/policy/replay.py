"""The same facts, replayed from entries: what a client, the auditor and the tests hold instead of tables.

A state is appended to in place, entry by entry, so that replaying a journal costs its length and no more; `append` is
all or nothing. Source: docs/protocol.md sections 4 and 4.1.
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from vault.policy.decide import decide, require_seen_entry
from vault.policy.facts import (
    Assented,
    AssentFact,
    Closed,
    ContractActivated,
    ContractFact,
    ContractProposed,
    Disclosed,
    DisclosureFact,
    Effect,
    Erased,
    Escalated,
    EscalationFact,
    Facts,
    KeyringAdded,
    KeyringFact,
    KeysAdded,
    KeysFact,
    Newest,
    Opened,
    Requested,
    SealsAdded,
    VersionAdded,
    VersionFact,
    Withdrawn,
)
from vault.policy.signers import list_signers
from vault.protocol.envelope import Statement
from vault.protocol.ids import Account, EngagementId, KeyId, StatementId
from vault.protocol.journal import START, JournalId, Position, next_position, seen_mark
from vault.protocol.keys import require_valid_keys
from vault.protocol.limits import ID_BYTES, ZERO32
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Contract, Keys
from vault.protocol.vocabulary import JournalKind, Role


class Replayed:
    """What every replayed journal knows: its position, its salt, its signers' newest entries, its marks."""

    def __init__(self, journal: JournalId, salt: bytes) -> None:
        """An empty journal with its 32-byte salt."""
        self.journal = journal
        self.salt = salt
        self.position: Position = START
        self.newest: dict[bytes, Newest] = {}
        self.marks: dict[bytes, int] = {seen_mark(salt, START.seq, START.head): START.seq}
        self.ids: set[tuple[bytes, bytes]] = set()
        self.statements: list[bytes] = []

    def find_newest(self, account: Account) -> Newest | None:
        """The newest entry here that `account` signed."""
        return self.newest.get(account)

    def find_seen(self, mark: bytes) -> int | None:
        """The seq of the entry whose seen mark this is."""
        return self.marks.get(mark)

    def take(self, statement: Statement, time: int, seen: int | None) -> None:
        """Move the position past `statement`."""
        self.position = next_position(self.journal, self.position, time, statement.id)
        self.newest[statement.body.by] = Newest(statement.id, seen)
        self.ids.add((statement.body.by, statement.body.id))
        self.marks[seen_mark(self.salt, self.position.seq, self.position.head)] = self.position.seq
        self.statements.append(statement.id)

    def apply(self, effect: Effect) -> None:
        """Take over one effect of a decision."""
        raise TypeError(f"expected an effect of this journal, not {type(effect).__name__}")


class ReplayedKeys(Replayed):
    """A keys journal; `generations` oldest first."""

    kind: Literal[JournalKind.KEYS] = JournalKind.KEYS

    def __init__(self, account: Account) -> None:
        """The empty keys journal of an account."""
        super().__init__(JournalId(JournalKind.KEYS, account), ZERO32)
        self.generations: list[KeysFact] = []

    def find_current(self) -> KeysFact | None:
        """The newest generation."""
        return self.generations[-1] if self.generations else None

    def apply(self, effect: Effect) -> None:
        """Take over a new generation."""
        if not isinstance(effect, KeysAdded):
            return super().apply(effect)
        self.generations.append(effect.keys)
        return None


class ReplayedKeyring(Replayed):
    """A keyring journal beside the owner's keys."""

    kind: Literal[JournalKind.KEYRING] = JournalKind.KEYRING

    def __init__(self, keys: ReplayedKeys, salt: bytes) -> None:
        """The empty keyring journal of the account of `keys`."""
        super().__init__(JournalId(JournalKind.KEYRING, keys.journal.subject), salt)
        self.keys = keys
        self.current: KeyringFact | None = None

    def find_key(self, sign_key: KeyId) -> KeysFact | None:
        """The newest generation whose sign key has this id."""
        return next((keys for keys in reversed(self.keys.generations) if keys.sign_key == sign_key), None)

    def find_current(self) -> KeyringFact | None:
        """The newest keyring."""
        return self.current

    def apply(self, effect: Effect) -> None:
        """Take over a new keyring."""
        if not isinstance(effect, KeyringAdded):
            return super().apply(effect)
        self.current = effect.keyring
        return None


class ReplayedEngagement(Replayed):
    """An engagement journal; `find_keys` answers for the keys statements that it names."""

    kind: Literal[JournalKind.ENGAGEMENT] = JournalKind.ENGAGEMENT

    def __init__(
        self, engagement: EngagementId, salt: bytes, deployment: KeysFact, find_keys: Callable[[bytes], KeysFact | None]
    ) -> None:
        """The empty journal of a 16-byte engagement."""
        super().__init__(JournalId(JournalKind.ENGAGEMENT, engagement), salt)
        self.deployment = deployment
        self.find_keys = find_keys
        self.closed_at: int | None = None
        self.contracts: dict[bytes, ContractFact] = {}
        self.active: bytes | None = None
        self.assents: dict[bytes, tuple[AssentFact, ...]] = {}
        self.versions: dict[bytes, list[VersionFact]] = {}
        self.seals: dict[tuple[bytes, int], set[tuple[bytes, bytes]]] = {}
        self.disclosures: dict[bytes, DisclosureFact] = {}
        self.disclosures_by_id: dict[bytes, bytes] = {}
        self.past_roles: dict[bytes, frozenset[Role | None]] = {}
        self.withdrawn: set[bytes] = set()
        self.openings: dict[bytes, list[bytes]] = {}
        self.requests: dict[bytes, list[int]] = {}

    def find_first_contract(self) -> ContractFact | None:
        """The contract with which the journal begins."""
        return next(iter(self.contracts.values()), None)

    def find_active_contract(self) -> ContractFact | None:
        """The contract that was activated last."""
        return None if self.active is None else self.contracts[self.active]

    def find_contract(self, statement: StatementId) -> ContractFact | None:
        """The contract with this id."""
        return self.contracts.get(statement)

    def list_past_roles(self, account: Account) -> frozenset[Role | None]:
        """The roles in which contracts that are or were active name the account; None stands for a contact."""
        return self.past_roles.get(account, frozenset())

    def list_assents(self, account: Account) -> tuple[AssentFact, ...]:
        """All assents of one account, oldest first."""
        return self.assents.get(account, ())

    def find_version(self, item: bytes, version: int | None = None) -> VersionFact | None:
        """That version of the item, or its newest."""
        versions = self.versions.get(item, [])
        if version is None:
            return versions[-1] if versions else None
        return versions[version - 1] if 1 <= version <= len(versions) else None

    def is_sealed_to(self, item: bytes, version: int | None, account: Account, key: bytes | None = None) -> bool:
        """Whether that version (None: any) is sealed to the account, and to that key of it where one is named."""
        numbers = [each.version for each in self.versions.get(item, [])] if version is None else [version]
        return any(
            holder == account and key in (None, sealed_key)
            for number in numbers
            for holder, sealed_key in self.seals.get((item, number), ())
        )

    def find_disclosure(self, statement: StatementId) -> DisclosureFact | None:
        """The disclosure with this id."""
        return self.disclosures.get(statement)

    def find_disclosure_by_id(self, identifier: bytes) -> DisclosureFact | None:
        """The disclosure whose payload has this 16-byte `id`."""
        statement = self.disclosures_by_id.get(identifier)
        return None if statement is None else self.disclosures[statement]

    def is_withdrawn(self, disclosure: StatementId) -> bool:
        """Whether a withdrawal names this id."""
        return disclosure in self.withdrawn

    def count_requests(self, by: Account, since: int) -> int:
        """How many requests of the account have a time greater than `since`."""
        times = self.requests.get(by, [])
        return len(times) - bisect_right(times, since)

    def apply(self, effect: Effect) -> None:
        """Take over one effect of a decision."""
        match effect:
            case ContractProposed(contract):
                self.contracts[contract.statement] = contract
            case Assented(account, assent):
                self.assents[account] = (*self.list_assents(account), assent)
            case ContractActivated(statement, time, supersedes):
                self.contracts[statement] = replace(self.contracts[statement], activated_at=time)
                if supersedes is not None:
                    self.contracts[supersedes] = replace(self.contracts[supersedes], superseded_at=time)
                self.active = statement
                self._keep_roles(self.contracts[statement].body)
            case VersionAdded(version):
                self.versions.setdefault(version.item, []).append(version)
            case SealsAdded(item, number, seals):
                self.seals.setdefault((item, number), set()).update(seals)
            case Disclosed(disclosure):
                self.disclosures[disclosure.statement] = disclosure
                self.disclosures_by_id[disclosure.id] = disclosure.statement
            case Withdrawn(statement):
                self.withdrawn.add(statement)
                self._end(statement, withdrawn=True)
            case Opened(of, by):
                self.openings.setdefault(of, []).append(by)
            case Requested(by, time):
                self.requests.setdefault(by, []).append(time)
            case Closed(time, _):
                self.closed_at = time
            case Erased(items, disclosures):
                for item in items:
                    self.versions[item] = [replace(version, erased=True) for version in self.versions[item]]
                for statement in disclosures:
                    self._end(statement, erased=True)
            case _:
                super().apply(effect)

    def _keep_roles(self, contract: Contract) -> None:
        named: list[tuple[Account, Role | None]] = [(party.account, party.role) for party in contract.parties]
        named += [(contact.account, None) for contact in contract.contacts if contact.account is not None]
        for account, role in named:
            self.past_roles[account] = self.list_past_roles(account) | {role}

    def _end(self, statement: StatementId, withdrawn: bool = False, erased: bool = False) -> None:
        disclosure = self.disclosures.get(statement)
        if disclosure is not None:
            self.disclosures[statement] = replace(
                disclosure, withdrawn=disclosure.withdrawn or withdrawn, erased=disclosure.erased or erased
            )


class ReplayedEscalations(Replayed):
    """An escalations journal beside its replayed engagement."""

    kind: Literal[JournalKind.ESCALATIONS] = JournalKind.ESCALATIONS

    def __init__(self, engagement: ReplayedEngagement) -> None:
        """The empty escalations journal of an engagement, under the engagement's salt."""
        super().__init__(JournalId(JournalKind.ESCALATIONS, engagement.journal.subject[:ID_BYTES]), engagement.salt)
        self.engagement = engagement
        self.escalations: dict[bytes, EscalationFact] = {}
        self.openings: dict[bytes, list[bytes]] = {}

    def find_escalation(self, statement: StatementId) -> EscalationFact | None:
        """The escalation with this id."""
        return self.escalations.get(statement)

    def apply(self, effect: Effect) -> None:
        """Take over one effect of a decision."""
        match effect:
            case Escalated(escalation):
                self.escalations[escalation.statement] = escalation
            case Opened(of, by):
                self.openings.setdefault(of, []).append(by)
            case _:
                super().apply(effect)


ReplayedJournal = ReplayedKeys | ReplayedKeyring | ReplayedEngagement | ReplayedEscalations


def judge(state: ReplayedJournal, statement: Statement, time: int) -> tuple[tuple[Effect, ...], int | None]:
    """The effects of appending `statement` at `time`, and the seq of the entry that it has seen; nothing changes.

    Raises: as `append`.
    """
    facts: Facts = state
    if time < state.position.time:
        raise Refused(Code.CLOCK_SKEW, time=state.position.time)
    if (statement.body.by, statement.body.id) in state.ids:
        raise Refused(Code.ID_TAKEN)
    if isinstance(statement.body, Keys):
        require_valid_keys(statement.body)
    statement.envelope.verify(*list_signers(facts, statement.body, time))
    seen = require_seen_entry(facts, statement.body)
    return decide(facts, statement, time), seen


def append(state: ReplayedJournal, statement: Statement, time: int) -> tuple[Effect, ...]:
    """Verify, decide and take over one entry; the state is unchanged where anything raises.

    Raises: SignatureError where a signature does not verify, InvalidKeyError for public keys that are not valid,
    Refused where policy or the entry's place says no: also (clock-skew) where `time` is before the newest entry's, and
    (id-taken) where the signer's `id` stands here already.
    """
    effects, seen = judge(state, statement, time)
    state.take(statement, time, seen)
    for effect in effects:
        state.apply(effect)
    return effects
