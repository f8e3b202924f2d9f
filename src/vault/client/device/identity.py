"""The identity as a value: own keys, the ways back in, and all that a keyring carries from one device to the next.

A value of it never changes; each method gives the next one. `Session.change` makes that durable before anybody sees it.
Source: docs/protocol.md section 8.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from vault.client.crypto.identity import SecretKeys
from vault.client.device.keyring import Invitation, Person
from vault.protocol.vocabulary import SLOT_RECOVERY_CODE


@dataclass(frozen=True, slots=True)
class HeldKeyring:
    """A keyring as this device holds it: of `sequence` (0: none was made), sealed under `key`, with its slots by kind.

    The file of the device is sealed under the same key, so whatever opens a slot opens both.
    """

    sequence: int
    key: bytes = field(repr=False)
    raw: bytes = field(repr=False)
    slots: Mapping[int, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """What one person holds alone. `passphrase`, as it was typed, is in memory alone; all else is in the keyring.

    `generations` are own keys by their number from 1 on, `salt` is that of the keyring's own journal, `salts` are those
    of engagements, `sources` say which item and version a disclosure was made from. `is_due` while something here is
    newer than the keyring of that sequence.
    """

    generations: Mapping[int, SecretKeys] = field(default_factory=dict, repr=False)
    salt: bytes = field(default=b"", repr=False)
    passphrase: str | None = field(default=None, repr=False)
    kit: bytes | None = field(default=None, repr=False)
    recovery: bytes | None = field(default=None, repr=False)
    salts: Mapping[bytes, bytes] = field(default_factory=dict, repr=False)
    people: Mapping[bytes, Person] = field(default_factory=dict)
    invitations: tuple[Invitation, ...] = ()
    sources: Mapping[bytes, tuple[bytes, int]] = field(default_factory=dict)
    keyring: HeldKeyring | None = None
    is_due: bool = False

    @property
    def sequence(self) -> int:
        """The sequence of the newest keyring that this device knows of; 0 before the first."""
        return 0 if self.keyring is None else self.keyring.sequence

    @property
    def slots(self) -> Mapping[int, bytes]:
        """The slots of that keyring, by kind."""
        return {} if self.keyring is None else self.keyring.slots

    def find_by_seal_key(self, key: bytes) -> SecretKeys | None:
        """The own keys whose seal key has this id."""
        return next((keys for keys in self.generations.values() if keys.seal_key == key), None)

    def find_by_sign_key(self, key: bytes) -> SecretKeys | None:
        """The own keys whose sign key has this id."""
        return next((keys for keys in self.generations.values() if keys.sign_key == key), None)

    def hold(self, keyring: HeldKeyring) -> Self:
        """With the keyring that was made of all this."""
        return replace(self, keyring=keyring, is_due=False)

    def at_sequence(self, sequence: int) -> Self:
        """Where the newest keyring of this person is another one: the next is made on top of it."""
        if self.keyring is None:
            raise ValueError("expected a keyring")
        return replace(self, keyring=replace(self.keyring, sequence=sequence), is_due=True)

    def due(self) -> Self:
        """With a keyring that has to be made anew."""
        return replace(self, is_due=True)

    def with_passphrase(self, passphrase: str) -> Self:
        """With another passphrase. The next keyring has a slot for it under a new header, and so none for this one."""
        keyring = self.keyring
        if keyring is not None:
            kept = {kind: slot for kind, slot in keyring.slots.items() if kind == SLOT_RECOVERY_CODE}
            keyring = replace(keyring, slots=kept)
        return replace(self, passphrase=passphrase, keyring=keyring, is_due=True)

    def with_slots(self, slots: Mapping[int, bytes]) -> Self:
        """With the slots of another device's keyring, whose headers go on."""
        if self.keyring is None:
            raise ValueError("expected a keyring")
        return replace(self, keyring=replace(self.keyring, slots=slots), is_due=True)

    def with_generation(self, generation: int, keys: SecretKeys) -> Self:
        """With own keys of that number."""
        return replace(self, generations={**self.generations, generation: keys}, is_due=True)

    def with_salt(self, engagement: bytes, salt: bytes) -> Self:
        """With the salt of an engagement."""
        return replace(self, salts={**self.salts, engagement: salt}, is_due=True)

    def with_person(self, *people: Person) -> Self:
        """With these people, each in the place of what was known of the account."""
        return replace(self, people={**self.people, **{each.account: each for each in people}}, is_due=True)

    def with_invitation(self, invitation: Invitation) -> Self:
        """With an open invitation, in the place of one for the same name."""
        others = tuple(each for each in self.invitations if each.name != invitation.name)
        return replace(self, invitations=(*others, invitation), is_due=True)

    def without_invitations(self, answered: Iterable[Invitation]) -> Self:
        """Without those that were answered."""
        secrets = {each.secret for each in answered}
        kept = tuple(each for each in self.invitations if each.secret not in secrets)
        return replace(self, invitations=kept, is_due=True)

    def with_source(self, disclosure: bytes, item: bytes, version: int) -> Self:
        """With the summary that a disclosure was made from."""
        return replace(self, sources={**self.sources, disclosure: (item, version)}, is_due=True)
