"""Everything that one person's client holds while it is open: secrets, what it has verified, what waits to be sent.

What must last is in the home's file after each `save`; replayed journals are memory alone and are fetched and verified
again by the next process, against the pins.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from vault.client.crypto.identity import SecretKeys
from vault.client.crypto.state import open_state, seal_state
from vault.client.device.deployment import Deployment
from vault.client.device.home import Contents, Home
from vault.client.device.keyring import (
    EngagementSalt,
    Generation,
    Invitation,
    KeyringContent,
    KnownDeployment,
    Person,
    Pin,
    Source,
)
from vault.client.device.state import DeviceState, Marked, Newest, Progress, Upload, Waiting
from vault.client.device.tlog_state import LeafMark, TlogState
from vault.client.errors import ForkDetected, VerificationError
from vault.encoding import read_base64
from vault.errors import FormatError
from vault.policy.facts import KeysFact
from vault.policy.replay import ReplayedKeys
from vault.protocol.api import Entry
from vault.protocol.ids import account_id
from vault.protocol.journal import START, JournalId, Position
from vault.protocol.limits import ZERO32
from vault.protocol.statements import Contract
from vault.protocol.strict_json import read_json
from vault.protocol.vocabulary import JournalKind
from vault.tlog.checkpoint import SignedCheckpoint
from vault.tlog.signed_note import VerifierKey


@dataclass(slots=True)
class Token:
    """A login token and when it ends, Unix seconds."""

    text: str = field(repr=False)
    expires: int


@dataclass(slots=True)
class Unlock:
    """What opens the keyring again: the passphrase as it was typed, and the kit's secret. Memory alone holds it."""

    passphrase: str | None = field(repr=False)
    kit: bytes | None = field(repr=False)


