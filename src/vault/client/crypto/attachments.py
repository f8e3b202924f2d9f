"""Attachments: large content as a sealed stream, bound to its item and not to a version.

Nothing here holds more than a chunk. What `open_attachment` yields counts only once it has ended without an error, so a
caller writes to a temporary name and renames it then. Source: docs/protocol.md section 7.
"""

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import nacl.bindings as sodium
import nacl.exceptions

from vault.client.crypto.hkdf import derive
from vault.client.crypto.padding import require_bucket
from vault.client.errors import (
    AeadError,
    BlobHashError,
    CommitmentError,
    ContentShapeError,
    PaddingError,
    TruncationError,
    UsageError,
)
from vault.protocol.blob import bucket_bytes
from vault.protocol.limits import SUITE
from vault.protocol.statements import AttachmentRef
from vault.protocol.vocabulary import BLOB_KIND_CODES, BlobKind, ItemKind

MAGIC = b"CVA1"
CHUNK_BYTES = 65_536

_HEAD_BYTES = 64
_STREAM_HEADER_BYTES = 24
_CHUNK_OVERHEAD_BYTES = 17
_MESSAGE = sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
_FINAL = sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL


@dataclass(frozen=True, slots=True)
class AttachmentContext:
    """What an attachment is bound to: ids of 16 bytes, and the kind of its item."""

    kind: ItemKind
    engagement: bytes
    item: bytes
    attachment: bytes

    def info(self, padded_bytes: int) -> bytes:
        """What its key is derived under."""
        digest = hashlib.sha256(
            bytes([SUITE, BLOB_KIND_CODES[BlobKind(self.kind)]])
            + self.engagement
            + self.item
            + self.attachment
            + padded_bytes.to_bytes(8, "big")
            + CHUNK_BYTES.to_bytes(4, "big")
        ).digest()
        return b"CV1 attachment key\0" + digest

    def start(self, salt: bytes) -> bytes:
        """The first 32 stored bytes."""
        return MAGIC + bytes([SUITE, BLOB_KIND_CODES[BlobKind(self.kind)], 0, 0]) + salt


def seal_attachment(
    context: AttachmentContext, content_key: bytes, salt: bytes, content: Iterable[bytes], size_bytes: int
) -> Iterator[bytes]:
    """The stored bytes, in pieces. `content` holds `size_bytes` in pieces of any length.

    `content_key` (32 random bytes) and `salt` (24) are new for every attachment; libsodium draws the stream's header.

    Raises: UsageError where the content has another length.
    """
    padded_bytes = bucket_bytes(size_bytes + 1)
    okm = derive(content_key, salt, context.info(padded_bytes), 64)
    head = context.start(salt) + okm[32:64]
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    yield head + sodium.crypto_secretstream_xchacha20poly1305_init_push(state, okm[0:32])
    left = padded_bytes
    for chunk in _cut(_padded(content, size_bytes, padded_bytes)):
        left -= len(chunk)
        yield sodium.crypto_secretstream_xchacha20poly1305_push(state, chunk, head, _MESSAGE if left else _FINAL)


def open_attachment(
    context: AttachmentContext, content_key: bytes, ref: AttachmentRef, size_bytes: int, stored: Iterable[bytes]
) -> Iterator[bytes]:
    """The content, in pieces. `size_bytes` is its length by the item's header; `stored` comes in pieces of any length.

    Raises: ContentError, at the latest at the end; what came before it is not to be used then.
    """
    padded_bytes = _padded_bytes(ref.size)
    require_bucket(padded_bytes, bucket_bytes(size_bytes + 1))
    source = _Source(stored)
    head = source.take(_HEAD_BYTES)
    if head[:8] != context.start(b""):
        raise ContentShapeError
    okm = derive(content_key, head[8:32], context.info(padded_bytes), 64)
    require_attachment_commitment(head[32:64], okm[32:64])
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    try:
        sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, source.take(_STREAM_HEADER_BYTES), okm[0:32])
        done = 0
        while done < padded_bytes:
            length = min(CHUNK_BYTES, padded_bytes - done)
            chunk, tag = sodium.crypto_secretstream_xchacha20poly1305_pull(
                state, source.take(length + _CHUNK_OVERHEAD_BYTES), head
            )
            require_final_at_the_end(tag, is_last=done + length == padded_bytes)
            yield chunk[: max(0, size_bytes - done)]
            require_padding_rule(chunk[max(0, size_bytes - done) :], begins=done <= size_bytes < done + length)
            done += length
    except nacl.exceptions.RuntimeError:
        raise AeadError from None
    source.require_end()
    require_attachment_hash(ref, source.digest())


