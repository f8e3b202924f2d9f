"""Make the next keyring: a new key, every slot anew, and the statement that names them.

Source: docs/protocol.md section 8.
"""

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from vault.client.crypto.slots import (
    NewSlot,
    read_slot_header,
    wrap_keyring_key,
)
from vault.client.device.identity import HeldKeyring, Identity
from vault.client.device.keyring import KeyringContent, open_keyring, seal_keyring
from vault.client.device.session import Session
from vault.client.device.waiting import Waiting
from vault.client.errors import (
    KeyringRollbackError,
    PassphraseChanged,
    SlotCommitmentError,
    Unreachable,
    UsageError,
    VerificationError,
)
from vault.client.log.checkpoints import confirm
from vault.client.log.receipts import verify_journal_receipt
from vault.client.log.verifying import (
    append_verified,
    read_envelope,
    require_head,
    require_not_rolled_back,
    require_not_withheld,
)
from vault.client.network.answers import is_passing
from vault.client.network.calls import Act, Take
from vault.client.outbox.writing import Unsigned, common_members, enqueue, flush, send, turn_of
from vault.client.reading.asking import PAGE, get
from vault.client.reading.keyring_slots import can_open, read_slots, slot_ikm, unwrap
from vault.client.reading.keys_of import fetch_keys
from vault.encoding import read_base64
from vault.errors import FormatError
from vault.policy.replay import ReplayedKeyring, ReplayedKeys
from vault.protocol.api import Entry, KeyringView
from vault.protocol.journal import JournalId, salt_sha256
from vault.protocol.limits import SLOT_HEADER_BYTES
from vault.protocol.problems import Code, Refused
from vault.protocol.slot import SALT_BYTES, SlotHeader
from vault.protocol.statements import BlobRef, Keyring
from vault.protocol.submission import Parts
from vault.protocol.vocabulary import (
    SLOT_PASSPHRASE,
    SLOT_PASSPHRASE_KIT,
    SLOT_RECOVERY_CODE,
    JournalKind,
    StatementType,
)

ANOTHER_WAS_FASTER = frozenset({Code.SEQUENCE_TAKEN, Code.NOT_NEWEST, Code.SEEN_UNKNOWN})
"""Refusals that mean: another device of this person has stored a keyring since."""


def keyring_journal(account: bytes) -> JournalId:
    """The keyring journal of an account."""
    return JournalId(JournalKind.KEYRING, account)


def keyring_path(account: bytes) -> str:
    """Where keyrings are sent."""
    return f"/v1/accounts/{account.hex()}/keyring"


def make_slots(draft: Session, keyring_key: bytes, keyring_sha256: bytes) -> list[NewSlot]:
    """Every slot that the identity has the means for, ascending by kind, under the headers that stand already.

    Raises: UsageError where there is no way back in.
    """
    identity = draft.identity
    kinds: list[int] = []
    if identity.passphrase is not None:
        kinds.append(_passphrase_kind(draft))
    if identity.recovery is not None:
        kinds.append(SLOT_RECOVERY_CODE)
    if not kinds:
        raise UsageError("a keyring needs a passphrase or a recovery code")
    slots = []
    for kind in kinds:
        known = identity.slots.get(kind)
        header = (
            SlotHeader.new(kind, draft.account, draft.random(SALT_BYTES))
            if known is None
            else read_slot_header(known, draft.account, kind)
        )
        ikm = slot_ikm(draft, header.to_bytes(), kind)
        slots.append(wrap_keyring_key(header, ikm, keyring_key, keyring_sha256))
    return slots


def enqueue_keyring(draft: Session) -> Waiting:
    """The next keyring, on this device and in the outbox of a draft. Raises: ContentTooLargeError; UsageError."""
    identity = draft.identity
    sequence = identity.sequence + 1
    keyring_key = draft.random(32)
    raw = seal_keyring(draft.content(), draft.account, sequence, keyring_key, draft.random(24))
    slots = make_slots(draft, keyring_key, hashlib.sha256(raw).digest())
    journal = keyring_journal(draft.account)
    body = Keyring(
        **common_members(draft, StatementType.KEYRING, journal, draft.current),
        sequence=sequence,
        blob=BlobRef(sha256=hashlib.sha256(raw).digest(), size=len(raw)),
        slots=tuple(slot.ref for slot in slots),
        salt_sha256=salt_sha256(identity.salt),
    )
    salt = identity.salt if sequence == 1 else None
    unsigned = Unsigned(body, Parts(blob=raw, slots=tuple(slot.raw for slot in slots), salt=salt))
    waiting = enqueue(draft, keyring_path(draft.account), unsigned, journal, (draft.current.sign_seed,))
    draft.identity = identity.hold(HeldKeyring(sequence, keyring_key, raw, {slot.kind: slot.raw for slot in slots}))
    return waiting


