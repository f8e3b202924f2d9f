"""Receipts: what shows that the log holds a statement, at its place in its journal, before anything is believed of it.

Source: docs/protocol.md section 10.
"""

from dataclasses import dataclass, field

from vault.client.device.session import Session
from vault.client.errors import NoReceipt
from vault.errors import FormatError
from vault.protocol.api import Leaf
from vault.protocol.journal import JournalId, Position
from vault.protocol.leaf import ServedLeaf, leaf_entry
from vault.tlog.checkpoint import Checkpoint, SignedCheckpoint
from vault.tlog.hashing import leaf_hash
from vault.tlog.inclusion import verify_inclusion
from vault.tlog.proof import split_proof


@dataclass(frozen=True, slots=True)
class Receipt:
    """A proof that was verified: leaf `index` of a tree of `size` leaves; `text` is the tlog-proof."""

    index: int
    size: int
    text: str = field(repr=False)


def verify_journal_receipt(
    session: Session, journal: JournalId, position: Position, statement: bytes, text: str
) -> Receipt:
    """The receipt of the statement with this id at `position` of a journal whose salt this person holds.

    Raises: NoReceipt.
    """
    salt = session.find_salt(journal)
    if salt is None:
        raise NoReceipt("expected a journal whose salt is known")
    # pins travel between devices and outlive a log, marks do not: what has both was compared with this very log
    is_new = position.seq > min(session.verified.tlog.owed(journal), session.verified.pinned(journal)[0])
    receipt = verify_receipt(session, leaf_entry(journal, salt, position, statement), text, is_new)
    session.verified.tlog.mark(journal, position.seq)
    return receipt


def verify_served_receipt(session: Session, leaf: Leaf | None, time: int, statement: bytes, text: str) -> Receipt:
    """The receipt of a statement whose journal this person does not read: its `leaf` is given beside it.

    Raises: NoReceipt.
    """
    if leaf is None:
        raise NoReceipt("expected the leaf beside a statement of a journal that this person does not read")
    entry = ServedLeaf(leaf.tag, leaf.blind, time, leaf.half).entry(statement)
    return verify_receipt(session, entry, text, is_new=True)


def verify_receipt(session: Session, entry: bytes, text: str, is_new: bool) -> Receipt:
    """The receipt that shows the 64-byte `entry` in the log. `is_new`: its checkpoint is yet to be confirmed.

    Raises: NoReceipt; whatever broke the log before.
    """
    if session.verified.tlog.broken is not None:
        raise session.verified.tlog.broken
    try:
        index, hashes, note = split_proof(text.encode("utf-8"))
        checkpoint = believe(session, note)
        verify_inclusion(leaf_hash(entry), index, checkpoint.size, checkpoint.root, hashes)
    except FormatError as error:
        raise NoReceipt("expected a receipt by the log of this deployment that names this very entry") from error
    if is_new:
        session.verified.tlog.collect(note, checkpoint)
    return Receipt(index, checkpoint.size, text)


def require_signed(session: Session, receipt: Receipt) -> Receipt:
    """The same receipt, to be handed on: its own checkpoint is signed by the log.

    While a journal is read, the tree of a newer checkpoint may have spared that (`checkpoints.believe_many`).

    Raises: NoReceipt.
    """
    log = session.verified.tlog
    note = receipt.text.partition("\n\n")[2].encode("utf-8")
    if note not in log.signed:
        try:
            SignedCheckpoint.parse(note).verify([] if log.key is None else [log.key])
        except FormatError as error:
            raise NoReceipt("expected a receipt that the log has signed itself") from error
        log.signed.add(note)
    return receipt


def believe(session: Session, note: bytes) -> Checkpoint:
    """The checkpoint that these bytes spell, if the log signed it. Each is verified once.

    Raises: NoteError, CheckpointError, SignatureError; NoReceipt where this identity knows no key of the log.
    """
    if session.verified.tlog.key is None:
        raise NoReceipt("expected a log whose key this identity knows")
    known = session.verified.tlog.believed.get(note)
    if known is None:
        known = session.verified.tlog.believed[note] = SignedCheckpoint.parse(note).verify([session.verified.tlog.key])
        session.verified.tlog.signed.add(note)
    return known
