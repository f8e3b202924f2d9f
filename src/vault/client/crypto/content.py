"""Content: the header and body inside a blob, sealed under a content key that commits to the blob's whole context.

Source: docs/protocol.md section 5.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Annotated, Any, Self

from pydantic import AfterValidator, ConfigDict, Field, ValidationError, model_validator

from vault.client.crypto.committing import CommittedKey, require_commitment
from vault.client.crypto.padding import pad, require_bucket, unpad
from vault.client.errors import BlobHashError, ContentShapeError, ContentTooLargeError, HeaderError
from vault.errors import BlobShapeError, SuiteError
from vault.protocol.blob import HEAD_BYTES, MAGIC, BlobContext, bucket_bytes, require_blob_shape
from vault.protocol.fields import Closed, Id, Integer, Positive, Secret, Text
from vault.protocol.kinds import KINDS
from vault.protocol.limits import (
    ATTACHMENTS_MAXIMUM,
    ESCALATION_BUCKET_BYTES,
    INLINE_BUCKET_MAXIMUM_BYTES,
    LIST_MAXIMUM,
    SUITE,
)
from vault.protocol.statements import BlobRef
from vault.protocol.strict_json import JsonError, read_json
from vault.protocol.times import is_whole_day
from vault.protocol.vocabulary import BLOB_KIND_CODES, ITEM_BLOB_KINDS, BlobKind

_LENGTH_BYTES = 4
_DAY_ROUNDED = frozenset(row.content for row in KINDS.values() if row.whole_days)


def _distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) != len(values):
        raise ValueError("expected no value twice")
    return values


class Header(Closed):
    """What stands before the body of a disclosure, a contract text or an escalation."""

    model_config = ConfigDict(hide_input_in_errors=True)

    engagement: Id
    item: Id
    version: Positive
    kind: BlobKind
    media_type: Text
    title: Text
    created: Integer

    @model_validator(mode="after")
    def _created_tells_no_hour(self) -> Self:
        if self.kind in _DAY_ROUNDED and not is_whole_day(self.created):
            raise ValueError("expected created in whole days")
        return self

    def to_bytes(self) -> bytes:
        """The JSON text in UTF-8."""
        return json.dumps(self.model_dump(mode="json"), ensure_ascii=False, separators=(",", ":")).encode("utf-8")


class ItemAttachment(Closed):
    """An attachment as its item's header names it; `size` is before padding."""

    id: Id
    key: Secret = Field(repr=False)
    name: Text
    media_type: Text
    size: Integer


class ItemHeader(Header):
    """What stands before the body of an item."""

    tags: Annotated[tuple[Text, ...], AfterValidator(_distinct), Field(max_length=LIST_MAXIMUM)]
    sources: Annotated[tuple[Id, ...], AfterValidator(_distinct), Field(max_length=LIST_MAXIMUM)]
    attachments: Annotated[tuple[ItemAttachment, ...], Field(max_length=ATTACHMENTS_MAXIMUM)]

    @model_validator(mode="after")
    def _attachments_differ(self) -> Self:
        _distinct(tuple(attachment.id for attachment in self.attachments))
        return self


@dataclass(frozen=True, slots=True)
class Content:
    """What was sealed. Holding one that `open_content` returned says that it belongs to its statement."""

    header: Header = field(repr=False)
    body: bytes = field(repr=False)


def seal_content(context: BlobContext, content_key: bytes, salt: bytes, header: Header, body: bytes) -> bytes:
    """The blob. `content_key` (32 random bytes) and `salt` (24) are new for every blob.

    Raises: HeaderError where the header names another place than the context; ContentTooLargeError.
    """
    require_header_of(context, header)
    encoded = header.to_bytes()
    plaintext = len(encoded).to_bytes(_LENGTH_BYTES, "big") + encoded + body
    start = MAGIC + bytes([SUITE, BLOB_KIND_CODES[context.kind], 0, 0]) + salt
    key = _committed_key(context, content_key, salt)
    head = start + key.commitment
    return head + key.seal(pad(plaintext, _bucket_for_writing(context.kind, len(plaintext) + 1)), head)


def open_content(context: BlobContext, content_key: bytes, blob: bytes) -> Content:
    """The content, read in the order of section 5; size and hash are `require_blob_hash`'s, before this.

    Raises: ContentError, of which each subclass says the same.
    """
    try:
        require_blob_shape(blob, context.kind)
    except (BlobShapeError, SuiteError):
        raise ContentShapeError from None
    head = blob[:HEAD_BYTES]
    key = _committed_key(context, content_key, head[8:32])
    require_commitment(head[32:64], key)
    padded = key.open(blob[HEAD_BYTES:], head)
    plaintext = unpad(padded)
    require_bucket(len(padded), _bucket(context.kind, len(plaintext) + 1))
    content = _split(context.kind, plaintext)
    require_header_of(context, content.header)
    return content


def require_blob_hash(ref: BlobRef, blob: bytes) -> None:
    """Return if size and SHA-256 are the signed ones. Raises: BlobHashError."""
    if len(blob) != ref.size or not hmac.compare_digest(hashlib.sha256(blob).digest(), ref.sha256):
        raise BlobHashError


def require_header_of(context: BlobContext, header: Header) -> None:
    """Return if the header is of the context's kind and names its place. Raises: HeaderError."""
    if (
        (header.engagement, header.item, header.version, header.kind)
        != (context.engagement, context.item, context.version, context.kind)
    ) or isinstance(header, ItemHeader) != (context.kind in ITEM_BLOB_KINDS):
        raise HeaderError


def _committed_key(context: BlobContext, content_key: bytes, salt: bytes) -> CommittedKey:
    return CommittedKey.derive(content_key, salt, b"CV1 blob key\0" + context.digest)


def _bucket(kind: BlobKind, length_bytes: int) -> int:
    bucket = bucket_bytes(length_bytes)
    return max(bucket, ESCALATION_BUCKET_BYTES) if kind is BlobKind.ESCALATION else bucket


def _bucket_for_writing(kind: BlobKind, length_bytes: int) -> int:
    limit = ESCALATION_BUCKET_BYTES if kind is BlobKind.ESCALATION else INLINE_BUCKET_MAXIMUM_BYTES
    bucket = _bucket(kind, length_bytes)
    if bucket > limit:
        raise ContentTooLargeError(f"expected at most {limit:,} bytes, title and header included")
    return bucket


def _split(kind: BlobKind, plaintext: bytes) -> Content:
    end = _LENGTH_BYTES + int.from_bytes(plaintext[:_LENGTH_BYTES], "big")
    if len(plaintext) < max(end, _LENGTH_BYTES):
        raise HeaderError
    model = ItemHeader if kind in ITEM_BLOB_KINDS else Header
    try:
        return Content(model.model_validate(read_json(plaintext[_LENGTH_BYTES:end])), plaintext[end:])
    except (JsonError, ValidationError):
        raise HeaderError from None
