"""Slots: the keyring key wrapped under a passphrase, a passphrase with a kit, or a recovery code.

Source: docs/protocol.md section 8.
"""

import hashlib
from dataclasses import dataclass, field

from vault.client.crypto.committing import CommittedKey, require_commitment
from vault.client.crypto.hkdf import derive
from vault.client.crypto.passphrase import require_kdf_bounds, stretch
from vault.client.errors import CommitmentError, SlotAccountError, SlotCommitmentError, SlotError
from vault.ed25519 import SEED_BYTES, public_key
from vault.errors import SlotShapeError, SuiteError
from vault.protocol.limits import SLOT_BYTES, SLOT_HEADER_BYTES
from vault.protocol.slot import SlotHeader
from vault.protocol.statements import SlotRef
from vault.protocol.vocabulary import SLOT_PASSPHRASE, SLOT_PASSPHRASE_KIT, SLOT_RECOVERY_CODE

_COMMITMENT = slice(64, 96)
_WRAPPED = slice(96, 144)


@dataclass(frozen=True, slots=True)
class NewSlot:
    """A slot of 144 bytes, and the seed of the fetch key that leads to it."""

    kind: int
    raw: bytes = field(repr=False)
    fetch_seed: bytes = field(repr=False)

    @property
    def fetch_public(self) -> bytes:
        """The public fetch key, 32 bytes."""
        return public_key(self.fetch_seed)

    @property
    def ref(self) -> SlotRef:
        """The slot as a `keyring` statement names it."""
        return SlotRef(kind=self.kind, sha256=hashlib.sha256(self.raw).digest(), fetch=self.fetch_public)


def make_passphrase_slot(
    account: bytes,
    keyring_key: bytes,
    keyring_sha256: bytes,
    passphrase: str,
    salt: bytes,
    kit_secret: bytes | None = None,
) -> NewSlot:
    """A slot for a passphrase, or for passphrase and kit together; `salt` is 16 new random bytes."""
    kind = SLOT_PASSPHRASE if kit_secret is None else SLOT_PASSPHRASE_KIT
    header = SlotHeader.new(kind, account, salt)
    return wrap_keyring_key(header, passphrase_ikm(header, passphrase, kit_secret), keyring_key, keyring_sha256)


def make_recovery_slot(
    account: bytes, keyring_key: bytes, keyring_sha256: bytes, code_secret: bytes, salt: bytes
) -> NewSlot:
    """A slot for the 32 random bytes of a recovery code; `salt` is 16 new random bytes."""
    header = SlotHeader.new(SLOT_RECOVERY_CODE, account, salt)
    return wrap_keyring_key(header, code_secret, keyring_key, keyring_sha256)


def read_slot_header(raw: bytes, account: bytes, kind: int) -> SlotHeader:
    """The header in the first 64 bytes, checked before anything is derived under it.

    Raises: SlotError for anything that is no header of that kind and account within the bounds.
    """
    try:
        header = SlotHeader.parse(raw[:SLOT_HEADER_BYTES])
    except (SlotShapeError, SuiteError) as error:
        raise SlotError(str(error)) from None
    require_slot_of(header, account, kind)
    require_kdf_bounds(header)
    return header


def require_slot_of(header: SlotHeader, account: bytes, kind: int) -> None:
    """Return if the header is of that account and kind. Raises: SlotAccountError."""
    if header.account != account or header.kind != kind:
        raise SlotAccountError("expected a slot of the asked account and kind")


def passphrase_ikm(header: SlotHeader, passphrase: str, kit_secret: bytes | None = None) -> bytes:
    """What a slot of kind 1 or 2 is derived from: slow, by design. Raises: KdfFloorError."""
    if (header.kind == SLOT_PASSPHRASE_KIT) != (kit_secret is not None):
        raise SlotError("expected a kit for a slot of kind 2 and none for kind 1")
    return stretch(passphrase, header) + (b"" if kit_secret is None else kit_secret)


def fetch_seed(ikm: bytes, header: SlotHeader) -> bytes:
    """The seed of the fetch key: whoever has it may read this slot and the keyring, and can sign nothing else."""
    return derive(ikm, header.salt, b"CV1 fetch key\0" + header.to_bytes(), SEED_BYTES)


def wrap_keyring_key(header: SlotHeader, ikm: bytes, keyring_key: bytes, keyring_sha256: bytes) -> NewSlot:
    """The slot of the keyring with this hash, under `header`.

    A header stays as long as what the slot opens with, so that it tells nobody when a keyring was written. The hash
    makes the key of each slot another one all the same.
    """
    head = header.to_bytes()
    key = _committed_key(ikm, header, keyring_sha256)
    return NewSlot(header.kind, head + key.commitment + key.seal(keyring_key, head), fetch_seed(ikm, header))


def open_slot(slot: bytes, ikm: bytes, keyring_sha256: bytes) -> bytes:
    """The 32-byte key of the keyring with this hash.

    Raises: SlotCommitmentError where `ikm` is not this slot's, or the slot is another keyring's; ContentError,
    SlotError for a slot that is broken.
    """
    try:
        header = SlotHeader.parse(slot[:SLOT_HEADER_BYTES])
    except (SlotShapeError, SuiteError) as error:
        raise SlotError(str(error)) from None
    if len(slot) != SLOT_BYTES:
        raise SlotError(f"expected a slot of {SLOT_BYTES} bytes")
    key = _committed_key(ikm, header, keyring_sha256)
    try:
        require_commitment(slot[_COMMITMENT], key)
    except CommitmentError:
        raise SlotCommitmentError from None
    return key.open(slot[_WRAPPED], slot[:SLOT_HEADER_BYTES])


def _committed_key(ikm: bytes, header: SlotHeader, keyring_sha256: bytes) -> CommittedKey:
    return CommittedKey.derive(ikm, header.salt, b"CV1 slot key\0" + header.to_bytes() + keyring_sha256)
