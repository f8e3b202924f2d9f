"""Blobs and keyrings without their keys: buckets, contexts to the byte, and what cannot be a blob."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vectors.reading import raw, read_vectors
from vault.errors import BlobShapeError, SuiteError
from vault.protocol.blob import BlobContext, bucket_bytes, is_bucket, require_blob_shape
from vault.protocol.keyring_layout import require_keyring_shape
from vault.protocol.limits import ESCALATION_BUCKET_BYTES, INLINE_BUCKET_MAXIMUM_BYTES
from vault.protocol.vocabulary import BlobKind

BLOBS = {one["statement"]: one for one in read_vectors("blobs")["blobs"]}
NOTE = raw(BLOBS["note"]["blob"])
KEYRING = raw(read_vectors("keyrings")["keyrings"][0]["keyring"])
CONTEXT = BlobContext(BlobKind.NOTE, b"e" * 16, b"c" * 32, b"i" * 16, 258, b"a" * 32, b"p" * 32)


@given(st.integers(min_value=1, max_value=2**50))
def test_a_bucket_holds_its_length_wastes_little_and_is_its_own_bucket(length: int) -> None:
    bucket = bucket_bytes(length)
    assert bucket >= length
    assert bucket_bytes(bucket) == bucket
    assert is_bucket(bucket)
    if length > 65_536:
        assert bucket * 100 < length * 112
    elif length > 4_096:
        assert bucket < 2 * length


@given(st.integers(min_value=1, max_value=2**40), st.integers(min_value=0, max_value=2**20))
def test_more_content_never_has_a_smaller_bucket(length: int, more: int) -> None:
    assert bucket_bytes(length) <= bucket_bytes(length + more)


def test_lengths_are_buckets_exactly_where_some_content_has_them() -> None:
    reached = {bucket_bytes(length) for length in range(1, 300_001)}
    assert {length for length in range(300_001) if is_bucket(length)} == {one for one in reached if one <= 300_000}


@pytest.mark.parametrize(
    ("length", "bucket"),
    [(1, 4_096), (4_096, 4_096), (4_097, 8_192), (65_536, 65_536), (65_537, 67_584), (262_144, 262_144)],
)
def test_the_buckets_of_the_page(length: int, bucket: int) -> None:
    assert bucket_bytes(length) == bucket


def test_a_context_is_exactly_these_bytes() -> None:
    spelled = (
        b"CV1 blob context\0\x01\x01" + b"e" * 16 + b"c" * 32 + b"i" * 16 + b"\0\0\0\0\0\0\1\2" + b"a" * 32 + b"p" * 32
    )
    assert CONTEXT.digest == hashlib.sha256(spelled).digest()


@pytest.mark.parametrize("member", ["engagement", "contract", "item", "author", "previous"])
def test_each_member_changes_the_context(member: str) -> None:
    changes: dict[str, Any] = {member: b"x" * len(getattr(CONTEXT, member))}
    assert replace(CONTEXT, **changes).digest != CONTEXT.digest


def test_kind_and_version_change_the_context() -> None:
    assert replace(CONTEXT, kind=BlobKind.GOAL).digest != CONTEXT.digest
    assert replace(CONTEXT, version=259).digest != CONTEXT.digest


@pytest.mark.parametrize("name", BLOBS)
def test_a_real_blob_has_the_shape_of_its_kind_and_of_no_other(name: str) -> None:
    blob, own = raw(BLOBS[name]["blob"]), BlobKind(BLOBS[name]["context"]["kind"])
    require_blob_shape(blob, own)
    for kind in set(BlobKind) - {own}:
        with pytest.raises(BlobShapeError):
            require_blob_shape(blob, kind)


def sized(bucket: int, kind: int = 1) -> bytes:
    return b"CVB1\1" + bytes([kind, 0, 0]) + bytes(56 + bucket + 16)


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        NOTE[:63],
        NOTE[:64],
        NOTE[:-1],
        NOTE + b"\0",
        b"CVB2" + NOTE[4:],
        NOTE[:6] + b"\1\0" + NOTE[8:],
        NOTE[:6] + b"\0\1" + NOTE[8:],
        sized(2_048),
        sized(12_288),
        sized(bucket_bytes(INLINE_BUCKET_MAXIMUM_BYTES + 1)),
        b"Session 1. He spoke of his mother.".ljust(4_176),
    ],
)
def test_what_cannot_be_a_blob_is_refused(blob: bytes) -> None:
    with pytest.raises(BlobShapeError):
        require_blob_shape(blob, BlobKind.NOTE)


def test_the_largest_blob_is_taken() -> None:
    require_blob_shape(sized(INLINE_BUCKET_MAXIMUM_BYTES), BlobKind.NOTE)


@pytest.mark.parametrize("suite", [0, 2, 255])
def test_another_suite_is_refused(suite: int) -> None:
    with pytest.raises(SuiteError):
        require_blob_shape(NOTE[:4] + bytes([suite]) + NOTE[5:], BlobKind.NOTE)
    with pytest.raises(SuiteError):
        require_keyring_shape(KEYRING[:4] + bytes([suite]) + KEYRING[5:], 1)


def test_an_escalation_has_one_size() -> None:
    require_blob_shape(sized(ESCALATION_BUCKET_BYTES, 34), BlobKind.ESCALATION)
    for bucket in (4_096, 16_384):
        with pytest.raises(BlobShapeError):
            require_blob_shape(sized(bucket, 34), BlobKind.ESCALATION)


def test_a_real_keyring_has_the_shape_of_its_sequence_and_of_no_other() -> None:
    require_keyring_shape(KEYRING, 1)
    with pytest.raises(BlobShapeError):
        require_keyring_shape(KEYRING, 2)


@pytest.mark.parametrize(
    "raw_keyring",
    [
        b"",
        KEYRING[:72],
        KEYRING[:-1],
        KEYRING + b"\0",
        b"CVB1" + KEYRING[4:],
        KEYRING[:5] + b"\1" + KEYRING[6:],
        KEYRING[:72] + bytes(12_288 + 16),
        KEYRING[:72] + bytes(bucket_bytes(INLINE_BUCKET_MAXIMUM_BYTES + 1) + 16),
    ],
)
def test_what_cannot_be_a_keyring_is_refused(raw_keyring: bytes) -> None:
    with pytest.raises(BlobShapeError):
        require_keyring_shape(raw_keyring, 1)