def store_keyring(session: Session) -> Act[None]:
    """Send the newest keyring, made anew where something changed; another device's is merged first.

    Whatever waits goes on waiting until the one that takes its place is made: both happen in one change.

    Raises: Unreachable, and then it waits in the outbox; Refused; VerificationError.
    """
    journal = keyring_journal(session.account)
    if session.verified.tlog.unconfirmed:  # other devices take what is pinned for confirmed
        with suppress(Unreachable):
            yield from confirm(session)
    yield Take(turn_of(journal))
    yield from flush(session, journal)
    newest: NewestKeyring | None = None
    if any(each.refused in ANOTHER_WAS_FASTER for each in session.outbox.of_type(StatementType.KEYRING)):
        newest = yield from read_newest(session)
        require_same_passphrase(session, newest)
    elif not session.identity.is_due:
        return
    for is_last_try in (False, True):
        with session.change() as draft:
            draft.outbox = draft.outbox.keep(lambda each: each.type is not StatementType.KEYRING)
            if newest is not None:
                merge(draft, newest)
            waiting = enqueue_keyring(draft)
        try:
            yield from send(session, waiting)
            return
        except Refused as refused:
            if is_passing(refused):
                return  # it waits in the outbox
            if refused.code not in ANOTHER_WAS_FASTER or is_last_try:
                drop_refused(session, waiting)
                raise
            newest = yield from read_newest(session)
            require_same_passphrase(session, newest)


def catch_up_keyring(session: Session) -> Act[None]:
    """Take over what other devices of this person have stored, before something new stands on it.

    Raises: PassphraseChanged; VerificationError; Unreachable.
    """
    yield Take(turn_of(keyring_journal(session.account)))
    newest = yield from read_newest(session)
    require_same_passphrase(session, newest)
    if newest.sequence > session.identity.sequence:
        with session.change() as draft:
            merge(draft, newest)


def drop_refused(session: Session, waiting: Waiting) -> None:
    """A keyring that was refused for good is made anew from what is there then."""
    with session.change() as draft:
        draft.outbox = draft.outbox.drop(waiting.statement)
        draft.identity = draft.identity.due()


@dataclass(frozen=True, slots=True)
class NewestKeyring:
    """A verified keyring: its journal, what is in it, and its slots by kind."""

    replay: ReplayedKeyring
    content: KeyringContent
    slots: Mapping[int, bytes]

    @property
    def sequence(self) -> int:
        """Its number, 1 or more."""
        return _newest_body(self.replay).sequence

    @property
    def sha256(self) -> bytes:
        """The SHA-256 of its sealed bytes, 32 bytes."""
        return _newest_body(self.replay).blob.sha256

    def slots_of(self, identity: Identity) -> dict[int, bytes]:
        """The slots whose headers go on: all, but for the passphrase's where this person comes with a new one."""
        is_known = identity.recovery is None
        return {kind: slot for kind, slot in self.slots.items() if is_known or kind == SLOT_RECOVERY_CODE}


def _newest_body(replay: ReplayedKeyring) -> Keyring:
    current = replay.find_current()
    if current is None:
        raise VerificationError("keyring", "expected at least one keyring")
    return current.body


def read_newest(session: Session) -> Act[NewestKeyring]:
    """What another device of this person has put into the newest keyring, verified; nothing is taken over yet.

    Raises: VerificationError; UsageError where it opens with nothing that this device holds.
    """
    view = yield from fetch_keyring(session)
    keys = yield from fetch_keys(session, session.account)
    replay = replay_keyring(session, view, keys)
    return open_newest(session, view, replay)


def merge(draft: Session, newest: NewestKeyring) -> None:
    """Take another device's keyring over; the next one is made on top of it. Raises: VerificationError."""
    draft.adopt(newest.content)
    adopt_position(draft, newest.replay)


def require_same_passphrase(session: Session, newest: NewestKeyring) -> None:
    """Return if this device's passphrase still is the one of the newest keyring. Raises: PassphraseChanged.

    A device that wrote its own slot over another one would take the change back.
    """
    kind = _passphrase_kind(session)
    slot, own = newest.slots.get(kind), session.identity.slots.get(kind)
    if slot is not None and own is not None and slot[:SLOT_HEADER_BYTES] != own[:SLOT_HEADER_BYTES]:
        require_opens(session, newest)


def require_opens(session: Session, newest: NewestKeyring) -> None:
    """Return if this passphrase opens its slot of the newest keyring. Raises: PassphraseChanged."""
    slot = newest.slots.get(_passphrase_kind(session))
    try:
        if slot is not None:
            unwrap(session, slot, newest.sha256)
    except SlotCommitmentError:
        raise PassphraseChanged from None


