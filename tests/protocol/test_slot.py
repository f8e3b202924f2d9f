"""Slots without their keys: the header to the byte, floors and caps, and the header of nobody."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vectors.reading import raw, read_vectors
from vault.errors import SlotShapeError, SuiteError
from vault.protocol.slot import SlotHeader, fake_slot_header, require_slot_shape
from vault.protocol.vocabulary import SLOT_KINDS, SLOT_PASSPHRASE, SLOT_PASSPHRASE_KIT, SLOT_RECOVERY_CODE

ACCOUNT = b"a" * 32
HEADER = SlotHeader.new(SLOT_PASSPHRASE_KIT, ACCOUNT, b"s" * 16)
CODE = SlotHeader.new(SLOT_RECOVERY_CODE, ACCOUNT, b"s" * 16)


def slot(header: SlotHeader) -> bytes:
    return header.to_bytes() + bytes(80)


def test_a_new_header_is_exactly_these_bytes() -> None:
    assert HEADER.to_bytes() == b"CVK1\1\2\1\1\0\0\0\3\0\4\0\0" + b"s" * 16 + b"a" * 32
    assert CODE.to_bytes() == b"CVK1\1\3\0\0\0\0\0\0\0\0\0\0" + b"s" * 16 + b"a" * 32


@given(
    *(st.integers(0, 255) for _ in range(3)),
    *(st.integers(0, 2**32 - 1) for _ in range(2)),
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=32, max_size=32),
)
def test_a_header_comes_back_from_its_bytes(
    kind: int, kdf: int, lanes: int, passes: int, memory_kib: int, salt: bytes, account: bytes
) -> None:
    header = SlotHeader(kind, kdf, lanes, passes, memory_kib, salt, account)
    assert SlotHeader.parse(header.to_bytes()) == header


@pytest.mark.parametrize(
    "header",
    [
        HEADER,
        CODE,
        replace(HEADER, passes=10),
        replace(HEADER, memory_kib=65_536),
        replace(HEADER, memory_kib=1_048_576),
        replace(HEADER, kind=SLOT_PASSPHRASE),
    ],
)
def test_floors_and_caps_themselves_are_allowed(header: SlotHeader) -> None:
    require_slot_shape(slot(header), ACCOUNT, header.kind)


@pytest.mark.parametrize(
    "header",
    [
        replace(HEADER, passes=2),
        replace(HEADER, passes=11),
        replace(HEADER, memory_kib=65_535),
        replace(HEADER, memory_kib=1_048_577),
        replace(HEADER, lanes=0),
        replace(HEADER, lanes=2),
        replace(HEADER, kdf=0),
        replace(HEADER, kdf=2),
        replace(HEADER, kind=0),
        replace(HEADER, kind=4),
        replace(CODE, kdf=1),
        replace(CODE, lanes=1),
        replace(CODE, passes=3),
        replace(CODE, memory_kib=65_536),
    ],
)
def test_parameters_beyond_floors_and_caps_are_refused(header: SlotHeader) -> None:
    with pytest.raises(SlotShapeError):
        require_slot_shape(slot(header), ACCOUNT, header.kind)


@pytest.mark.parametrize("text", [b"", slot(HEADER)[:143], slot(HEADER) + b"\0", b"CVK2" + slot(HEADER)[4:]])
def test_what_cannot_be_a_slot_is_refused(text: bytes) -> None:
    with pytest.raises(SlotShapeError):
        require_slot_shape(text, ACCOUNT, SLOT_PASSPHRASE_KIT)


@pytest.mark.parametrize("text", [b"", HEADER.to_bytes()[:63], HEADER.to_bytes() + b"\0"])
def test_a_header_has_64_bytes(text: bytes) -> None:
    with pytest.raises(SlotShapeError):
        SlotHeader.parse(text)


def test_a_slot_of_another_account_or_kind_is_refused() -> None:
    with pytest.raises(SlotShapeError):
        require_slot_shape(slot(HEADER), b"b" * 32, SLOT_PASSPHRASE_KIT)
    with pytest.raises(SlotShapeError):
        require_slot_shape(slot(HEADER), ACCOUNT, SLOT_PASSPHRASE)


@pytest.mark.parametrize("suite", [0, 2, 255])
def test_another_suite_is_refused(suite: int) -> None:
    with pytest.raises(SuiteError):
        require_slot_shape(slot(HEADER)[:4] + bytes([suite]) + slot(HEADER)[5:], ACCOUNT, SLOT_PASSPHRASE_KIT)


@pytest.mark.parametrize("vector", read_vectors("slots")["slots"], ids=lambda one: f"{one['sequence']} {one['kind']}")
def test_a_real_slot_has_the_shape(vector: dict[str, str]) -> None:
    require_slot_shape(raw(vector["slot"]), bytes.fromhex(vector["account"]), int(vector["kind"]))


def test_a_fake_header_looks_like_a_new_one_and_never_changes() -> None:
    for kind in SLOT_KINDS:
        fake = fake_slot_header(b"secret", ACCOUNT, kind)
        header = SlotHeader.parse(fake)
        assert header.is_allowed()
        assert replace(header, salt=b"s" * 16) == SlotHeader.new(kind, ACCOUNT, b"s" * 16)
        assert fake == fake_slot_header(b"secret", ACCOUNT, kind)
    salts = {fake_slot_header(*asked)[16:32] for asked in _asked()}
    assert len(salts) == 8


def _asked() -> list[tuple[bytes, bytes, int]]:
    return [(secret, account, kind) for secret in (b"s", b"t") for account in (ACCOUNT, b"b" * 32) for kind in (1, 3)]
