"""One person's identity on one device while it is open: four parts, and the one way in which what lasts is changed.

`identity` is what this person holds alone, `outbox` what was signed and is on its way, `verified` what was shown to be
true, `memory` what the next process does without. The first two are values: a change makes the next ones in a draft,
makes that durable in one replacement of one file, and only then takes it over. So whatever stops a program, at any
point, the folder holds the old state or the new one, and memory never runs ahead of it.
"""

import copy
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import RLock
from typing import Any, Self

from vault.client.crypto.identity import SecretKeys
from vault.client.crypto.state import open_state, seal_state
from vault.client.device.carrying import carry, take_over
from vault.client.device.deployment import Deployment
from vault.client.device.home import Contents, Home
from vault.client.device.identity import HeldKeyring, Identity
from vault.client.device.keeping import outbox_of, read_state, recall_verified, spell_state
from vault.client.device.keyring import KeyringContent
from vault.client.device.memory import Memory
from vault.client.device.verified import Verified
from vault.client.device.waiting import Outbox
from vault.client.errors import VerificationError
from vault.policy.facts import KeysFact
from vault.protocol.ids import Account
from vault.protocol.journal import JournalId
from vault.protocol.limits import ZERO32
from vault.protocol.vocabulary import JournalKind


class Session:
    """An open identity. Acts are functions of it; it does no network I/O itself."""

    def __init__(
        self,
        home: Home,
        deployment: Deployment,
        account: Account,
        identity: Identity,
        verified: Verified,
        *,
        now: Callable[[], int],
        random: Callable[[int], bytes],
    ) -> None:
        """A session with an empty outbox; `now` gives Unix seconds, `random(n)` n unpredictable bytes."""
        self.home = home
        self.deployment = deployment
        self.account = account
        self.now = now
        self.random = random
        self.identity = identity
        self.outbox = Outbox()
        self.verified = verified
        self.memory = Memory()
        self._lock = RLock()
        self._is_draft = False

    @contextmanager
    def change(self) -> Iterator[Self]:
        """A draft of this session. Leaving the block makes its parts durable, then they are this session's.

        An error in the block, or in writing the file, leaves everything as it was. No act may yield in the block: other
        threads wait for it. A change within a change belongs to the outer one.

        Raises: OSError where the file cannot be written.
        """
        if self._is_draft:
            yield self
            return
        with self._lock:
            draft = copy.copy(self)
            draft._is_draft = True
            yield draft
            keyring = draft.identity.keyring
            if keyring is not None:  # else this person is coming back here, and the device has nothing to keep
                contents = draft._spell(keyring)
                try:
                    self.home.write(contents)
                except BaseException:
                    if self.home.holds(contents):  # the interruption came after the file was replaced
                        self._take(draft)
                    raise
            self._take(draft)

    def _take(self, draft: Self) -> None:
        self.identity, self.outbox, self.verified = draft.identity, draft.outbox, draft.verified
        self.memory = draft.memory

    def _spell(self, keyring: HeldKeyring) -> Contents:
        identity = self.identity
        plaintext = spell_state(self.content(), identity.sequence, identity.is_due, self.outbox, self.verified)
        return Contents(
            url=self.deployment.url,
            audience=self.deployment.audience,
            account=self.account,
            keyring=keyring.raw,
            slots=dict(keyring.slots),
            state=seal_state(keyring.key, self.account, plaintext, self.random(24)),
        )

    def restore(self, keyring: HeldKeyring, sealed: bytes) -> None:
        """Take over what the file of this device holds; the keyring in it was opened before.

        Raises: VerificationError.
        """
        state = read_state(open_state(keyring.key, self.account, sealed))
        self.adopt(state.content)
        held = replace(keyring, sequence=state.sequence)
        self.identity = replace(self.identity, keyring=held, is_due=bool(state.changed))
        self.outbox = outbox_of(state)
        recall_verified(state, self.verified)

    def content(self) -> KeyringContent:
        """What the next keyring holds."""
        return carry(self.account, self.deployment, self.identity, self.verified)

    def adopt(self, content: KeyringContent) -> None:
        """Add what a keyring says; what is known already and newer stays. Raises: VerificationError."""
        self.identity = take_over(self.account, self.identity, self.verified, content)

    def save(self) -> None:
        """Make what was verified since the last change durable."""
        with self.change():
            pass

    def beside(self, verified: Verified) -> Self:
        """The same person on a device that has seen nothing but `verified`; nothing of it ever lasts."""
        other = copy.copy(self)
        other.verified, other.memory, other._is_draft = verified, Memory(stretched=self.memory.stretched), True
        return other

    def learn_salt(self, engagement: bytes) -> None:
        """A contract has confirmed the salt that was offered; the next change keeps it."""
        with self._lock:
            salt = self.memory.offered.pop(engagement, None)
            if salt is not None and engagement not in self.identity.salts:
                self.identity = self.identity.with_salt(engagement, salt)

    def note_due(self) -> None:
        """What was verified belongs into the next keyring."""
        with self._lock:
            self.identity = self.identity.due()

    @property
    def current(self) -> SecretKeys:
        """The newest generation of own keys that the keys journal has; a newer one may already lie in the keyring."""
        generations = self.identity.generations
        known = self.verified.pinned(JournalId(JournalKind.KEYS, self.account))[0]
        return generations[min(max(known, self.memory.accepted, 1), len(generations))]

    def keys_of(self, fact: KeysFact | None) -> SecretKeys:
        """The own keys of this verified generation; the current ones where it is none of this device's."""
        found = None if fact is None else self.identity.find_by_sign_key(fact.sign_key)
        return found or self.current

    def acting_in(self, engagement: bytes) -> SecretKeys:
        """The own keys under which this person, who reads no journal, last assented there."""
        return self.identity.find_by_sign_key(self.verified.acting.get(engagement, b"")) or self.current

    def find_signer(self, key: bytes) -> bytes:
        """The seed of the own sign key with this id. Raises: VerificationError."""
        keys = self.identity.find_by_sign_key(key)
        if keys is None:
            raise VerificationError("own keys", "expected a sign key of the own keyring")
        return keys.sign_seed

    def find_keys(self, statement: bytes) -> KeysFact | None:
        """The verified `keys` statement with this id."""
        return self.verified.keys_by_statement.get(statement)

    def find_salt(self, journal: JournalId) -> bytes | None:
        """The journal's salt, None where this person does not hold it."""
        if journal.kind is JournalKind.KEYS:
            return ZERO32
        if journal.kind is JournalKind.KEYRING:
            return self.identity.salt
        return self.identity.salts.get(journal.subject) or self.memory.offered.get(journal.subject)

    def keep_evidence(self, what: str, members: dict[str, Any]) -> str:
        """Write what shows that a server misbehaved beside the file, once; the path, for people."""
        digest = hashlib.sha256(json.dumps(members, sort_keys=True).encode("utf-8")).hexdigest()[:8]
        text = json.dumps({"what": what, "at": self.now(), **members}, indent=1)
        return self.home.keep_evidence(f"{what}-{digest}.json", text.encode("utf-8"))
