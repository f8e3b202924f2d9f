"""Make the next keyring: a new key, every slot anew, and the statement that names them.

Source: docs/protocol.md section 8.
"""

import hashlib
from contextlib import suppress

from vault.client.crypto.slots import (
    NewSlot,
    open_slot,
    passphrase_ikm,
    read_slot_header,
    wrap_keyring_key,
)
from vault.client.device.identity import HeldKeyring
from vault.client.device.keyring import KeyringContent, open_keyring, seal_keyring
from vault.client.device.session import Session
from vault.client.device.waiting import Waiting
from vault.client.errors import KeyringRollbackError, SlotCommitmentError, Unreachable, UsageError, VerificationError
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
from vault.client.reading.keys_of import fetch_keys
from vault.encoding import read_base64
from vault.errors import FormatError
from vault.policy.replay import ReplayedKeyring, ReplayedKeys
from vault.protocol.api import Entry, KeyringView
from vault.protocol.journal import JournalId, salt_sha256
from vault.protocol.limits import SLOT_BYTES
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
        kinds.append(SLOT_PASSPHRASE if identity.kit is None else SLOT_PASSPHRASE_KIT)
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
    newest: tuple[KeyringContent, ReplayedKeyring] | None = None
    if any(each.refused in ANOTHER_WAS_FASTER for each in session.outbox.of_type(StatementType.KEYRING)):
        newest = yield from read_newest(session)
    elif not session.identity.is_due:
        return
    for is_last_try in (False, True):
        with session.change() as draft:
            draft.outbox = draft.outbox.keep(lambda each: each.type is not StatementType.KEYRING)
            if newest is not None:
                merge(draft, *newest)
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


def drop_refused(session: Session, waiting: Waiting) -> None:
    """A keyring that was refused for good is made anew from what is there then."""
    with session.change() as draft:
        draft.outbox = draft.outbox.drop(waiting.statement)
        draft.identity = draft.identity.due()


def read_newest(session: Session) -> Act[tuple[KeyringContent, ReplayedKeyring]]:
    """What another device of this person has put into the newest keyring; nothing is taken over yet.

    Raises: VerificationError; UsageError where it opens with nothing that this device holds.
    """
    view = yield from fetch_keyring(session)
    try:
        return (yield from read_keyring(session, view))
    except SlotCommitmentError:
        raise UsageError(
            "the passphrase was changed on another device; come back in a new folder, with the kit and the new one"
        ) from None


def merge(draft: Session, content: KeyringContent, replay: ReplayedKeyring) -> None:
    """Take another device's keyring over; the next one is made on top of it. Raises: VerificationError."""
    draft.adopt(content)
    adopt_position(draft, replay)


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


def read_keyring(session: Session, view: KeyringView) -> Act[tuple[KeyringContent, ReplayedKeyring]]:
    """The newest keyring, verified against its journal and opened with what the session knows.

    Raises: VerificationError; SlotCommitmentError where passphrase, kit or recovery code are not the ones.
    """
    keys = yield from fetch_keys(session, session.account)
    replay = replay_keyring(session, view, keys)
    return open_newest(session, view, replay), replay


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


def open_newest(session: Session, view: KeyringView, replay: ReplayedKeyring) -> KeyringContent:
    """Open the newest keyring by the first slot that the session has the means for. Raises: VerificationError."""
    current = replay.find_current()
    if current is None:
        raise VerificationError("keyring", "expected at least one keyring")
    try:
        raw = read_base64(view.blob)
        slots = {read_slot_kind(slot): slot for slot in (read_base64(one, SLOT_BYTES) for one in view.slots)}
    except FormatError as error:
        raise VerificationError("schema", str(error)) from error
    require_keyring_hash(current.body, raw)
    kind = next((each.kind for each in current.body.slots if each.kind in slots and can_open(session, each.kind)), None)
    if kind is None:
        raise UsageError("this passphrase, kit or recovery code fits no slot of the keyring")
    require_slot_hash(current.body, kind, slots[kind])
    keyring_key = open_slot(slots[kind], slot_ikm(session, slots[kind], kind), current.body.blob.sha256)
    return open_keyring(raw, session.account, current.body.sequence, keyring_key)


def can_open(session: Session, kind: int) -> bool:
    """Whether the session holds what a slot of that kind needs."""
    if kind == SLOT_RECOVERY_CODE:
        return session.identity.recovery is not None
    return session.identity.passphrase is not None and (kind != SLOT_PASSPHRASE_KIT or session.identity.kit is not None)


def slot_ikm(session: Session, slot: bytes, kind: int) -> bytes:
    """What the slot is derived from; floors and caps are checked first."""
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


def require_keyring_hash(body: Keyring, raw: bytes) -> None:
    """Return if it is the keyring that was signed. Raises: KeyringRollbackError."""
    if len(raw) != body.blob.size or hashlib.sha256(raw).digest() != body.blob.sha256:
        raise KeyringRollbackError("keyring", "expected the keyring that the newest statement names")


def require_slot_hash(body: Keyring, kind: int, slot: bytes) -> None:
    """Return if it is the slot that was signed. Raises: KeyringRollbackError."""
    named = next((each.sha256 for each in body.slots if each.kind == kind), None)
    if hashlib.sha256(slot).digest() != named:
        raise KeyringRollbackError("keyring", "expected the slot that the newest statement names")