def _passphrase_kind(session: Session) -> int:
    return SLOT_PASSPHRASE if session.identity.kit is None else SLOT_PASSPHRASE_KIT


def adopt_passphrase(session: Session, passphrase: Callable[[], str]) -> Act[None]:
    """Go on after another device has changed the passphrase: the new one opens this folder too from now on.

    Raises: WrongPassphrase where it is not the one; VerificationError; Unreachable.
    """
    yield Take(turn_of(keyring_journal(session.account)))
    newest = yield from read_newest(session)
    text = passphrase()
    with session.change() as draft:
        draft.identity = draft.identity.with_passphrase(text).with_slots(newest.slots)
        require_opens(draft, newest)
        draft.outbox = draft.outbox.keep(lambda each: each.type is not StatementType.KEYRING)
        merge(draft, newest)
        enqueue_keyring(draft)
    yield from store_keyring(session)


def fetch_keyring(session: Session) -> Act[KeyringView]:
    """The newest keyring with its whole journal; nothing of it is verified yet."""
    entries: list[Entry] = []
    while True:
        after = entries[-1].seq if entries else 0
        view = yield from get(session, keyring_path(session.account), KeyringView, after=after, limit=PAGE)
        entries += view.entries
        if len(view.entries) < PAGE:
            return view.model_copy(update={"entries": tuple(entries)})


def adopt_position(draft: Session, replay: ReplayedKeyring) -> None:
    """Continue from the newest keyring."""
    current = replay.find_current()
    newest = replay.find_newest(draft.account)
    if current is None or newest is None:
        raise VerificationError("keyring", "expected at least one keyring")
    draft.identity = draft.identity.at_sequence(current.body.sequence)
    draft.verified.saw_own(replay.journal, newest.statement)
    draft.verified.pin(replay.journal, replay.position)


def replay_keyring(session: Session, view: KeyringView, keys: ReplayedKeys) -> ReplayedKeyring:
    """The keyring journal, verified from its first entry on. Raises: VerificationError."""
    try:
        replay = ReplayedKeyring(keys, read_base64(view.salt, 32))
    except FormatError as error:
        raise VerificationError("schema", str(error)) from error
    owed = session.verified.tlog.owed(replay.journal)
    for entry in view.entries:
        statement = read_envelope(session, entry.envelope, entry.statement)
        append_verified(replay, statement, entry.time)
        require_head(replay.position, entry.head)
        verify_journal_receipt(session, replay.journal, replay.position, statement.id, entry.receipt)
    require_not_rolled_back(session, replay.journal, replay.position)
    require_not_withheld(session, replay.journal, replay.position, owed)
    return replay


def open_newest(session: Session, view: KeyringView, replay: ReplayedKeyring) -> NewestKeyring:
    """Open the newest keyring by the first slot that opens with what the session holds.

    Raises: VerificationError; UsageError.
    """
    current = replay.find_current()
    if current is None:
        raise VerificationError("keyring", "expected at least one keyring")
    try:
        raw = read_base64(view.blob)
    except FormatError as error:
        raise VerificationError("schema", str(error)) from error
    slots = read_slots(view)
    require_keyring_hash(current.body, raw)
    for kind, slot in slots.items():
        require_slot_hash(current.body, kind, slot)
    for kind in (SLOT_RECOVERY_CODE, SLOT_PASSPHRASE_KIT, SLOT_PASSPHRASE):
        if kind in slots and can_open(session, kind):
            try:
                key = unwrap(session, slots[kind], current.body.blob.sha256)
            except SlotCommitmentError:
                continue  # another device has changed the passphrase: the next slot may open
            return NewestKeyring(replay, open_keyring(raw, session.account, current.body.sequence, key), slots)
    raise UsageError("this passphrase, kit or recovery code opens no slot of the newest keyring")


def require_keyring_hash(body: Keyring, raw: bytes) -> None:
    """Return if it is the keyring that was signed. Raises: KeyringRollbackError."""
    if len(raw) != body.blob.size or hashlib.sha256(raw).digest() != body.blob.sha256:
        raise KeyringRollbackError("keyring", "expected the keyring that the newest statement names")


def require_slot_hash(body: Keyring, kind: int, slot: bytes) -> None:
    """Return if it is the slot that was signed. Raises: KeyringRollbackError."""
    named = next((each.sha256 for each in body.slots if each.kind == kind), None)
    if hashlib.sha256(slot).digest() != named:
        raise KeyringRollbackError("keyring", "expected the slot that the newest statement names")
