"""The parts of a submission: first all that the payload lists and no more, then their hashes, then their shapes.

What passes here is stored as it came. Source: docs/protocol.md sections 5, 6, 8 and 13.
"""

import hashlib
from typing import Any

from sqlalchemy import Connection, insert

from vault.ed25519 import require_valid_point
from vault.protocol.blob import blob_kind, require_blob_shape
from vault.protocol.journal import salt_sha256
from vault.protocol.keyring_layout import require_keyring_shape
from vault.protocol.naming import find_blob, find_engagement, find_resealed, find_salt_sha256, find_seals, find_slots
from vault.protocol.problems import Code, Refused
from vault.protocol.seal import require_seal_shape
from vault.protocol.slot import require_slot_shape
from vault.protocol.statements import BlobRef, Body, Keyring
from vault.protocol.submission import Parts
from vault.protocol.vocabulary import SEAL_PURPOSE_CODES
from vault.server.sequencer.journal import Written
from vault.server.storage.prepared import Prepared
from vault.server.storage.tables import blobs, seals

_BLOB = Prepared(insert(blobs))
_SEAL = Prepared(insert(seals))


def require_opening_salt(parts: Parts, body: Body) -> bytes:
    """The salt that opens the journal of a keyring or an engagement.

    Raises: Refused(part-missing), Refused(part-mismatch) where the statement commits to another one.
    """
    if parts.salt is None:
        raise Refused(Code.PART_MISSING)
    if find_salt_sha256(body) != salt_sha256(parts.salt):
        raise Refused(Code.PART_MISMATCH)
    return parts.salt


def require_parts(parts: Parts, body: Body, opens_salted: bool) -> None:
    """Return if the parts are exactly those that `body` lists; a salt only where the statement opens its journal.

    Raises: Refused(part-missing | part-surplus | part-mismatch), BlobShapeError, SealShapeError, SlotShapeError,
    InvalidKeyError.
    """
    if parts.salt is not None and not opens_salted:
        raise Refused(Code.PART_SURPLUS)
    blob, seal_refs, slot_refs = find_blob(body), find_seals(body), find_slots(body)
    _require_count(parts.blob is not None, blob is not None)
    for sent, listed in ((parts.seals, seal_refs), (parts.slots, slot_refs)):
        _require_count(sent is not None, listed is not None)
        if sent is not None and listed is not None:
            _require_count(len(sent), len(listed))
    if blob is not None and parts.blob is not None:
        _require_same(parts.blob, blob)
        _require_blob_shape(parts.blob, body)
    for seal, seal_ref in _pairs(parts.seals, seal_refs):
        _require_hash(seal, seal_ref.sha256)
        require_seal_shape(seal)
    for slot, slot_ref in _pairs(parts.slots, slot_refs):
        _require_hash(slot, slot_ref.sha256)
        require_slot_shape(slot, body.by, slot_ref.kind)
        require_valid_point(slot_ref.fetch)


def store_parts(connection: Connection, written: Written, parts: Parts) -> None:
    """Store the blob and the seals of an engagement's statement; keyrings and slots have tables of their own."""
    body = written.statement.body
    if body.row.purpose is None:
        return
    place = {"engagement": find_engagement(body), "statement": written.statement.id}
    ref = find_blob(body)
    if ref is not None:
        _BLOB.run(connection, {**place, "sha256": ref.sha256, "blob": parts.blob})
    of = find_resealed(body) or written.statement.id
    purpose = SEAL_PURPOSE_CODES[body.row.purpose]
    rows = [
        {**place, "account": ref.account, "purpose": purpose, "of": of, "key": ref.key, "seal": seal}
        for seal, ref in _pairs(parts.seals, find_seals(body))
    ]
    _SEAL.run_each(connection, rows)


def _pairs(sent: tuple[bytes, ...] | None, listed: tuple[Any, ...] | None) -> list[tuple[bytes, Any]]:
    return list(zip(sent or (), listed or (), strict=True))


def _require_count(sent: int, listed: int) -> None:
    if sent < listed:
        raise Refused(Code.PART_MISSING)
    if sent > listed:
        raise Refused(Code.PART_SURPLUS)


def _require_hash(part: bytes, sha256: bytes) -> None:
    if hashlib.sha256(part).digest() != sha256:
        raise Refused(Code.PART_MISMATCH)


def _require_same(blob: bytes, ref: BlobRef) -> None:
    if len(blob) != ref.size:
        raise Refused(Code.PART_MISMATCH)
    _require_hash(blob, ref.sha256)


def _require_blob_shape(blob: bytes, body: Body) -> None:
    if isinstance(body, Keyring):
        require_keyring_shape(blob, body.sequence)
    else:
        require_blob_shape(blob, blob_kind(body))
