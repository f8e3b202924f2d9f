"""Seals without their keys: contexts to the byte, whose they are, and what cannot be a seal."""

from dataclasses import replace

import pytest

from tests.vectors.reading import raw, read_vectors
from tests.vectors.telling import tell
from vault.errors import SealShapeError
from vault.protocol.blob import BlobContext, blob_context
from vault.protocol.seal import SealContext, require_seal_shape, seal_context
from vault.protocol.statements import Item, Reseal
from vault.protocol.vocabulary import BlobKind, SealPurpose

SEAL = raw(read_vectors("seals")["seals"][0]["seal"])
BLOB = BlobContext(BlobKind.NOTE, b"e" * 16, b"c" * 32, b"i" * 16, 258, b"a" * 32, b"p" * 32)
CONTEXT = SealContext(SealPurpose.ESCALATION, BLOB, b"s" * 32, b"r" * 32, b"k" * 16, b"h" * 32)


def test_the_info_is_exactly_these_195_bytes() -> None:
    place = b"e" * 16 + b"c" * 32 + b"i" * 16 + b"\0\0\0\0\0\0\1\2"
    assert CONTEXT.info == b"CV1 seal\0\x01\x04" + place + b"s" * 32 + b"r" * 32 + b"k" * 16 + b"h" * 32
    assert len(CONTEXT.info) == 195


def test_author_kind_and_previous_reach_a_seal_through_the_blobs_hash_alone() -> None:
    other = replace(BLOB, kind=BlobKind.GOAL, author=b"x" * 32, previous=b"y" * 32)
    assert replace(CONTEXT, blob=other).info == CONTEXT.info


def test_the_sender_of_a_reseal_is_the_resealer() -> None:
    story = tell()
    reseal, item = story.find("reseal").body, story.find("note, version 2").body
    assert isinstance(reseal, Reseal)
    assert isinstance(item, Item)
    context = seal_context(reseal, reseal.seals[0], blob_context(item), item.blob.sha256)
    assert (context.sender, context.blob.author) == (reseal.by, item.by)
    assert context.purpose is SealPurpose.ITEM


@pytest.mark.parametrize(
    "vector", read_vectors("seals")["seals"], ids=lambda one: f"{one['statement']} {one['recipient']}"
)
def test_a_real_seal_always_has_the_shape(vector: dict[str, str]) -> None:
    require_seal_shape(raw(vector["seal"]))


@pytest.mark.parametrize(
    "seal",
    [
        b"",
        SEAL[:-1],
        SEAL + b"\0",
        bytes(1_168),
        b"Session 1. He spoke of his mother. ".ljust(1_168, b"-"),
        SEAL[:1_088] + (1).to_bytes(32, "little") + SEAL[1_120:],
        SEAL[:1_088] + b"\xff" * 32 + SEAL[1_120:],
    ],
)
def test_what_cannot_be_a_seal_is_refused(seal: bytes) -> None:
    with pytest.raises(SealShapeError):
        require_seal_shape(seal)
