"""The parts of a submission: first all that the payload lists and no more, then their hashes, then their shapes.

What passes here is stored as it came. Source: docs/protocol.md sections 5, 6, 8 and 13.
"""

import hashlib
from typing import Any

from sqlalchemy import Connection, insert

from vault.ed25519 import require_valid_point
from vault.protocol.blob import require_blob_shape
from vault.protocol.journal import salt_sha256
from vault.protocol.keyring_layout import require_keyring_shape
from vault.protocol.problems import Refused
from vault.protocol.seal import require_seal_shape
from vault.protocol.slot import require_slot_shape
from vault.protocol.statements import (
    BlobRef,
    Body,
    Contract,
    Disclosure,
    Escalation,
    Item,
    Keyring,
    Reseal,
)
from vault.protocol.vocabulary import SEAL_PURPOSE_CODES, BlobKind, SealPurpose
from vault.server.sequencer.journal import Written
from vault.server.sequencer.submission import Submission
from vault.server.storage.prepared import Prepared
from vault.server.storage.tables import blobs, seals

_BLOB = Prepared(insert(blobs))
_SEAL = Prepared(insert(seals))

Sealing = Contract | Item | Reseal | Disclosure | Escalation
"""The types that carry seals."""

_PURPOSES: dict[type[Body], SealPurpose] = {
    Item: SealPurpose.ITEM,
    Reseal: SealPurpose.ITEM,
    Disclosure: SealPurpose.DISCLOSURE,
    Contract: SealPurpose.CONTRACT,
    Escalation: SealPurpose.ESCALATION,
}


def require_opening_salt(submission: Submission, body: Body) -> bytes:
    """The salt that opens the journal of a keyring or an engagement.

    Raises: Refused(part-missing), Refused(part-mismatch) where the statement commits to another one.
    """
    if submission.salt is None:
        raise Refused("part-missing")
    if isinstance(body, Contract | Keyring) and body.salt_sha256 != salt_sha256(submission.salt):
        raise Refused("part-mismatch")
    return submission.salt


def require_parts(submission: Submission, body: Body, opens_salted: bool) -> None:
    """Return if the parts are exactly those that `body` lists; a salt only where the statement opens its journal.

    Raises: Refused(part-missing | part-surplus | part-mismatch), BlobShapeError, SealShapeError, SlotShapeError,
    InvalidKeyError.
    """
    if submission.salt is not None and not opens_salted:
        raise Refused("part-surplus")
    blob = find_blob_ref(body)
    seal_refs = body.seals if isinstance(body, Sealing) else None
    slot_refs = body.slots if isinstance(body, Keyring) else None
    _require_count(submission.blob is not None, blob is not None)
    for sent, listed in ((submission.seals, seal_refs), (submission.slots, slot_refs)):
        _require_count(sent is not None, listed is not None)
        if sent is not None and listed is not None:
            _require_count(len(sent), len(listed))
    if blob is not None and submission.blob is not None:
        _require_same(submission.blob, blob)
        _require_blob_shape(submission.blob, body)
    for seal, seal_ref in _pairs(submission.seals, seal_refs):
        _require_hash(seal, seal_ref.sha256)
        require_seal_shape(seal)
    for slot, slot_ref in _pairs(submission.slots, slot_refs):
        _require_hash(slot, slot_ref.sha256)
        require_slot_shape(slot, body.by, slot_ref.kind)
        require_valid_point(slot_ref.fetch)


def find_blob_ref(body: Body) -> BlobRef | None:
    """Hash and size of the blob that a statement of this type brings."""
    if isinstance(body, Contract):
        return body.text
    return body.blob if isinstance(body, Item | Disclosure | Escalation | Keyring) else None


def store_parts(connection: Connection, written: Written, submission: Submission) -> None:
    """Store the blob and the seals of an engagement's statement; keyrings and slots have tables of their own."""
    body = written.statement.body
    if not isinstance(body, Sealing):
        return
    place = {"engagement": body.engagement, "statement": written.statement.id}
    ref = find_blob_ref(body)
    if ref is not None:
        _BLOB.run(connection, {**place, "sha256": ref.sha256, "blob": submission.blob})
    of = body.statement if isinstance(body, Reseal) else written.statement.id
    purpose = SEAL_PURPOSE_CODES[_PURPOSES[type(body)]]
    rows = [
        {**place, "account": ref.account, "purpose": purpose, "of": of, "key": ref.key, "seal": seal}
        for seal, ref in _pairs(submission.seals, body.seals)
    ]
    _SEAL.run_each(connection, rows)


def _pairs(sent: tuple[bytes, ...] | None, listed: tuple[Any, ...] | None) -> list[tuple[bytes, Any]]:
    return list(zip(sent or (), listed or (), strict=True))


def _require_count(sent: int, listed: int) -> None:
    if sent < listed:
        raise Refused("part-missing")
    if sent > listed:
        raise Refused("part-surplus")


def _require_hash(part: bytes, sha256: bytes) -> None:
    if hashlib.sha256(part).digest() != sha256:
        raise Refused("part-mismatch")


def _require_same(blob: bytes, ref: BlobRef) -> None:
    if len(blob) != ref.size:
        raise Refused("part-mismatch")
    _require_hash(blob, ref.sha256)


def _require_blob_shape(blob: bytes, body: Body) -> None:
    match body:
        case Keyring():
            require_keyring_shape(blob, body.sequence)
        case Item():
            require_blob_shape(blob, BlobKind(body.kind))
        case Disclosure():
            require_blob_shape(blob, BlobKind.DISCLOSURE)
        case Contract():
            require_blob_shape(blob, BlobKind.CONTRACT_TEXT)
        case _:
            require_blob_shape(blob, BlobKind.ESCALATION)
