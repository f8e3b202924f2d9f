"""Ed25519: vectors of RFC 8032, and everything that some library would let through and this one does not."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault import ed25519
from vault.errors import InvalidKeyError, SignatureError

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P

Point = tuple[int, int]

LOW_ORDER_X25519 = (
    0,
    1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
    P - 1,
    P,
    P + 1,
)
"""The seven u-coordinates that small subgroups of curve and twist have below 2^255, two of them not canonical."""


def add(left: Point, right: Point) -> Point:
    (x1, y1), (x2, y2) = left, right
    product = D * x1 * x2 * y1 * y2 % P
    x3 = (x1 * y2 + x2 * y1) * pow(1 + product, -1, P) % P
    y3 = (y1 * y2 + x1 * x2) * pow(1 - product, -1, P) % P
    return x3, y3


def encode(point: Point) -> bytes:
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(raw: bytes) -> Point:
    number = int.from_bytes(raw, "little")
    y, sign = number & (2**255 - 1), number >> 255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    assert x * x % P == square
    return (P - x if x & 1 != sign else x), y


def to_u(point: Point) -> bytes:
    return ((1 + point[1]) * pow(1 - point[1], -1, P) % P).to_bytes(32, "little")


IDENTITY: Point = (0, 1)
ORDER_2: Point = (0, P - 1)
ORDER_4: Point = (pow(2, (P - 1) // 4, P), 0)
ORDER_8 = decode(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"))
SMALL = {"1": IDENTITY, "2": ORDER_2, "4": ORDER_4, "8": ORDER_8}
SEED = bytes(range(32))
PUBLIC = ed25519.public_key(SEED)
MESSAGE = b"a statement"
SIGNATURE = ed25519.sign(SEED, MESSAGE)


@pytest.mark.parametrize(
    ("seed", "public", "message", "signature"),
    [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
    ],
)
def test_the_vectors_of_rfc_8032_come_out(seed: str, public: str, message: str, signature: str) -> None:
    assert ed25519.public_key(bytes.fromhex(seed)).hex() == public
    assert ed25519.sign(bytes.fromhex(seed), bytes.fromhex(message)).hex() == signature
    ed25519.verify(bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature))


@given(st.binary(max_size=300))
def test_what_was_signed_verifies(message: bytes) -> None:
    ed25519.verify(PUBLIC, message, ed25519.sign(SEED, message))


@pytest.mark.parametrize("place", [0, 31, 32, 63])
def test_one_changed_bit_is_noticed(place: int) -> None:
    broken = bytearray(SIGNATURE)
    broken[place] ^= 1
    with pytest.raises(SignatureError):
        ed25519.verify(PUBLIC, MESSAGE, bytes(broken))
    with pytest.raises(SignatureError):
        ed25519.verify(PUBLIC, MESSAGE + b"!", SIGNATURE)
    with pytest.raises(SignatureError):
        ed25519.verify(ed25519.public_key(bytes(32)), MESSAGE, SIGNATURE)


@pytest.mark.parametrize("size", [0, 32, 63, 65, 128])
def test_a_signature_has_64_bytes(size: int) -> None:
    with pytest.raises(SignatureError):
        ed25519.verify(PUBLIC, MESSAGE, (SIGNATURE * 2)[:size])


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_public_key_has_32_bytes(size: int) -> None:
    assert not ed25519.is_valid_point((PUBLIC * 2)[:size])
    with pytest.raises(SignatureError):
        ed25519.verify((PUBLIC * 2)[:size], MESSAGE, SIGNATURE)


def test_s_is_below_the_group_order() -> None:
    s = int.from_bytes(SIGNATURE[32:], "little")
    with pytest.raises(SignatureError):
        ed25519.verify(PUBLIC, MESSAGE, SIGNATURE[:32] + (s + L).to_bytes(32, "little"))


@pytest.mark.parametrize("order", SMALL)
def test_a_point_of_small_order_is_no_key(order: str) -> None:
    encoded = encode(SMALL[order])
    assert not ed25519.is_valid_point(encoded)
    with pytest.raises(InvalidKeyError):
        ed25519.require_valid_point(encoded)
    # The classic forgery: under a key of small order, R = identity and S = 0 verify for many messages somewhere.
    with pytest.raises(SignatureError):
        ed25519.verify(encoded, MESSAGE, encode(IDENTITY) + bytes(32))


@pytest.mark.parametrize("order", ["2", "4", "8"])
def test_a_point_of_mixed_order_is_no_key(order: str) -> None:
    mixed = encode(add(decode(PUBLIC), SMALL[order]))
    assert not ed25519.is_valid_point(mixed)
    with pytest.raises(InvalidKeyError):
        ed25519.require_valid_point(mixed)


@pytest.mark.parametrize("y", [P, P + 1, P + 3, 2**255 - 1])
@pytest.mark.parametrize("sign", [0, 1])
def test_a_coordinate_that_is_not_canonical_is_no_key(y: int, sign: int) -> None:
    assert not ed25519.is_valid_point((y | sign << 255).to_bytes(32, "little"))


def test_a_coordinate_that_is_on_no_point_is_no_key() -> None:
    # y = 2 has no x on the curve.
    assert not ed25519.is_valid_point((2).to_bytes(32, "little"))


def test_a_valid_key_comes_back() -> None:
    assert ed25519.require_valid_point(PUBLIC) == PUBLIC


@pytest.mark.parametrize("order", SMALL)
def test_r_is_a_point_of_prime_order(order: str) -> None:
    """With R of small order some libraries verify, those that multiply by the cofactor, and others do not."""
    with pytest.raises(SignatureError, match="canonical points"):
        ed25519.verify(PUBLIC, MESSAGE, encode(SMALL[order]) + SIGNATURE[32:])
    if order != "1":
        mixed = encode(add(decode(SIGNATURE[:32]), SMALL[order]))
        with pytest.raises(SignatureError, match="canonical points"):
            ed25519.verify(PUBLIC, MESSAGE, mixed + SIGNATURE[32:])


def test_r_of_small_order_with_a_right_equation_is_refused_by_its_own_check() -> None:
    """The signature (identity, k * a) satisfies the equation itself: only the look at R refuses it."""
    digest = bytearray(hashlib.sha512(SEED).digest()[:32])
    digest[0] &= 248
    digest[31] &= 127
    digest[31] |= 64
    scalar = int.from_bytes(digest, "little")
    r = encode(IDENTITY)
    challenge = int.from_bytes(hashlib.sha512(r + PUBLIC + MESSAGE).digest(), "little") % L
    s = challenge * scalar % L
    with pytest.raises(SignatureError, match="canonical points"):
        ed25519.verify(PUBLIC, MESSAGE, r + s.to_bytes(32, "little"))


@given(st.binary(min_size=32, max_size=32))
def test_the_u_of_every_key_is_of_prime_order(seed: bytes) -> None:
    assert ed25519.is_prime_order_x25519(to_u(decode(ed25519.public_key(seed))))


def test_the_base_point_of_x25519_is_of_prime_order() -> None:
    assert ed25519.is_prime_order_x25519((9).to_bytes(32, "little"))


@pytest.mark.parametrize("u", LOW_ORDER_X25519)
def test_the_seven_low_order_values_of_x25519_are_refused(u: int) -> None:
    assert not ed25519.is_prime_order_x25519(u.to_bytes(32, "little"))


@pytest.mark.parametrize("u", [P - 1, P, P + 9, 2**255 - 1, 2**255 + 9, 2**256 - 1])
def test_a_u_that_is_not_canonical_is_refused(u: int) -> None:
    assert not ed25519.is_prime_order_x25519(u.to_bytes(32, "little"))


@pytest.mark.parametrize("order", ["2", "4", "8"])
def test_a_u_of_mixed_order_is_refused(order: str) -> None:
    assert not ed25519.is_prime_order_x25519(to_u(add(decode(PUBLIC), SMALL[order])))


def test_a_u_of_the_twist_is_refused() -> None:
    # u = 2 is no coordinate of the curve: u^3 + 486662 u^2 + u is no square.
    square = (2**3 + 486662 * 2**2 + 2) % P
    assert pow(square, (P - 1) // 2, P) == P - 1
    assert not ed25519.is_prime_order_x25519((2).to_bytes(32, "little"))


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_u_has_32_bytes(size: int) -> None:
    assert not ed25519.is_prime_order_x25519((9).to_bytes(33, "little")[:size])
