"""Blobs: their layout, their padded lengths, and the context that each one is bound to.

No secret is needed here: a server refuses what cannot be a blob, a client binds content keys to the same context.
Source: docs/protocol.md section 5.
"""

import hashlib
from dataclasses import dataclass

from vault.errors import BlobShapeError, SuiteError
from vault.protocol.limits import (
    BLOB_MAXIMUM_BYTES,
    BLOB_OVERHEAD_BYTES,
    BUCKET_MINIMUM_BYTES,
    ESCALATION_BUCKET_BYTES,
    INLINE_BUCKET_MAXIMUM_BYTES,
    SUITE,
    ZERO32,
)
from vault.protocol.naming import find_engagement
from vault.protocol.statements import Body, Item
from vault.protocol.vocabulary import BLOB_KIND_CODES, BlobKind

MAGIC = b"CVB1"
SALT_BYTES = 24
COMMITMENT_BYTES = 32
HEAD_BYTES = 64
TAG_BYTES = 16

_DOUBLING_UP_TO_BYTES = 65_536


def bucket_bytes(length_bytes: int) -> int:
    """The padded length of content that takes `length_bytes`, its 0x80 included.

    Powers of two from 4096 up to 65,536; above, Padme, which adds at most 12 %.
    """
    if length_bytes <= _DOUBLING_UP_TO_BYTES:
        return max(BUCKET_MINIMUM_BYTES, 1 << (length_bytes - 1).bit_length())
    exponent = length_bytes.bit_length() - 1
    mask = (1 << (exponent - exponent.bit_length())) - 1
    return (length_bytes + mask) & ~mask


def is_bucket(length_bytes: int) -> bool:
    """Whether some content is padded to exactly `length_bytes`: the buckets are the fixed points of `bucket_bytes`."""
    return length_bytes >= BUCKET_MINIMUM_BYTES and bucket_bytes(length_bytes) == length_bytes


@dataclass(frozen=True, slots=True)
class BlobContext:
    """What a blob is bound to: raw bytes of 16 (engagement, item) and 32 (contract, author, previous)."""

    kind: BlobKind
    engagement: bytes
    contract: bytes
    item: bytes
    version: int
    author: bytes
    previous: bytes

    @property
    def place(self) -> bytes:
        """Engagement, contract, item and version: the 72 bytes that a blob's context and its seals share."""
        return self.engagement + self.contract + self.item + self.version.to_bytes(8, "big")

    @property
    def digest(self) -> bytes:
        """The 32-byte context of section 5."""
        head = b"CV1 blob context\0" + bytes([SUITE, BLOB_KIND_CODES[self.kind]])
        return hashlib.sha256(head + self.place + self.author + self.previous).digest()


def blob_context(body: Body) -> BlobContext:
    """The context of the sealed content that `body` brings, from the members that its row binds it to."""
    bound = {name: value for name in body.row.bound if (value := getattr(body, name)) is not None}
    engagement = find_engagement(body)
    assert engagement is not None
    return BlobContext(
        kind=blob_kind(body),
        engagement=engagement,
        contract=bound.get("contract", ZERO32),  # a contract's own id is not known yet
        item=bound.get("item", body.id),
        version=bound.get("version", 1),
        author=body.by,
        previous=bound.get("previous", ZERO32),
    )


def blob_kind(body: Body) -> BlobKind:
    """What the sealed content that `body` brings is."""
    kind = BlobKind(body.kind) if isinstance(body, Item) else body.row.content
    assert kind is not None, "a type whose content is sealed says what it is"
    return kind


def require_blob_shape(blob: bytes, kind: BlobKind) -> None:
    """Return if the bytes can be a blob of `kind`: magic, suite, kind, zero bytes, and a bucket of at most 262,144.

    Raises: BlobShapeError; SuiteError for another suite.
    """
    if not HEAD_BYTES <= len(blob) <= BLOB_MAXIMUM_BYTES or blob[0:4] != MAGIC:
        raise BlobShapeError(f"expected a blob of at most {BLOB_MAXIMUM_BYTES:,} bytes that starts with CVB1")
    if blob[4] != SUITE:
        raise SuiteError("expected suite 1")
    if blob[5] != BLOB_KIND_CODES[kind] or blob[6:8] != bytes(2):
        raise BlobShapeError("expected the kind of the statement and two zero bytes")
    bucket = len(blob) - BLOB_OVERHEAD_BYTES
    if not is_bucket(bucket) or bucket > INLINE_BUCKET_MAXIMUM_BYTES:
        raise BlobShapeError("expected content padded to an allowed size")
    if kind is BlobKind.ESCALATION and bucket != ESCALATION_BUCKET_BYTES:
        raise BlobShapeError("expected an escalation padded to 8,192 bytes")
