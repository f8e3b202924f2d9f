"""Signed notes: text with signatures under it, and the names and keys of who signed.

Source: C2SP signed-note. One accepted spelling: whatever is parsed prints as it came.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Self

from vault import ed25519
from vault.encoding import read_base64, read_hex, write_base64
from vault.errors import EncodingError, InvalidKeyError, SignatureError
from vault.tlog.errors import NoteError

NOTE_MAXIMUM_BYTES = 262_144
SIGNATURES_MAXIMUM = 64
KEY_ID_BYTES = 4

_DASH = "\u2014"
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f]")


class SignatureType(IntEnum):
    """What a key signs; other types exist, and are ignored as keys that nobody here knows."""

    ED25519 = 0x01
    """The text of the note."""
    COSIGNATURE = 0x04
    """A checkpoint and a time, with Ed25519."""


@lru_cache(maxsize=256)
def require_key_name(name: str) -> str:
    """The same name: not empty, without space of any kind, control characters or plus. Raises: NoteError."""
    if not name or "+" in name or any(char.isspace() for char in name) or _CONTROLS.search(name) is not None:
        raise NoteError("expected a key name without spaces and plus")
    return name


def key_id(name: str, kind: SignatureType, public: bytes) -> bytes:
    """The 4 bytes that tell keys of one name apart; no evidence of anything."""
    return hashlib.sha256(name.encode("utf-8") + b"\n" + bytes([kind]) + public).digest()[:KEY_ID_BYTES]


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A name and the 32-byte Ed25519 public key that is believed under it, for one type of signature."""

    name: str
    kind: SignatureType
    public: bytes

    def __post_init__(self) -> None:
        """Raises: NoteError for a name or a key that cannot be."""
        require_key_name(self.name)
        try:
            ed25519.require_valid_point(self.public)
        except InvalidKeyError:
            raise NoteError("expected an Ed25519 public key") from None

    @property
    def id(self) -> bytes:
        """The 4-byte key id that stands in its signatures."""
        return key_id(self.name, self.kind, self.public)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The key that a *vkey* spells: name, hex of the key id, base64 of type and public key, with plus between.

        Raises: NoteError for every other spelling, a type that is not a `SignatureType`, or the id of another key.
        """
        name, _, rest = text.partition("+")
        identity, _, material = rest.partition("+")
        try:
            raw = read_base64(material, 1 + ed25519.PUBLIC_BYTES)
            expected = read_hex(identity, KEY_ID_BYTES)
        except EncodingError:
            raise NoteError("expected <name>+<8 hex digits>+<base64 of type and Ed25519 key>") from None
        if raw[0] not in list(SignatureType):
            raise NoteError("expected a key of type 1 or 4")
        key = cls(name, SignatureType(raw[0]), raw[1:])
        if key.id != expected:
            raise NoteError("expected the id of this key")
        return key

    def to_text(self) -> str:
        """The *vkey*; `parse` gives the same key back."""
        return f"{self.name}+{self.id.hex()}+{write_base64(bytes([self.kind]) + self.public)}"


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: who says to have signed, and the bytes of the signature, whose form its type fixes."""

    name: str
    key_id: bytes
    signature: bytes

    @classmethod
    def parse(cls, line: str) -> Self:
        """The signature that a line without its newline spells. Raises: NoteError for every other spelling."""
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != _DASH:
            raise NoteError("expected signature lines of dash, key name and base64")
        try:
            raw = read_base64(parts[2])
        except EncodingError:
            raise NoteError("expected a signature in standard base64") from None
        if len(raw) <= KEY_ID_BYTES:
            raise NoteError("expected a signature behind the key id")
        return cls(require_key_name(parts[1]), raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:])

    def to_text(self) -> str:
        """The line without its newline."""
        return f"{_DASH} {self.name} {write_base64(self.key_id + self.signature)}"

    def is_by(self, key: VerifierKey) -> bool:
        """Whether name and id are those of `key`, so that it has to verify under it."""
        return (self.name, self.key_id) == (key.name, key.id)


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a newline, and 1 to 64 signatures. Holding one says nothing about who signed it."""

    text: str
    signatures: tuple[NoteSignature, ...]

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """The note that at most 262,144 bytes spell. Raises: NoteError."""
        if len(raw) > NOTE_MAXIMUM_BYTES:
            raise NoteError("expected a note of at most 262,144 bytes")
        try:
            whole = raw.decode("utf-8")
        except UnicodeDecodeError:
            raise NoteError("expected UTF-8") from None
        if _CONTROLS.search(whole) is not None:
            raise NoteError("expected no control characters but newlines")
        text, blank, signatures = whole.rpartition("\n\n")
        if not blank:
            raise NoteError("expected a text that ends in a newline, an empty line, and signatures")
        return cls(f"{text}\n", parse_signatures(signatures))

    def to_bytes(self) -> bytes:
        """The note; `parse` gives the same back."""
        return f"{self.text}\n{print_signatures(self.signatures)}".encode()

    def with_signatures(self, *signatures: NoteSignature) -> "Note":
        """The same text with more signatures after those that are there."""
        return Note(self.text, (*self.signatures, *signatures))


def parse_signatures(text: str) -> tuple[NoteSignature, ...]:
    """The 1 to 64 signatures that whole lines spell, as under a note or in a witness's answer. Raises: NoteError."""
    lines = text.split("\n")
    if lines.pop() != "" or not lines:
        raise NoteError("expected signature lines, each ending in a newline")
    if len(lines) > SIGNATURES_MAXIMUM:
        raise NoteError("expected at most 64 signatures")
    return tuple(NoteSignature.parse(line) for line in lines)


def print_signatures(signatures: Sequence[NoteSignature]) -> str:
    """One line for each signature; `parse_signatures` gives the same back."""
    return "".join(f"{one.to_text()}\n" for one in signatures)


def verify_note(note: Note, keys: Sequence[VerifierKey]) -> None:
    """Return if at least one of `keys`, all of type 0x01, signed the text; other signatures are ignored.

    A signature that claims to be by one of them and does not verify condemns the whole note.

    Raises: SignatureError.
    """
    message = note.text.encode("utf-8")
    found = False
    for key in keys:
        if key.kind is not SignatureType.ED25519:
            raise SignatureError("expected a key of type 0x01")
        for one in note.signatures:
            if one.is_by(key):
                ed25519.verify(key.public, message, one.signature)
                found = True
    if not found:
        raise SignatureError("expected a signature by a known key")
