"""Attachments: any length comes back from pieces of any length, and a file that changes is noticed."""

import hashlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vectors.attachment_vectors import CONTEXT, KEY, SALT
from vault.client.crypto.attachments import CHUNK_BYTES, open_attachment, seal_attachment
from vault.client.errors import UsageError
from vault.protocol.statements import AttachmentRef

LENGTHS = [0, 1, 4_095, 4_096, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 300_000]


def cut(raw: bytes, size: int) -> Iterator[bytes]:
    return (raw[start : start + size] for start in range(0, len(raw), size))


def ref_of(stored: bytes) -> AttachmentRef:
    return AttachmentRef(id=CONTEXT.attachment, sha256=hashlib.sha256(stored).digest(), size=len(stored))


@given(st.sampled_from(LENGTHS), st.sampled_from([1_000, CHUNK_BYTES]), st.sampled_from([999, CHUNK_BYTES + 17]))
def test_any_length_comes_back_from_any_pieces(length: int, sealed_in: int, opened_in: int) -> None:
    content = bytes([7, 0, 128]) * (length // 3) + b"\x80" * (length % 3)
    stored = b"".join(seal_attachment(CONTEXT, KEY, SALT, cut(content, sealed_in), length))
    opened = b"".join(open_attachment(CONTEXT, KEY, ref_of(stored), length, cut(stored, opened_in)))
    assert opened == content


def test_no_piece_is_longer_than_a_chunk() -> None:
    content = bytes(1_000_000)
    pieces = list(seal_attachment(CONTEXT, KEY, SALT, cut(content, 10_000), len(content)))
    assert max(len(piece) for piece in pieces) == CHUNK_BYTES + 17
    stored = b"".join(pieces)
    opened = open_attachment(CONTEXT, KEY, ref_of(stored), len(content), cut(stored, 10_000))
    assert max(len(piece) for piece in opened) == CHUNK_BYTES


@pytest.mark.parametrize("told", [9, 11])
def test_a_file_that_changed_while_it_was_read_is_noticed(told: int) -> None:
    with pytest.raises(UsageError):
        list(seal_attachment(CONTEXT, KEY, SALT, [b"ten bytes!"], told))
