"""Vectors of attachments: small ones, one of three chunks, and streams that a reader must refuse."""

import hashlib
from collections.abc import Iterator
from functools import cache
from unittest.mock import patch

import nacl.bindings as sodium

from tests.vectors.chance import chance
from tests.vectors.spelling import Vector
from vault.client.crypto.attachments import AttachmentContext, seal_attachment
from vault.encoding import write_base64
from vault.protocol.vocabulary import ItemKind

CONTEXT = AttachmentContext(
    ItemKind.ASSESSMENT, chance("engagement", 16), chance("item assessment", 16), chance("attachment", 16)
)
KEY = chance("attachment key", 32)
SALT = chance("attachment salt", 24)
SIZES = {"empty": 0, "one chunk": 5_000, "three chunks": 140_000}
# Where the three chunks begin and end in the stored bytes.
FIRST, SECOND, THIRD = (88, 65_641), (65_641, 131_194), (131_194, 143_499)


def pattern(size: int) -> bytes:
    """The content of a vector: byte i is i mod 251."""
    return bytes(index % 251 for index in range(size))


@cache
def stored(name: str) -> bytes:
    """The attachment of that name, with a stream header that is given instead of drawn.

    libsodium takes a header when it opens a stream, and the state that opens it is the state that seals it.
    """
    header = chance(f"stream header {name}", 24)

    def init(state: sodium.crypto_secretstream_xchacha20poly1305_state, key: bytes) -> bytes:
        sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, header, key)
        return header

    with patch.object(sodium, "crypto_secretstream_xchacha20poly1305_init_push", init):
        return b"".join(seal_attachment(CONTEXT, KEY, SALT, [pattern(SIZES[name])], SIZES[name]))


def build_attachments() -> Vector:
    """The vectors. A refused stream is spelled as pieces [from, to] of the stored bytes of "three chunks"."""
    return {
        "context": {
            "kind": CONTEXT.kind,
            "engagement": CONTEXT.engagement.hex(),
            "item": CONTEXT.item.hex(),
            "attachment": CONTEXT.attachment.hex(),
        },
        "content_key": KEY.hex(),
        "salt": SALT.hex(),
        "content": "byte i is i mod 251",
        "attachments": [
            {
                "name": name,
                "size_of_content": size,
                "content_sha256": hashlib.sha256(pattern(size)).hexdigest(),
                "stream_header": stored(name)[64:88].hex(),
                "sha256": hashlib.sha256(stored(name)).hexdigest(),
                "size": len(stored(name)),
                "stored": write_base64(stored(name)),
            }
            for name, size in SIZES.items()
        ],
        "refused": list(_refused()),
    }


def _refused() -> Iterator[Vector]:
    whole = stored("three chunks")
    size, sha256 = len(whole), hashlib.sha256(whole).hexdigest()
    head = (0, 88)
    cases: dict[str, tuple[list[tuple[int, int]], int | None, str]] = {
        "last chunk dropped": ([head, FIRST, SECOND], None, "TruncationError"),
        "last byte dropped": ([(0, size - 1)], None, "TruncationError"),
        "first chunks exchanged": ([head, SECOND, FIRST, THIRD], None, "AeadError"),
        "first chunk twice, second dropped": ([head, FIRST, FIRST, THIRD], None, "AeadError"),
        "last chunk twice": ([head, FIRST, SECOND, THIRD, THIRD], None, "TruncationError"),
        "head alone": ([(0, 64)], None, "TruncationError"),
        "nothing": ([], None, "TruncationError"),
        "one bit of a chunk": ([(0, size)], 70_000, "AeadError"),
        "one bit of the stream's header": ([(0, size)], 70, "AeadError"),
        "one bit of the commitment": ([(0, size)], 40, "CommitmentError"),
        "one bit of the salt": ([(0, size)], 20, "CommitmentError"),
        "another kind": ([(0, size)], 5, "ContentShapeError"),
        "another suite": ([(0, size)], 4, "ContentShapeError"),
    }
    for name, (pieces, flipped, error) in cases.items():
        yield {
            "name": name,
            "pieces": [list(piece) for piece in pieces],
            "flip_lowest_bit_at": flipped,
            "size_of_content": SIZES["three chunks"],
            "size": size,
            "sha256": sha256,
            "error": error,
        }
    for name, content, digest, error in (
        ("another SHA-256 in the statement", 140_000, chance("another hash", 32).hex(), "BlobHashError"),
        ("another length in the header, same bucket", 139_999, sha256, "PaddingError"),
        ("a longer length in the header, same bucket", 140_001, sha256, "PaddingError"),
        ("another length in the header, another bucket", 5_000, sha256, "PaddingError"),
    ):
        yield {
            "name": name,
            "pieces": [[0, size]],
            "flip_lowest_bit_at": None,
            "size_of_content": content,
            "size": size,
            "sha256": digest,
            "error": error,
        }
