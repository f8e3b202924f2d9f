"""The safety number of two people: 60 digits, twelve words or a QR code, compared aloud or by eye.

Source: docs/protocol.md section 2.
"""

import hashlib
from dataclasses import dataclass

from vault.client.crypto.words import english_words

ROUNDS = 5_200

_GROUP_DIGITS = 5
_GROUP_BYTES = 5
_HALF_BYTES = 30


@dataclass(frozen=True, slots=True)
class SafetyNumber:
    """60 decimal digits; all of them are shown, in one form or another."""

    digits: str

    def __str__(self) -> str:
        """All groups of five digits, with spaces between."""
        return " ".join(self.groups)

    @property
    def groups(self) -> tuple[str, ...]:
        """Twelve groups of five digits."""
        return tuple(self.digits[start : start + _GROUP_DIGITS] for start in range(0, len(self.digits), _GROUP_DIGITS))

    @property
    def words(self) -> tuple[str, ...]:
        """Twelve English words, one a group."""
        words = english_words()
        return tuple(words[int(group) % len(words)] for group in self.groups)

    @property
    def qr_text(self) -> str:
        """The text of the QR code."""
        return "CV1:" + self.digits


def safety_number(account: bytes, sign_public: bytes, other_account: bytes, other_sign_public: bytes) -> SafetyNumber:
    """The number of two accounts under their newest verified sign keys; the same from both sides."""
    halves = (_half(account, sign_public), _half(other_account, other_sign_public))
    return SafetyNumber("".join(sorted(halves)))


def _half(account: bytes, sign_public: bytes) -> str:
    digest = b"CV1 safety number\0" + sign_public + account
    for _ in range(ROUNDS):
        digest = hashlib.sha512(digest + sign_public).digest()
    numbers = (
        int.from_bytes(digest[start : start + _GROUP_BYTES], "big") for start in range(0, _HALF_BYTES, _GROUP_BYTES)
    )
    return "".join(f"{number % 10**_GROUP_DIGITS:0{_GROUP_DIGITS}}" for number in numbers)
