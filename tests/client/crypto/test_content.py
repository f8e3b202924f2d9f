"""Content: what was sealed comes back, sizes tell a class alone, and a writer cannot seal what no reader would take."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.vectors.chance import chance
from tests.vectors.telling import tell
from vault.client import errors
from vault.client.crypto.content import Content, Header, ItemHeader, open_content, seal_content
from vault.client.errors import ContentTooLargeError, HeaderError
from vault.protocol.blob import BlobContext, blob_context
from vault.protocol.statements import Escalation
from vault.protocol.vocabulary import BlobKind

CONTEXT = BlobContext(
    BlobKind.NOTE, chance("e", 16), chance("c", 32), chance("i", 16), 1, chance("a", 32), chance("p", 32)
)
KEY, SALT = chance("key", 32), chance("salt", 24)


def header(context: BlobContext = CONTEXT, **changes: Any) -> ItemHeader:
    members = {
        "engagement": context.engagement,
        "item": context.item,
        "version": context.version,
        "kind": context.kind,
        "media_type": "text/plain",
        "title": "",
        "created": 1,
        "tags": (),
        "sources": (),
        "attachments": (),
    }
    return ItemHeader(**{**members, **changes})


@given(st.binary(max_size=9_000), st.text(max_size=200), st.lists(st.text(max_size=5), max_size=16, unique=True))
def test_what_was_sealed_comes_back(body: bytes, title: str, tags: list[str]) -> None:
    written = header(title=title, tags=tuple(tags))
    blob = seal_content(CONTEXT, KEY, SALT, written, body)
    assert open_content(CONTEXT, KEY, blob) == Content(written, body)


def test_ten_bytes_and_nearly_four_thousand_are_equally_long() -> None:
    sizes = {len(seal_content(CONTEXT, KEY, SALT, header(), bytes(size))) for size in (0, 10, 3_700)}
    assert sizes == {4_096 + 80}


def test_the_same_content_under_another_key_or_salt_shares_no_block() -> None:
    blobs = [
        seal_content(CONTEXT, chance(f"key {number}", 32), chance(f"salt {number // 2}", 24), header(), b"")
        for number in range(64)
    ]
    assert len({blob[32:64] for blob in blobs}) == len(blobs)
    assert len({blob[64:96] for blob in blobs}) == len(blobs)


def test_the_longest_content_fits_and_one_byte_more_does_not() -> None:
    room = 262_144 - 1 - 4 - len(header().to_bytes())
    blob = seal_content(CONTEXT, KEY, SALT, header(), bytes(room))
    assert len(open_content(CONTEXT, KEY, blob).body) == room
    with pytest.raises(ContentTooLargeError):
        seal_content(CONTEXT, KEY, SALT, header(), bytes(room + 1))


def test_an_escalation_has_one_size_and_a_longer_one_is_refused() -> None:
    body = tell().find("escalation").body
    assert isinstance(body, Escalation)
    context = blob_context(body)
    plain = Header(
        engagement=context.engagement,
        item=context.item,
        version=1,
        kind=BlobKind.ESCALATION,
        media_type="text/plain",
        title="",
        created=1,
    )
    room = 8_192 - 1 - 4 - len(plain.to_bytes())
    for size in (0, room):
        assert len(seal_content(context, KEY, SALT, plain, bytes(size))) == 8_192 + 80
    with pytest.raises(ContentTooLargeError):
        seal_content(context, KEY, SALT, plain, bytes(room + 1))


@pytest.mark.parametrize("change", [{"version": 2}, {"item": bytes(16)}, {"engagement": bytes(16)}, {"kind": "goal"}])
def test_a_header_of_another_place_is_not_sealed(change: dict[str, Any]) -> None:
    with pytest.raises(HeaderError):
        seal_content(CONTEXT, KEY, SALT, header(**change), b"")


def test_an_item_needs_its_lists_and_a_disclosure_has_none() -> None:
    plain = Header(**{name: value for name, value in header() if name not in {"tags", "sources", "attachments"}})
    with pytest.raises(HeaderError):
        seal_content(CONTEXT, KEY, SALT, plain, b"")
    disclosure = replace(CONTEXT, kind=BlobKind.DISCLOSURE)
    with pytest.raises(HeaderError):
        seal_content(disclosure, KEY, SALT, header(disclosure, created=86_400), b"")


@pytest.mark.parametrize(
    "change",
    [
        {"title": "\ud800"},
        {"tags": ("x", "x")},
        {"tags": tuple("abcdefghijklmnopq")},
        {"sources": (bytes(16), bytes(16))},
        {"created": -1},
        {"created": True},
        {"version": 0},
        {"kind": "secret"},
        {"colour": "red"},
    ],
)
def test_a_header_that_no_reader_would_take_cannot_be_made(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        header(**change)
    assert "input_value" not in str(caught.value)


def test_nothing_of_the_content_shows_when_it_is_printed() -> None:
    blob = seal_content(CONTEXT, KEY, SALT, header(title="MOTHER"), b"FATHER")
    assert "THER" not in repr(open_content(CONTEXT, KEY, blob))


def test_every_failure_of_content_says_the_same_to_the_outside() -> None:
    failures = [
        errors.ContentShapeError,
        errors.BlobHashError,
        errors.SealHashError,
        errors.SealContextError,
        errors.CommitmentError,
        errors.AeadError,
        errors.PaddingError,
        errors.HeaderError,
        errors.TruncationError,
    ]
    assert len({str(failure()) for failure in failures}) == 1
    assert {failure().step for failure in failures} == {"content"}
