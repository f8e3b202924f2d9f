"""The keyring: everything that lets a person come back on a new device, as one sealed object.

Source: docs/protocol.md section 8.
"""

import json
from enum import StrEnum
from typing import Annotated, Self

from pydantic import ConfigDict, Field, ValidationError, model_validator

from vault.client.crypto.committing import CommittedKey, require_commitment
from vault.client.crypto.padding import pad, require_bucket, unpad
from vault.client.errors import ContentShapeError, ContentTooLargeError, KeyringContentError
from vault.errors import BlobShapeError, SuiteError
from vault.protocol.blob import bucket_bytes
from vault.protocol.fields import (
    Audience,
    BaseUrl,
    Closed,
    Hash,
    Id,
    Integer,
    Positive,
    Secret,
    ShortSecret,
    SignPublic,
    Text,
)
from vault.protocol.keyring_layout import HEAD_BYTES, keyring_start, require_keyring_shape
from vault.protocol.limits import INLINE_BUCKET_MAXIMUM_BYTES
from vault.protocol.strict_json import JsonError, read_json
from vault.protocol.vocabulary import JournalKind

_SALT = slice(16, 40)
_COMMITMENT = slice(40, 72)


class PersonState(StrEnum):
    """What a person knows of another's keys."""

    UNVERIFIED = "unverified"
    VERIFIED = "verified"
    CHANGED = "changed"


class Generation(Closed):
    """The two seeds of one generation of the own keys."""

    generation: Positive
    sign: Secret = Field(repr=False)
    seal: Secret = Field(repr=False)


class EngagementSalt(Closed):
    """The salt of an engagement's two journals."""

    engagement: Id
    salt: Secret = Field(repr=False)


class Pin(Closed):
    """How far a journal was verified; `subject` is hex of 16 or 32 bytes."""

    kind: JournalKind
    subject: Annotated[str, Field(pattern=r"^([0-9a-f]{32}|[0-9a-f]{64})$")]
    seq: Integer
    head: Hash


class Person(Closed):
    """Someone by a nickname; `key` is the id of the sign key that was verified, or null."""

    account: Hash
    name: Text
    state: PersonState
    key: Id | None


class Invitation(Closed):
    """An invitation that was given out and not yet answered."""

    name: Text
    secret: ShortSecret = Field(repr=False)


class Source(Closed):
    """Which summary a disclosure (its statement id) was made from."""

    disclosure: Hash
    item: Id
    version: Positive


class KnownDeployment(Closed):
    """The deployment that this identity lives on; account and sign key are its own, once they are known.

    `log` is the vkey of its transparency log, `checkpoint` the newest one that was verified, a signed note.
    """

    audience: Audience
    url: BaseUrl
    account: Hash | None
    sign: SignPublic | None
    log: Text | None
    checkpoint: Text | None


class KeyringContent(Closed):
    """What a keyring holds; `salt` is that of the keyring's own journal.

    `recovery` and `kit` are the secrets of the recovery code and the kit, so that their slots can be made anew for
    every sequence; the passphrase is never stored. Null where there is no such slot.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    account: Hash
    generations: Annotated[tuple[Generation, ...], Field(min_length=1)]
    salt: Secret = Field(repr=False)
    engagements: tuple[EngagementSalt, ...]
    pins: tuple[Pin, ...]
    people: tuple[Person, ...]
    invitations: tuple[Invitation, ...]
    sources: tuple[Source, ...]
    deployment: KnownDeployment
    recovery: Secret | None = Field(repr=False)
    kit: Secret | None = Field(repr=False)

    @model_validator(mode="after")
    def _generations_follow_each_other(self) -> Self:
        if [each.generation for each in self.generations] != list(range(1, len(self.generations) + 1)):
            raise ValueError("expected generations 1, 2, ...")
        return self

    def to_bytes(self) -> bytes:
        """The JSON text in UTF-8."""
        return json.dumps(self.model_dump(mode="json"), ensure_ascii=False, separators=(",", ":")).encode("utf-8")

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """What JSON text spells. Raises: KeyringContentError, which repeats nothing."""
        try:
            return cls.model_validate(read_json(raw))
        except (JsonError, ValidationError):
            raise KeyringContentError from None


def seal_keyring(content: KeyringContent, account: bytes, sequence: int, keyring_key: bytes, salt: bytes) -> bytes:
    """The keyring of `sequence`. `keyring_key` (32 random bytes) and `salt` (24) are new for every sequence.

    Raises: ContentTooLargeError.
    """
    plaintext = content.to_bytes()
    bucket = bucket_bytes(len(plaintext) + 1)
    if bucket > INLINE_BUCKET_MAXIMUM_BYTES:
        raise ContentTooLargeError("expected a keyring of at most 262,143 bytes")
    key = _committed_key(account, sequence, keyring_key, salt)
    head = keyring_start(sequence) + salt + key.commitment
    return head + key.seal(pad(plaintext, bucket), head)


def open_keyring(raw: bytes, account: bytes, sequence: int, keyring_key: bytes) -> KeyringContent:
    """The content; size and hash are compared with the `keyring` statement's before this.

    Raises: ContentError; KeyringContentError also for the keyring of another account.
    """
    try:
        require_keyring_shape(raw, sequence)
    except (BlobShapeError, SuiteError):
        raise ContentShapeError from None
    head = raw[:HEAD_BYTES]
    key = _committed_key(account, sequence, keyring_key, head[_SALT])
    require_commitment(head[_COMMITMENT], key)
    padded = key.open(raw[HEAD_BYTES:], head)
    plaintext = unpad(padded)
    require_bucket(len(padded), bucket_bytes(len(plaintext) + 1))
    content = KeyringContent.from_bytes(plaintext)
    require_keyring_of(content, account)
    return content


def require_keyring_of(content: KeyringContent, account: bytes) -> None:
    """Return if the keyring is the account's. Raises: KeyringContentError."""
    if content.account != account:
        raise KeyringContentError


def _committed_key(account: bytes, sequence: int, keyring_key: bytes, salt: bytes) -> CommittedKey:
    return CommittedKey.derive(keyring_key, salt, b"CV1 keyring key\0" + account + sequence.to_bytes(8, "big"))
