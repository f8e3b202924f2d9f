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
from vault.client.device.keyring import KeyringContent, open_keyring, seal_keyring
from vault.client.device.session import Session
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
from vault.protocol.problems import Refused
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


def keyring_journal(account: bytes) -> JournalId:
    """The keyring journal of an account."""
    return JournalId(JournalKind.KEYRING, account)


def keyring_path(account: bytes) -> str:
    """Where keyrings are sent."""
    return f"/v1/accounts/{account.hex()}/keyring"


def make_slots(session: Session, keyring_key: bytes, keyring_sha256: bytes) -> list[NewSlot]:
    """Every slot that the session can make, ascending by kind, under the headers that stand already.

    Raises: UsageError where there is no way back in.
    """
    kinds: list[int] = []
    if session.unlock.passphrase is not None:
        kinds.append(SLOT_PASSPHRASE if session.unlock.kit is None else SLOT_PASSPHRASE_KIT)
    if session.recovery is not None:
        kinds.append(SLOT_RECOVERY_CODE)
    if not kinds:
        raise UsageError("a keyring needs a passphrase or a recovery code")
    slots = []
    for kind in kinds:
        known = session.slots.get(kind)
        header = (
            SlotHeader.new(kind, session.account, session.random(SALT_BYTES))
            if known is None
            else read_slot_header(known, session.account, kind)
        )
        ikm = slot_ikm(session, header.to_bytes(), kind)
        slots.append(wrap_keyring_key(header, ikm, keyring_key, keyring_sha256))
    return slots


def enqueue_keyring(session: Session) -> None:
    """The next keyring, on this device at once and in the outbox. `session.save` makes both last."""
    sequence = session.sequence + 1
    keyring_key = session.random(32)
    raw = seal_keyring(session.content(), session.account, sequence, keyring_key, session.random(24))
    slots = make_slots(session, keyring_key, hashlib.sha256(raw).digest())
    journal = keyring_journal(session.account)
    body = Keyring(
        **common_members(session, StatementType.KEYRING, journal, session.current),
        sequence=sequence,
        blob=BlobRef(sha256=hashlib.sha256(raw).digest(), size=len(raw)),
        slots=tuple(slot.ref for slot in slots),
        salt_sha256=salt_sha256(session.keyring_salt),
    )
    salt = session.keyring_salt if sequence == 1 else None
    unsigned = Unsigned(body, Parts(blob=raw, slots=tuple(slot.raw for slot in slots), salt=salt))
    enqueue(session, keyring_path(session.account), unsigned, journal, (session.current.sign_seed,))
    session.keyring_key, session.sequence, session.keyring = keyring_key, sequence, raw
    session.slots = {slot.kind: slot.raw for slot in slots}
    session.changed = False


def store_keyring(session: Session) -> Act[None]:
    """Send the newest keyring, made anew where something changed; another device's is merged first.

    Raises: Unreachable, and then it waits in the outbox; Refused; VerificationError.
    """
    journal = keyring_journal(session.account)
    if session.tlog.unconfirmed:  # other devices take what is pinned for confirmed
        with suppress(Unreachable):
            yield from confirm(session)
    yield Take(turn_of(journal))
    yield from flush(session, journal)
    if any(each.refused == "sequence-taken" for each in session.waiting if each.type is StatementType.KEYRING):
        session.waiting = [each for each in session.waiting if each.type is not StatementType.KEYRING]
        yield from merge_keyring(session)
        session.changed = True
    if not session.changed:
        return
    for is_last_try in (False, True):
        enqueue_keyring(session)
        session.save()
        try:
            yield from send(session, session.waiting[-1])
            return
        except Refused as refused:
            if is_passing(refused):
                return  # it waits in the outbox
            session.waiting = [each for each in session.waiting if each.type is not StatementType.KEYRING]
            session.changed = True
            session.save()
            if refused.code not in ("sequence-taken", "not-newest", "seen-unknown") or is_last_try:
                raise
            yield from merge_keyring(session)


def merge_keyring(session: Session) -> Act[None]:
    """Take over what another device of this person has put into the newest keyring.

    Raises: VerificationError; UsageError where it opens with another passphrase.
    """
    view = yield from fetch_keyring(session)
    try:
        content, replay = yield from read_keyring(session, view)
    except SlotCommitmentError:
        raise UsageError(
            "the passphrase was changed on another device; come back in a new folder, with the kit and the new one"
        ) from None
    session.take_over(content)
    adopt_position(session, replay)


def fetch_keyring(session: Session) -> Act[KeyringView]:
    """The newest keyring with its whole journal; nothing of it is verified yet."""
    entries: list[Entry] = []
    while True:
        after = entries[-1].seq if entries else 0
        view = yield from get(session, keyring_path(session.account), KeyringView, after=after, limit=PAGE)
        entries += view.entries
        if len(view.entries) < PAGE:
            return view.model_copy(update={"entries": tuple(entries)})


def adopt_position(session: Session, replay: ReplayedKeyring) -> None:
    """Continue from the newest keyring."""
    current = replay.find_current()
    newest = replay.find_newest(session.account)
    if current is None or newest is None:
        raise VerificationError("keyring", "expected at least one keyring")
    session.sequence = current.body.sequence
    session.newest[replay.journal] = newest.statement
    session.pin(replay.journal, replay.position)


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
    owed = session.tlog.owed(replay.journal)
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
        return session.recovery is not None
    return session.unlock.passphrase is not None and (kind != SLOT_PASSPHRASE_KIT or session.unlock.kit is not None)


def slot_ikm(session: Session, slot: bytes, kind: int) -> bytes:
    """What the slot is derived from; floors and caps are checked first."""
    header = read_slot_header(slot, session.account, kind)
    known = session.stretched.get(header.to_bytes())
    if known is not None:
        return known
    if kind == SLOT_RECOVERY_CODE:
        if session.recovery is None:
            raise UsageError("this needs the recovery code")
        return session.recovery
    if session.unlock.passphrase is None:
        raise UsageError("this needs the passphrase")
    kit = session.unlock.kit if kind == SLOT_PASSPHRASE_KIT else None
    ikm = session.stretched[header.to_bytes()] = passphrase_ikm(header, session.unlock.passphrase, kit)
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
