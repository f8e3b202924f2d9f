"""Open the keyring by the slots that this person has the means for.

Source: docs/protocol.md section 8.
"""

import hashlib

from vault.client.crypto.slots import open_slot, passphrase_ikm, read_slot_header
from vault.client.device.keyring import KeyringContent, open_keyring
from vault.client.device.session import Session
from vault.client.errors import SlotCommitmentError, UsageError, VerificationError
from vault.encoding import read_base64
from vault.errors import FormatError
from vault.protocol.api import KeyringView
from vault.protocol.limits import SLOT_BYTES
from vault.protocol.vocabulary import SLOT_PASSPHRASE_KIT, SLOT_RECOVERY_CODE


def can_open(session: Session, kind: int) -> bool:
    """Whether the session holds what a slot of that kind needs."""
    if kind == SLOT_RECOVERY_CODE:
        return session.identity.recovery is not None
    return session.identity.passphrase is not None and (kind != SLOT_PASSPHRASE_KIT or session.identity.kit is not None)


def slot_ikm(session: Session, slot: bytes, kind: int) -> bytes:
    """What the slot is derived from, 32 bytes; floors and caps are checked first."""
    header = read_slot_header(slot, session.account, kind)
    known = session.memory.stretched.get(header.to_bytes())
    if known is not None:
        return known
    if kind == SLOT_RECOVERY_CODE:
        if session.identity.recovery is None:
            raise UsageError("this needs the recovery code")
        return session.identity.recovery
    if session.identity.passphrase is None:
        raise UsageError("this needs the passphrase")
    kit = session.identity.kit if kind == SLOT_PASSPHRASE_KIT else None
    ikm = session.memory.stretched[header.to_bytes()] = passphrase_ikm(header, session.identity.passphrase, kit)
    return ikm


def read_slot_kind(slot: bytes) -> int:
    """The kind that a slot says it is; `read_slot_header` checks the rest."""
    return slot[5]


def unwrap(session: Session, slot: bytes, keyring_sha256: bytes) -> bytes:
    """The keyring key that the slot holds. Raises: SlotCommitmentError where the session's means are not the ones."""
    kind = read_slot_kind(slot)
    try:
        return open_slot(slot, slot_ikm(session, slot, kind), keyring_sha256)
    except SlotCommitmentError:
        session.memory.stretched.pop(read_slot_header(slot, session.account, kind).to_bytes(), None)
        raise


def read_slots(view: KeyringView) -> dict[int, bytes]:
    """The slots that a server shows, by kind; nothing of them is verified. Raises: VerificationError."""
    try:
        return {read_slot_kind(slot): slot for slot in (read_base64(one, SLOT_BYTES) for one in view.slots)}
    except FormatError as error:
        raise VerificationError("schema", "expected a keyring and its slots") from error


def open_unverified(session: Session, view: KeyringView) -> KeyringContent:
    """The keyring by a slot that is shown, before its journal could be checked; its seeds may log in, no more.

    Raises: VerificationError; SlotCommitmentError.
    """
    try:
        raw = read_base64(view.blob)
    except FormatError as error:
        raise VerificationError("schema", "expected a keyring and its slots") from error
    shown = read_slots(view)
    kind = next((each for each in sorted(shown, reverse=True) if can_open(session, each)), None)
    if kind is None or len(raw) < 16:
        raise VerificationError("schema", "expected a keyring and a slot")
    key = unwrap(session, shown[kind], hashlib.sha256(raw).digest())
    return open_keyring(raw, session.account, int.from_bytes(raw[8:16], "big"), key)
