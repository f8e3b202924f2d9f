"""Envelopes (DSSE 1.0): exact bytes are signed, verified and hashed; nothing is ever serialised again.

`keyid` is a hint and ignored: the verifier takes the key from its own state. Source: docs/protocol.md section 3.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from vault import ed25519
from vault.encoding import read_base64, write_base64
from vault.errors import EncodingError, PayloadTypeError, SignatureError, StatementError
from vault.protocol.ids import StatementId
from vault.protocol.limits import ENVELOPE_MAXIMUM_BYTES
from vault.protocol.statements import MODELS, Body, parse_body
from vault.protocol.strict_json import JsonError, read_json
from vault.protocol.vocabulary import StatementType

_TYPE_PREFIX = "application/vnd.coach-vault."
_TYPE_SUFFIX = ".v1+json"
PAYLOAD_TYPES = {f"{_TYPE_PREFIX}{word}{_TYPE_SUFFIX}": word for word in MODELS}

BodyT = TypeVar("BodyT", bound=Body)


def payload_type(word: StatementType) -> str:
    """The DSSE payload type of a type of statement."""
    return f"{_TYPE_PREFIX}{word}{_TYPE_SUFFIX}"


def pre_authentication_encoding(word: StatementType, payload: bytes) -> bytes:
    """The bytes that are signed and hashed (DSSE 1.0, PAE)."""
    name = payload_type(word).encode("ascii")
    return b"DSSEv1 %d %s %d %s" % (len(name), name, len(payload), payload)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A statement as it travels: type, exact payload bytes, one or two 64-byte signatures."""

    type: StatementType
    payload: bytes
    signatures: tuple[bytes, ...]
    signed_bytes: bytes = field(init=False, repr=False, compare=False)
    id: StatementId = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compute the signed bytes and the statement id once."""
        encoded = pre_authentication_encoding(self.type, self.payload)
        object.__setattr__(self, "signed_bytes", encoded)
        object.__setattr__(self, "id", StatementId(hashlib.sha256(encoded).digest()))

    @classmethod
    def from_json(cls, value: Any) -> "Envelope":
        """The envelope that a parsed JSON value spells.

        Raises: StatementError for missing or unknown members, other base64 spellings, or not one or two signatures;
        PayloadTypeError for an unknown type.
        """
        members = _require_members(value, {"payload", "payloadType", "signatures"})
        word = PAYLOAD_TYPES.get(members["payloadType"]) if isinstance(members["payloadType"], str) else None
        if word is None:
            raise PayloadTypeError("expected a payload type of this protocol")
        signatures = members["signatures"]
        if not isinstance(signatures, list) or len(signatures) not in (1, 2):
            raise StatementError("expected one signature, or two where the sign key changes")
        try:
            return cls(word, read_base64(members["payload"]), tuple(_read_signature(value) for value in signatures))
        except EncodingError:
            raise StatementError("expected standard base64 in payload and sig") from None

    @classmethod
    def parse(cls, raw: bytes) -> "Envelope":
        """The envelope that at most 100,000 bytes of JSON spell. Raises: as `from_json`."""
        if len(raw) > ENVELOPE_MAXIMUM_BYTES:
            raise StatementError(f"expected an envelope of at most {ENVELOPE_MAXIMUM_BYTES:,} bytes")
        try:
            return cls.from_json(read_json(raw))
        except JsonError as error:
            raise StatementError(str(error)) from None

    def to_json(self, *key_ids: bytes) -> dict[str, Any]:
        """The envelope as a JSON value; `key_ids` are the hints beside the signatures, empty where none is given."""
        hints = [key.hex() for key in key_ids] + [""] * (len(self.signatures) - len(key_ids))
        return {
            "payload": write_base64(self.payload),
            "payloadType": payload_type(self.type),
            "signatures": [
                {"keyid": hint, "sig": write_base64(signature)}
                for hint, signature in zip(hints, self.signatures, strict=True)
            ],
        }

    def body(self) -> Body:
        """The parsed payload, of the type that the envelope names. Raises: as `statements.parse_body`."""
        return parse_body(self.payload, self.type)

    def verify(self, *publics: bytes) -> None:
        """Return if there are exactly as many signatures as public keys and each verifies, in order.

        Raises: SignatureError.
        """
        if len(publics) != len(self.signatures):
            raise SignatureError("expected another number of signatures")
        for public, signature in zip(publics, self.signatures, strict=True):
            ed25519.verify(public, self.signed_bytes, signature)


@dataclass(frozen=True, slots=True)
class Statement:
    """An envelope beside its parsed body. Holding one says nothing about its signatures."""

    envelope: Envelope
    body: Body

    @classmethod
    def of(cls, envelope: Envelope) -> "Statement":
        """Parse the envelope's payload once. Raises: as `Envelope.body`."""
        return cls(envelope, envelope.body())

    @property
    def id(self) -> StatementId:
        """The 32-byte statement id."""
        return self.envelope.id


def sign(body: Body, seeds: Sequence[bytes]) -> Statement:
    """The statement of `body` with one signature for each 32-byte Ed25519 seed, in order."""
    payload = body.payload()
    encoded = pre_authentication_encoding(body.TYPE, payload)
    return Statement(Envelope(body.TYPE, payload, tuple(ed25519.sign(seed, encoded) for seed in seeds)), body)


def _require_members(value: Any, names: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != names:
        raise StatementError(f"expected exactly the members {', '.join(sorted(names))}")
    return value


def _read_signature(value: Any) -> bytes:
    members = _require_members(value, {"keyid", "sig"})
    if not isinstance(members["keyid"], str):
        raise StatementError("expected keyid to be a string")
    return read_base64(members["sig"], ed25519.SIGNATURE_BYTES)
