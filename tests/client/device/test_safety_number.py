"""Safety numbers: the same from both sides, whole, and different for any other key or account."""

import pytest

from tests.vectors.people import COACH, COACHEE, person
from vault.client.device.safety_number import SafetyNumber, safety_number

ONE, OTHER = person(COACH), person(COACHEE)
NUMBER = safety_number(ONE.account, ONE.keys.sign_public, OTHER.account, OTHER.keys.sign_public)


def test_both_sides_see_the_same() -> None:
    assert safety_number(OTHER.account, OTHER.keys.sign_public, ONE.account, ONE.keys.sign_public) == NUMBER


def test_it_is_60_digits_twelve_words_and_a_text_for_a_qr_code() -> None:
    assert len(NUMBER.digits) == 60
    assert NUMBER.digits.isdecimal()
    assert NUMBER.qr_text == f"CV1:{NUMBER.digits}"
    assert len(NUMBER.words) == 12
    assert "".join(NUMBER.groups) == NUMBER.digits


def test_words_are_counted_from_zero_and_wrap() -> None:
    number = SafetyNumber("00000" + "00001" + "02047" + "02048" + "99999" * 8)
    assert number.words[:4] == ("abandon", "ability", "zoo", "abandon")


@pytest.mark.parametrize("bit", [0, 7, 100, 255])
def test_any_changed_bit_changes_it(bit: int) -> None:
    def flip(raw: bytes) -> bytes:
        return (int.from_bytes(raw, "little") ^ 1 << bit).to_bytes(len(raw), "little")

    sides = (ONE.account, ONE.keys.sign_public, OTHER.account, OTHER.keys.sign_public)
    for place in range(4):
        changed = [flip(side) if index == place else side for index, side in enumerate(sides)]
        assert safety_number(*changed) != NUMBER