def require_attachment_commitment(stored: bytes, derived: bytes) -> None:
    """Return if the stream was sealed under the derived key, in constant time. Raises: CommitmentError."""
    if not hmac.compare_digest(stored, derived):
        raise CommitmentError


def require_final_at_the_end(tag: int, *, is_last: bool) -> None:
    """Return if the tag is FINAL on the last chunk and MESSAGE on all others. Raises: TruncationError.

    The library says nothing about a stream that stops early.
    """
    if tag != (_FINAL if is_last else _MESSAGE):
        raise TruncationError


def require_padding_rule(after: bytes, *, begins: bool) -> None:
    """Return if what follows the content in a chunk is 0x80, where the padding begins here, and zeros.

    Raises: PaddingError.
    """
    mark = b"\x80" if begins else b""
    if after != mark.ljust(len(after), b"\0"):
        raise PaddingError


def require_attachment_hash(ref: AttachmentRef, sha256: bytes) -> None:
    """Return if the stored bytes are the signed ones. Raises: BlobHashError."""
    if not hmac.compare_digest(sha256, ref.sha256):
        raise BlobHashError


class _Source:
    """Stored bytes, taken in lengths that are asked for and hashed on the way."""

    def __init__(self, stored: Iterable[bytes]) -> None:
        self._pieces = iter(stored)
        self._held = bytearray()
        self._hash = hashlib.sha256()

    def take(self, length: int) -> bytes:
        """The next `length` bytes. Raises: TruncationError where fewer are left."""
        while len(self._held) < length:
            piece = next(self._pieces, None)
            if piece is None:
                raise TruncationError
            self._held += piece
        taken = bytes(self._held[:length])
        del self._held[:length]
        self._hash.update(taken)
        return taken

    def require_end(self) -> None:
        """Return if nothing is left. Raises: TruncationError."""
        if self._held or any(self._pieces):
            raise TruncationError

    def digest(self) -> bytes:
        """SHA-256 of everything that was taken."""
        return self._hash.digest()


def stored_bytes(size_bytes: int) -> int:
    """How long content of `size_bytes` is once it is sealed."""
    padded_bytes = bucket_bytes(size_bytes + 1)
    chunks = -(-padded_bytes // CHUNK_BYTES)
    return _HEAD_BYTES + _STREAM_HEADER_BYTES + padded_bytes + chunks * _CHUNK_OVERHEAD_BYTES


def _padded_bytes(stored_bytes: int) -> int:
    """The padded length of an attachment of that stored length."""
    sealed = stored_bytes - _HEAD_BYTES - _STREAM_HEADER_BYTES
    chunks = -(-sealed // (CHUNK_BYTES + _CHUNK_OVERHEAD_BYTES))
    return sealed - chunks * _CHUNK_OVERHEAD_BYTES


def _padded(content: Iterable[bytes], size_bytes: int, padded_bytes: int) -> Iterator[bytes]:
    left = size_bytes
    for piece in content:
        left -= len(piece)
        yield piece
    if left != 0:
        raise UsageError("the file changed while it was read; try again")
    yield b"\x80"
    zeros = padded_bytes - size_bytes - 1
    while zeros > 0:
        yield bytes(min(zeros, CHUNK_BYTES))
        zeros -= CHUNK_BYTES


def _cut(pieces: Iterable[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) >= CHUNK_BYTES:
            yield bytes(held[:CHUNK_BYTES])
            del held[:CHUNK_BYTES]
    if held:
        yield bytes(held)
