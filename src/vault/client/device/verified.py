"""What was verified: pins, keys, contracts, replayed journals, the log. It only grows, and a server can tell it again.

So it is taken over in memory first, and what of it lasts becomes durable with the next change. Whoever goes back to an
older state (docs/protocol.md section 4.2) begins with an empty one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from vault.client.device.tlog_state import TlogState
from vault.client.errors import VerificationError
from vault.policy.facts import KeysFact
from vault.policy.replay import ReplayedKeys
from vault.protocol.api import Entry
from vault.protocol.ids import Account
from vault.protocol.journal import START, JournalId, Position
from vault.protocol.statements import Contract
from vault.protocol.vocabulary import JournalKind

_NEVER = (START.seq, START.head)


@dataclass(slots=True)
class Verified:
    """By journal: `pins` (seq and head), `newest` (own statement), `taken` (entries as served), `broken` (why).

    By engagement: `contracts` (the statement that stands), `standing` (its body), `acting` (the own sign key of the
    last assent, for those who read no journal), `views` (replayed). By account: `keys` (replayed);
    `keys_by_statement` and `seal_publics` (by the id of a seal key) index them. `deployment_keys` are account and sign
    key of the deployment.
    """

    pins: dict[JournalId, tuple[int, bytes]] = field(default_factory=dict)
    newest: dict[JournalId, bytes] = field(default_factory=dict)
    contracts: dict[bytes, bytes] = field(default_factory=dict)
    deployment_keys: tuple[bytes, bytes] | None = None
    tlog: TlogState = field(default_factory=TlogState)
    # what follows is replayed again by the next process
    standing: dict[bytes, Contract] = field(default_factory=dict)
    acting: dict[bytes, bytes] = field(default_factory=dict)
    keys: dict[bytes, ReplayedKeys] = field(default_factory=dict)
    keys_by_statement: dict[bytes, KeysFact] = field(default_factory=dict)
    seal_publics: dict[bytes, bytes] = field(default_factory=dict)
    views: dict[bytes, Any] = field(default_factory=dict)
    taken: dict[JournalId, list[Entry]] = field(default_factory=dict)
    broken: dict[JournalId, VerificationError] = field(default_factory=dict)

    def pinned(self, journal: JournalId) -> tuple[int, bytes]:
        """How far this journal was verified: seq and head, those of an empty one where it never was."""
        return self.pins.get(journal, _NEVER)

    def pin(self, journal: JournalId, position: Position) -> None:
        """Remember how far this journal was verified."""
        if position != START:
            self.pins[journal] = (position.seq, position.head)

    def saw_own(self, journal: JournalId, statement: bytes) -> None:
        """The newest statement of this person there."""
        self.newest[journal] = statement

    def saw_contract(self, engagement: bytes, statement: bytes, body: Contract) -> None:
        """The contract that stands in an engagement."""
        self.contracts[engagement], self.standing[engagement] = statement, body

    def saw_assent(self, engagement: bytes, journal: JournalId, statement: bytes, key: bytes) -> None:
        """The own assent in an engagement whose journal this person does not read, and the key that signed it."""
        self.newest.setdefault(journal, statement)
        self.acting[engagement] = key

    def replaying(self, account: bytes) -> ReplayedKeys:
        """The account's keys journal as far as it was replayed."""
        return self.keys.setdefault(account, ReplayedKeys(Account(account)))

    def replay_anew(self, account: bytes) -> ReplayedKeys:
        """The account's keys journal, from its beginning."""
        self.read_anew(JournalId(JournalKind.KEYS, account))
        return self.replaying(account)

    def saw_seal_key(self, key: bytes, public: bytes) -> None:
        """The public key with this id, from a verified `keys` statement."""
        self.seal_publics[key] = public

    def saw_keys(self, generations: Iterable[KeysFact]) -> None:
        """Verified keys, found by their statements from now on."""
        self.keys_by_statement.update({keys.statement: keys for keys in generations})

    def took(self, journal: JournalId, entry: Entry) -> None:
        """An entry was taken over, as it was served."""
        self.taken.setdefault(journal, []).append(entry)

    def hold_view(self, engagement: bytes, view: Any) -> None:
        """The replayed engagement, which grows with what is read from now on."""
        self.views[engagement] = view

    def read_anew(self, journal: JournalId) -> None:
        """What was replayed of this journal is replayed from its beginning the next time."""
        self.taken.pop(journal, None)
        if journal.kind is JournalKind.KEYS:
            self.keys.pop(journal.subject, None)
        elif journal.kind is JournalKind.ENGAGEMENT:
            self.views.pop(journal.subject, None)

    def broke(self, journal: JournalId, error: VerificationError) -> None:
        """Believe nothing of this journal any more."""
        self.broken[journal] = error

    def forget(self, journal: JournalId) -> None:
        """As if nothing of this journal had ever been seen."""
        for known in (self.pins, self.newest, self.broken, self.taken):
            known.pop(journal, None)
        self.tlog.marks.pop(journal, None)

    def forget_contract(self, engagement: bytes) -> None:
        """As if no contract of this engagement had ever been seen."""
        self.contracts.pop(engagement, None)

    def forget_replays(self) -> None:
        """Everything is fetched and replayed again."""
        for known in (self.keys, self.keys_by_statement, self.views, self.taken):
            known.clear()