class Session:
    """An open identity. Acts are functions of it; it does no network I/O itself."""

    def __init__(
        self,
        home: Home,
        deployment: Deployment,
        account: bytes,
        *,
        now: Callable[[], int],
        random: Callable[[int], bytes],
        unlock: Unlock,
    ) -> None:
        """An empty session; `unlocking.open_session` and `joining.new_session` fill it."""
        self.home = home
        self.deployment = deployment
        self.account = account
        self.now = now
        self.random = random
        self.unlock = unlock
        # secrets
        self.generations: dict[int, SecretKeys] = {}
        self.published: int | None = None
        self.keyring_salt = b""
        self.recovery: bytes | None = None
        self.keyring_key = b""
        self.sequence = 0
        self.keyring = b""
        self.slots: dict[int, bytes] = {}
        self.salts: dict[bytes, bytes] = {}
        # what was verified
        self.pins: dict[JournalId, tuple[int, bytes]] = {}
        self.newest: dict[JournalId, bytes] = {}
        self.people: dict[bytes, Person] = {}
        self.invitations: list[Invitation] = []
        self.sources: dict[bytes, tuple[bytes, int]] = {}
        self.deployment_keys: tuple[bytes, bytes] | None = None
        self.contracts: dict[bytes, bytes] = {}
        self.tlog = TlogState()
        # what waits
        self.waiting: list[Waiting] = []
        self.progress: dict[tuple[bytes, str, bytes], bytes] = {}
        self.uploads: list[Upload] = []
        self.changed = False
        # memory alone
        self.token: Token | None = None
        self.keys: dict[bytes, ReplayedKeys] = {}
        self.keys_by_statement: dict[bytes, KeysFact] = {}
        self.seal_publics: dict[bytes, bytes] = {}
        self.standing: dict[bytes, Contract] = {}
        self.acting: dict[bytes, bytes] = {}
        self.views: dict[bytes, Any] = {}
        self.stretched: dict[bytes, bytes] = {}
        self.blobs: dict[bytes, bytes] = {}
        self.broken: dict[JournalId, VerificationError] = {}
        self.taken: dict[JournalId, list[Entry]] = {}

    @property
    def current(self) -> SecretKeys:
        """The newest generation of own keys that others know; a newer one may already lie in the keyring."""
        return self.generations[self.published or max(self.generations)]

    def find_by_seal_key(self, key: bytes) -> SecretKeys | None:
        """The own keys whose seal key has this id."""
        return next((keys for keys in self.generations.values() if keys.seal_key == key), None)

    def find_by_sign_key(self, key: bytes) -> SecretKeys | None:
        """The own keys whose sign key has this id."""
        return next((keys for keys in self.generations.values() if keys.sign_key == key), None)

    def acting_in(self, engagement: bytes) -> SecretKeys:
        """The own keys under which this person, who reads no journal, last assented there."""
        return self.find_by_sign_key(self.acting.get(engagement, b"")) or self.current

    def find_signer(self, key: bytes) -> bytes:
        """The seed of the own sign key with this id. Raises: VerificationError."""
        keys = self.find_by_sign_key(key)
        if keys is None:
            raise VerificationError("own keys", "expected a sign key of the own keyring")
        return keys.sign_seed

    def find_keys(self, statement: bytes) -> KeysFact | None:
        """The verified `keys` statement with this id."""
        return self.keys_by_statement.get(statement)

    def find_salt(self, journal: JournalId) -> bytes | None:
        """The journal's salt, None where this person does not hold it."""
        if journal.kind is JournalKind.KEYS:
            return ZERO32
        if journal.kind is JournalKind.KEYRING:
            return self.keyring_salt
        return self.salts.get(journal.subject)

    def pin(self, journal: JournalId, position: Position) -> None:
        """Remember how far this journal was verified. `save` makes it last."""
        if position != START:
            self.pins[journal] = (position.seq, position.head)

    def forget(self, statement: bytes) -> None:
        """Files whose note was refused were not added, and what it named can be named again."""
        self.progress = {key: value for key, value in self.progress.items() if value != statement}
        self._rename_uploads(statement, None)

    def replace_progress(self, before: bytes, after: bytes) -> None:
        """A note that was signed anew is still the note of its file."""
        self.progress = {key: after if value == before else value for key, value in self.progress.items()}
        self._rename_uploads(before, after)

    def name_uploads(self, attachments: set[bytes], statement: bytes) -> None:
        """The statement that names these attachments is signed."""
        self.uploads = [
            each.model_copy(update={"statement": statement}) if each.header.id in attachments else each
            for each in self.uploads
        ]

    def _rename_uploads(self, before: bytes, after: bytes | None) -> None:
        self.uploads = [
            each.model_copy(update={"statement": after}) if each.statement == before else each for each in self.uploads
        ]

    def content(self) -> KeyringContent:
        """What the next keyring holds."""
        sign = None if self.deployment_keys is None else self.deployment_keys[1]
        return KeyringContent(
            account=self.account,
            generations=tuple(
                Generation(generation=number, sign=keys.sign_seed, seal=keys.seal_seed)
                for number, keys in sorted(self.generations.items())
            ),
            salt=self.keyring_salt,
            engagements=tuple(EngagementSalt(engagement=key, salt=salt) for key, salt in sorted(self.salts.items())),
            pins=tuple(
                Pin(kind=journal.kind, subject=journal.subject.hex(), seq=seq, head=head)
                for journal, (seq, head) in sorted(self.pins.items(), key=lambda one: (one[0].kind, one[0].subject))
            ),
            people=tuple(self.people[account] for account in sorted(self.people)),
            invitations=tuple(self.invitations),
            sources=tuple(
                Source(disclosure=disclosure, item=item, version=version)
                for disclosure, (item, version) in sorted(self.sources.items())
            ),
            deployment=KnownDeployment(
                audience=self.deployment.audience,
                url=self.deployment.url,
                account=None if self.deployment_keys is None else self.deployment_keys[0],
                sign=sign,
                log=None if self.tlog.key is None else self.tlog.key.to_text(),
                checkpoint=None if self.tlog.pinned is None else self.tlog.pinned.to_bytes().decode("utf-8"),
            ),
            recovery=self.recovery,
            kit=self.unlock.kit,
        )

    def take_over(self, content: KeyringContent) -> None:
        """Add what a keyring says; what is known already and newer stays."""
        for each in content.generations:
            self.generations[each.generation] = SecretKeys(each.sign, each.seal)
        self.keyring_salt = content.salt
        self.recovery = content.recovery
        self.unlock.kit = content.kit
        self.salts.update({each.engagement: each.salt for each in content.engagements})
        for pin in content.pins:
            journal = JournalId(JournalKind(pin.kind), bytes.fromhex(pin.subject))
            seq, head = self.pins.get(journal, (0, b""))
            if pin.seq == seq and pin.head != head:
                raise ForkDetected("journal", "expected the history that another device of this person has seen")
            if pin.seq > seq:
                self.pins[journal] = (pin.seq, pin.head)
        self.people.update({person.account: person for person in content.people})
        known = {invitation.secret for invitation in self.invitations}
        self.invitations += [each for each in content.invitations if each.secret not in known]
        self.sources.update({each.disclosure: (each.item, each.version) for each in content.sources})
        if content.deployment.account is not None and content.deployment.sign is not None:
            self.deployment_keys = (content.deployment.account, content.deployment.sign)
        self.tlog.adopt(*read_known_tlog(content.deployment))
        first = self.generations[1]
        if account_id(first.sign_public) != self.account or content.account != self.account:
            raise VerificationError("own keys", "expected a keyring of this account")

    def save(self) -> None:
        """Make all that must last durable, in one replacement of one file.

        A device that is being recovered has no keyring of its own yet, and nothing to keep.
        """
        if not self.keyring_key:
            return
        state = DeviceState(
            content=self.content(),
            sequence=self.sequence,
            changed=int(self.changed),
            waiting=tuple(self.waiting),
            newest=tuple(
                Newest(kind=journal.kind, subject=journal.subject.hex(), statement=statement)
                for journal, statement in self.newest.items()
            ),
            contracts=tuple(
                Newest(kind=JournalKind.ENGAGEMENT, subject=engagement.hex(), statement=statement)
                for engagement, statement in self.contracts.items()
            ),
            progress=tuple(
                Progress(engagement=engagement, path=path, sha256=digest, statement=statement)
                for (engagement, path, digest), statement in self.progress.items()
            ),
            uploads=tuple(self.uploads),
            unconfirmed=tuple(note.decode("utf-8") for note in list(self.tlog.unconfirmed)),
            marks=tuple(
                Marked(
                    kind=journal.kind, subject=journal.subject.hex(), seq=mark.seq, found=mark.found, after=mark.after
                )
                for journal, mark in list(self.tlog.marks.items())
            ),
            searched_at=self.tlog.searched_at,
        )
        plaintext = json.dumps(state.model_dump(mode="json"), separators=(",", ":")).encode()
        self.home.write(
            Contents(
                url=self.deployment.url,
                audience=self.deployment.audience,
                account=self.account,
                keyring=self.keyring,
                slots=self.slots,
                state=seal_state(self.keyring_key, self.account, plaintext, self.random(24)),
            )
        )

    def restore(self, sealed: bytes) -> None:
        """Take over what `save` wrote. Raises: VerificationError."""
        raw = open_state(self.keyring_key, self.account, sealed)
        state = DeviceState.model_validate(read_json(raw))
        self.take_over(state.content)
        self.sequence = state.sequence
        self.changed = bool(state.changed)
        self.waiting = list(state.waiting)
        self.newest = {_journal(each): each.statement for each in state.newest}
        self.contracts = {bytes.fromhex(each.subject): each.statement for each in state.contracts}
        self.progress = {(each.engagement, each.path, each.sha256): each.statement for each in state.progress}
        self.uploads = list(state.uploads)
        for note in state.unconfirmed:
            raw = note.encode("utf-8")
            self.tlog.unconfirmed[raw] = SignedCheckpoint.parse(raw).checkpoint
        self.tlog.marks = {_journal(each): LeafMark(each.seq, each.found, each.after) for each in state.marks}
        self.tlog.searched_at = state.searched_at

    def keep_evidence(self, what: str, members: dict[str, Any]) -> str:
        """Write what proves that a server misbehaved beside the file; the path, for people."""
        folder = self.home.folder / "evidence"
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / f"{what}-{self.random(4).hex()}.json"
        path.write_text(json.dumps({"what": what, "at": self.now(), **members}, indent=1), encoding="utf-8")
        return str(path)


def read_known_tlog(known: KnownDeployment) -> tuple[VerifierKey | None, SignedCheckpoint | None]:
    """The log's key and newest checkpoint that a keyring of this person names. Raises: VerificationError."""
    try:
        key = None if known.log is None else VerifierKey.parse(known.log)
        checkpoint = None if known.checkpoint is None else SignedCheckpoint.parse(known.checkpoint.encode("utf-8"))
        if checkpoint is not None:
            checkpoint.verify([] if key is None else [key])
    except FormatError as error:
        raise VerificationError("keyring", "expected a checkpoint of the log that the keyring names") from error
    return key, checkpoint


def _journal(each: Newest | Marked) -> JournalId:
    return JournalId(JournalKind(each.kind), bytes.fromhex(each.subject))


def waiting_body(waiting: Waiting) -> bytes:
    """The exact bytes that are sent, each time the same."""
    return read_base64(waiting.body)
