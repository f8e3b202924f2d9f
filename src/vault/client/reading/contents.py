"""Sealed bytes by the page: what a list shows is fetched in a few requests instead of one for each item.

Nothing is believed of a page: a blob is kept under its own hash, and has to be the one that a verified statement names.
Source: docs/protocol.md section 13.4.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping

from pydantic import ValidationError

from vault.client.crypto.content import require_blob_hash
from vault.client.device.session import Session
from vault.client.errors import VerificationError, WithheldError
from vault.client.log.verifying import read_envelope
from vault.client.network.calls import Act
from vault.client.reading.asking import PAGE, PAGE_ANSWER_BYTES, get_bytes, goes_on
from vault.client.reading.reading import is_sealed_to_me
from vault.client.reading.views import Held, View
from vault.errors import FormatError
from vault.protocol.api import Content, Contents
from vault.protocol.contents import split_blobs, split_head
from vault.protocol.ids import StatementId
from vault.protocol.limits import CONTENTS_MAXIMUM_BYTES
from vault.protocol.statements import BlobRef, Item
from vault.protocol.strict_json import read_json
from vault.protocol.vocabulary import ItemKind

FIRST = "0"
_WORTH_A_PAGE = 2


def fetch_page(
    session: Session, engagement: bytes, after: str, kind: ItemKind | None = None
) -> Act[tuple[Contents, list[bytes | None]]]:
    """A page and the blob of each of its contents, None where there is none any more.

    Raises: Refused(not-found); VerificationError.
    """
    path = f"/v1/engagements/{engagement.hex()}/contents?after={after}&limit={PAGE}"
    if kind is not None:
        path += f"&kind={kind.value}"
    raw = yield from get_bytes(session, path, CONTENTS_MAXIMUM_BYTES + PAGE_ANSWER_BYTES)
    try:
        head, behind = split_head(raw)
        page = Contents.model_validate(read_json(head))
        blobs = iter(split_blobs(behind, [each.size for each in page.data if each.size is not None]))
    except (FormatError, ValidationError):
        raise VerificationError("schema", "expected a page of contents") from None
    return page, [_next(blobs, each) for each in page.data]


def fetch_newest(session: Session, view: View, entries: Iterable[Held], kind: ItemKind | None = None) -> Act[None]:
    """As `fetch_contents`, of those entries of the journal that are newest versions and sealed to this person."""
    newest = {versions[-1].statement for versions in view.replay.versions.values() if not versions[-1].erased}
    wanted: dict[StatementId, Item] = {}
    for held in entries:
        body = held.statement.body
        if held.statement.id in newest and isinstance(body, Item) and is_sealed_to_me(session, view, held):
            wanted[held.statement.id] = body
    yield from fetch_contents(session, view.replay.journal.subject, wanted, kind)


def fetch_contents(
    session: Session, engagement: bytes, wanted: Mapping[StatementId, Item], kind: ItemKind | None = None
) -> Act[None]:
    """Keep in memory the sealed bytes of these newest versions, all of `kind` where it is said.

    A page is asked for where it brings more than one, and begins where the last one began: what is sealed to this
    person later stands behind it. Raises: Refused(not-found); WithheldError where one is left out that was not written
    anew meanwhile; ContentError for another blob than the statement's.
    """
    missing = {statement: body for statement, body in wanted.items() if body.blob.sha256 not in session.memory.blobs}
    if len(missing) < _WORTH_A_PAGE:
        return
    seen: set[str] = set()
    after: str | None = session.memory.pages.get((engagement, kind), FIRST)
    written_anew: set[bytes] = set()
    while after is not None and missing:
        session.memory.pages[engagement, kind] = after
        page, blobs = yield from fetch_page(session, engagement, after, kind)
        for content, blob in zip(page.data, blobs, strict=True):
            body = missing.pop(StatementId(content.item.statement), None)
            if body is not None:
                keep_blob(session, body.blob, blob)
            elif blob is not None:
                session.memory.blobs[hashlib.sha256(blob).digest()] = blob
                written_anew.add(_item_of(session, content))
        after = page.next if goes_on(page, seen) else None
    if any(body.item not in written_anew for body in missing.values()):
        raise WithheldError("blob", "expected the sealed bytes that a statement names")


def keep_blob(session: Session, ref: BlobRef, blob: bytes | None) -> None:
    """Keep the bytes that the statement names. Raises: WithheldError for none; BlobHashError for others."""
    if blob is None:
        raise WithheldError("blob", "expected the sealed bytes that a statement names")
    require_blob_hash(ref, blob)
    session.memory.blobs[ref.sha256] = blob


def _item_of(session: Session, content: Content) -> bytes:
    body = read_envelope(session, content.item.envelope, content.item.statement).body
    return body.item if isinstance(body, Item) else b""


def _next(blobs: Iterator[bytes], content: Content) -> bytes | None:
    return None if content.size is None else next(blobs)
