"""Open what was verified: the own seal, the blob, and the content inside, steps 9 to 12 of the order of reading.

Source: docs/protocol.md section 4.1.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from vault.client.crypto.content import Content, ItemHeader, open_content, require_blob_hash
from vault.client.crypto.opening import open_content_key, require_seal_hash
from vault.client.device.names import name_of
from vault.client.device.session import Session
from vault.client.errors import (
    BlobHashError,
    ContentError,
    HeaderError,
    SealHashError,
    SignedBadlyError,
    VerificationError,
    WithheldError,
)
from vault.client.network.calls import Act
from vault.client.reading.asking import get_bytes
from vault.client.reading.views import Held, View
from vault.protocol.blob import blob_context
from vault.protocol.limits import BLOB_MAXIMUM_BYTES
from vault.protocol.naming import find_blob, find_seals
from vault.protocol.problems import Code, Refused
from vault.protocol.seal import seal_context
from vault.protocol.statements import BlobRef, Body, Item, SealRef


def find_own_seal(session: Session, seals: tuple[SealRef, ...]) -> SealRef | None:
    """The reference to a seal for this account and for keys that it holds."""
    for ref in seals:
        if ref.account == session.account and session.identity.find_by_seal_key(ref.key) is not None:
            return ref
    return None


@contextmanager
def blaming(session: Session, signer: bytes) -> Iterator[None]:
    """Seal and bytes that are the signed ones and do not open are their signer's fault, and no server's.

    Raises: SignedBadlyError in the place of a ContentError; SealHashError and BlobHashError as they are.
    """
    try:
        yield
    except (SealHashError, BlobHashError):
        raise
    except ContentError as error:
        contracts = session.verified.standing.values()
        names = (name_of(session, signer, each, otherwise="") for each in contracts)
        raise SignedBadlyError(signer, next(filter(None, names), "somebody else")) from error


def read_key(session: Session, body: Body, carrier: Body, ref: SealRef, seal: bytes) -> bytes:
    """The content key of `body`'s blob, from a seal that `carrier` names. Raises: ContentError."""
    keys = session.identity.find_by_seal_key(ref.key)
    if keys is None:
        raise VerificationError("seals", "expected a seal for keys of the own keyring")
    require_seal_hash(ref, seal)
    return open_content_key(seal, seal_context(carrier, ref, blob_context(body), blob_of(body).sha256), keys)


def blob_of(body: Body) -> BlobRef:
    """The reference to the blob that the statement carries. Raises: VerificationError where it carries none."""
    ref = find_blob(body) if body.row.carries_content else None
    if ref is None:
        raise VerificationError("schema", "expected a statement that carries a blob")
    return ref


def open_blob(body: Body, content_key: bytes, blob: bytes) -> Content:
    """Steps 10 to 12. Raises: ContentError."""
    require_blob_hash(blob_of(body), blob)
    content = open_content(blob_context(body), content_key, blob)
    if isinstance(body, Item):
        require_attachments_signed(body, content)
    return content


def require_attachments_signed(body: Item, content: Content) -> None:
    """Return if the header names exactly the attachments that the statement signs. Raises: HeaderError."""
    header = content.header
    named = sorted(each.id for each in header.attachments) if isinstance(header, ItemHeader) else []
    if named != [ref.id for ref in body.attachments]:
        raise HeaderError


def fetch_blob(session: Session, engagement: bytes, ref: BlobRef) -> Act[bytes]:
    """The stored bytes with this hash; kept in memory, because they never change.

    Raises: WithheldError where the server says that there are none: a list must not grow shorter by that word.
    """
    known = session.memory.blobs.get(ref.sha256)
    if known is None:
        path = f"/v1/engagements/{engagement.hex()}/blobs/{ref.sha256.hex()}"
        try:
            known = yield from get_bytes(session, path, BLOB_MAXIMUM_BYTES)
        except Refused as refused:
            if refused.code != Code.NOT_FOUND:
                raise
            raise WithheldError("blob", "expected the sealed bytes that a statement names") from refused
        if hashlib.sha256(known).digest() == ref.sha256:
            session.memory.blobs[ref.sha256] = known
    return known


def open_held(session: Session, view: View, held: Held) -> Act[tuple[bytes, Content]]:
    """The content key of an entry of the journal and what it opens: by its own seal, or by one that a reseal added.

    A seal that opens nothing keeps nobody from another one that does.

    Raises: Refused(not-found) where no seal is for this account; SignedBadlyError; WithheldError; SealHashError;
    BlobHashError.
    """
    body = held.statement.body
    blamed: SignedBadlyError | None = None
    for carrier in () if view.recalled else (held, *view.resealed.get(held.statement.id, ())):
        carrying = carrier.statement.body
        ref = find_own_seal(session, find_seals(carrying) or ())
        if ref is None:
            continue
        try:
            with blaming(session, carrying.by):
                content_key = read_key(session, body, carrying, ref, require_seal(carrier))
                blob = yield from fetch_blob(session, view.replay.journal.subject, blob_of(body))
                return content_key, open_blob(body, content_key, blob)
        except SignedBadlyError as error:
            blamed = blamed or error
    raise blamed or Refused(Code.NOT_FOUND)


def is_sealed_to_me(session: Session, view: View, held: Held) -> bool:
    """Whether a seal of that content is for this account and for keys that it holds."""
    carriers = () if view.recalled else (held, *view.resealed.get(held.statement.id, ()))
    return any(find_own_seal(session, find_seals(each.statement.body) or ()) is not None for each in carriers)


def require_seal(held: Held) -> bytes:
    """The own seal of an entry that names one. Raises: WithheldError."""
    if held.seal is None:
        raise WithheldError("seals", f"expected the own seal of entry {held.seq}")
    return held.seal


def read_held(session: Session, view: View, held: Held) -> Act[Content]:
    """The content of an entry of the journal. Raises: as `open_held`."""
    _, content = yield from open_held(session, view, held)
    return content
