"""Public keys, validated where they enter: each doubtful one is refused by a check that is its own."""

import pytest

from tests.protocol.samples import SAMPLES, write
from tests.support.people import account, digest, seal_key, short, sign_key
from tests.test_ed25519 import LOW_ORDER_X25519, PUBLIC, SMALL, P, add, decode, encode, to_u
from vault.errors import InvalidKeyError
from vault.protocol.ids import account_id, key_id
from vault.protocol.keys import require_valid_keys, require_valid_seal_key
from vault.protocol.statements import Keys, SealKey, SignKey, parse_body
from vault.protocol.vocabulary import StatementType

GOOD = seal_key("coach").public
MLKEM, X25519 = GOOD[:1184], GOOD[1184:]
MODULUS = 3329


def pack(coefficients: dict[int, int]) -> bytes:
    """An ML-KEM half whose 768 coefficients are zero but for these, least significant bits first."""
    bits = sum(value << 12 * index for index, value in coefficients.items())
    return bits.to_bytes(1152, "little") + digest("rho")


def keys_with(**changes: object) -> Keys:
    body = parse_body(write(SAMPLES[StatementType.KEYS]), StatementType.KEYS)
    assert isinstance(body, Keys)
    return body.model_copy(update=changes)


def test_a_valid_key_comes_back() -> None:
    assert require_valid_seal_key(GOOD) == GOOD
    require_valid_keys(keys_with())


@pytest.mark.parametrize("size", [0, 32, 1184, 1215, 1217])
def test_a_seal_key_has_1216_bytes(size: int) -> None:
    with pytest.raises(InvalidKeyError, match="1216 bytes"):
        require_valid_seal_key((GOOD * 2)[:size])


@pytest.mark.parametrize("index", [0, 1, 2, 383, 766, 767])
def test_each_coefficient_is_below_3329(index: int) -> None:
    assert require_valid_seal_key(pack({index: MODULUS - 1}) + X25519)
    for value in (MODULUS, MODULUS + 1, 4_095):
        with pytest.raises(InvalidKeyError):
            require_valid_seal_key(pack({index: value}) + X25519)


def test_all_coefficients_may_be_the_largest_and_the_seed_after_them_may_be_anything() -> None:
    largest = pack(dict.fromkeys(range(768), MODULUS - 1))
    assert require_valid_seal_key(largest + X25519)
    assert require_valid_seal_key(largest[:1152] + b"\xff" * 32 + X25519)


@pytest.mark.parametrize("u", [*LOW_ORDER_X25519, P + 9, 2**255 + 9, 2**256 - 1, 2])
def test_an_x25519_half_of_low_order_or_another_spelling_or_on_the_twist_is_refused(u: int) -> None:
    with pytest.raises(InvalidKeyError):
        require_valid_seal_key(MLKEM + u.to_bytes(32, "little"))


@pytest.mark.parametrize("order", ["2", "4", "8"])
def test_an_x25519_half_with_a_small_part_is_refused(order: str) -> None:
    with pytest.raises(InvalidKeyError):
        require_valid_seal_key(MLKEM + to_u(add(decode(PUBLIC), SMALL[order])))


@pytest.mark.parametrize("order", SMALL)
def test_a_sign_key_of_small_or_mixed_order_is_refused_though_its_id_is_right(order: str) -> None:
    point = SMALL[order]
    for public in [encode(point)] + ([] if order == "1" else [encode(add(decode(PUBLIC), point))]):
        broken = SignKey(key=key_id(1, public), public=public)
        with pytest.raises(InvalidKeyError, match="canonical Ed25519 point"):
            require_valid_keys(keys_with(sign=broken))


def test_a_broken_seal_key_is_refused_though_its_id_is_right() -> None:
    public = MLKEM + bytes(32)
    with pytest.raises(InvalidKeyError):
        require_valid_keys(keys_with(seal=SealKey(key=key_id(2, public), public=public)))


@pytest.mark.parametrize("member", ["sign", "seal"])
def test_a_key_id_is_that_of_its_own_key_under_its_own_algorithm(member: str) -> None:
    right = sign_key("coach") if member == "sign" else seal_key("coach")
    other_algorithm = key_id(2 if member == "sign" else 1, right.public)
    for key in (short("another"), other_algorithm):
        with pytest.raises(InvalidKeyError, match=f"key id of the {member} key"):
            require_valid_keys(keys_with(**{member: right.model_copy(update={"key": key})}))


def test_people_of_these_tests_have_accounts_that_certify_themselves() -> None:
    assert account("coach") == account_id(sign_key("coach").public)
