"""Passphrases, slots and keyrings: made strong, derived within bounds, and nothing secret shows."""

import hashlib

import nacl.bindings as sodium
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vectors.chance import chance
from tests.vectors.people import COACH, person
from tests.vectors.recovery import RECOVERY, make_keyrings
from vault.client.crypto import passphrase
from vault.client.crypto.hkdf import derive
from vault.client.crypto.passphrase import PASSPHRASE_BITS, new_passphrase, stretch
from vault.client.crypto.slots import make_passphrase_slot, make_recovery_slot, open_slot, passphrase_ikm
from vault.client.crypto.state import open_state, seal_state
from vault.client.crypto.words import english_words
from vault.client.device.keyring import Person, PersonState, seal_keyring
from vault.client.errors import ContentTooLargeError, SlotError, UsageError
from vault.protocol import slot as layout
from vault.protocol.slot import SlotHeader, require_slot_shape
from vault.protocol.vocabulary import SLOT_PASSPHRASE, SLOT_PASSPHRASE_KIT

ACCOUNT = person(COACH).account


def test_hkdf_is_the_one_of_rfc_5869() -> None:
    okm = derive(bytes([11] * 22), bytes(range(13)), bytes(range(0xF0, 0xFA)), 42)
    assert okm.hex() == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"


def test_the_words_are_those_of_bip_39() -> None:
    listed = "".join(f"{word}\n" for word in english_words())
    assert hashlib.sha256(listed.encode()).hexdigest() == (
        "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"
    )


@given(st.binary(min_size=11, max_size=11), st.binary(min_size=11, max_size=11))
def test_a_passphrase_holds_every_bit_of_the_chance_that_made_it(one: bytes, other: bytes) -> None:
    assert (new_passphrase(lambda _: one) == new_passphrase(lambda _: other)) == (one == other)


def test_a_passphrase_has_at_least_80_bits() -> None:
    asked = []

    def random(size: int) -> bytes:
        asked.append(size)
        return bytes(size)

    assert new_passphrase(random) == "abandon abandon abandon abandon abandon abandon abandon abandon"
    assert asked == [PASSPHRASE_BITS // 8]
    assert PASSPHRASE_BITS >= 80


KEYRING = chance("the hash of a keyring", 32)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """New slots with the smallest memory that readers take."""
    monkeypatch.setattr(layout, "MEMORY_NEW_KIB", layout.MEMORY_MINIMUM_KIB)


@pytest.mark.usefixtures("quick")
def test_new_slots_open_with_what_they_were_made_from_and_have_their_shape() -> None:
    key, kit = chance("keyring key", 32), chance("kit", 32)
    plain = make_passphrase_slot(ACCOUNT, key, KEYRING, "eight words", bytes(16))
    both = make_passphrase_slot(ACCOUNT, key, KEYRING, "eight words", bytes(16), kit)
    code = make_recovery_slot(ACCOUNT, key, KEYRING, RECOVERY, bytes(16))
    for made, secret in ((plain, None), (both, kit)):
        require_slot_shape(made.raw, ACCOUNT, made.kind)
        header = SlotHeader.parse(made.raw[:64])
        assert open_slot(made.raw, passphrase_ikm(header, "eight words", secret), KEYRING) == key
    assert (plain.kind, both.kind, code.kind) == (1, 2, 3)
    assert open_slot(code.raw, RECOVERY, KEYRING) == key
    assert code.ref.sha256 == hashlib.sha256(code.raw).digest()
    assert len({one.fetch_public for one in (plain, both, code)}) == 3
    assert code.fetch_seed.hex() not in repr(code)


def test_new_slots_have_the_parameters_of_the_page() -> None:
    header = SlotHeader.new(SLOT_PASSPHRASE_KIT, ACCOUNT, bytes(16))
    assert (header.kdf, header.lanes, header.passes, header.memory_kib) == (1, 1, 3, 262_144)


@pytest.mark.usefixtures("quick")
def test_two_spellings_of_one_passphrase_are_one() -> None:
    header = SlotHeader.new(SLOT_PASSPHRASE, ACCOUNT, bytes(16))
    assert stretch("A\u030a \ufb01", header) == stretch("\u00c5 fi", header)


def test_a_kit_belongs_to_its_kind() -> None:
    with pytest.raises(SlotError):
        passphrase_ikm(SlotHeader.new(SLOT_PASSPHRASE, ACCOUNT, bytes(16)), "x", bytes(32))
    with pytest.raises(SlotError):
        passphrase_ikm(SlotHeader.new(SLOT_PASSPHRASE_KIT, ACCOUNT, bytes(16)), "x")


def test_a_device_without_the_memory_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr(sodium, "crypto_pwhash_alg", exhausted)
    with pytest.raises(UsageError, match="256 MiB"):
        passphrase.stretch("x", SlotHeader.new(SLOT_PASSPHRASE, ACCOUNT, bytes(16)))


@given(st.binary(max_size=70_000))
def test_a_state_file_comes_back(content: bytes) -> None:
    sealed = seal_state(bytes(32), ACCOUNT, content, chance("salt", 24))
    assert open_state(bytes(32), ACCOUNT, sealed) == content


def test_no_secret_of_a_keyring_shows_when_it_is_printed() -> None:
    content = make_keyrings()[1].content
    shown = repr(content) + str(content)
    secrets = [content.salt, content.kit, content.recovery, content.engagements[0].salt, content.invitations[0].secret]
    secrets += [content.generations[0].sign, content.generations[0].seal]
    assert [secret for secret in secrets if repr(secret)[2:-1] in shown] == []


def test_a_keyring_has_an_end() -> None:
    content = make_keyrings()[1].content
    many = tuple(
        Person(account=chance(f"{number}", 32), name="x" * 200, state=PersonState.UNVERIFIED, key=None)
        for number in range(1_000)
    )
    with pytest.raises(ContentTooLargeError):
        seal_keyring(content.model_copy(update={"people": many}), ACCOUNT, 2, bytes(32), bytes(24))
