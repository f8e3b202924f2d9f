"""A submission: one JSON object of a signed statement and the parts that its payload lists by their hashes.

The client spells it, keeps its bytes and sends them again; the server reads it as strictly as it was spelled. What the
parts have to be is told by the statement; here they are bytes. Source: docs/rest.md and docs/protocol.md section 3.
"""

import json
from dataclasses import dataclass
from typing import Any

from vault.encoding import read_base64, write_base64
from vault.errors import EncodingError
from vault.protocol.envelope import Envelope, Statement
from vault.protocol.kinds import Part
from vault.protocol.limits import LIST_MAXIMUM, SALT_BYTES
from vault.protocol.problems import Code, Refused, broken_schema
from vault.protocol.strict_json import read_json

_STATEMENT = "statement"


@dataclass(frozen=True, slots=True)
class Parts:
    """What comes beside a statement, a member for each `Part`; None for what does not."""

    seals: tuple[bytes, ...] | None = None
    slots: tuple[bytes, ...] | None = None
    blob: bytes | None = None
    salt: bytes | None = None


NO_PARTS = Parts()
"""A statement that comes alone."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What a person sends: an envelope, whose statement nobody has read yet, and the parts beside it."""

    envelope: Envelope
    parts: Parts = NO_PARTS

    @classmethod
    def parse(cls, raw: bytes) -> "Submission":
        """The submission that strict JSON spells. Raises: JsonError; as `from_json`."""
        return cls.from_json(read_json(raw))

    @classmethod
    def from_json(cls, members: Any) -> "Submission":
        """The submission that a parsed JSON value spells.

        Raises: Refused(schema) with the place and the rule for what is no object, an unknown member, a list that is
        none or is too long, and what is not base64; Refused(statement-required) where there is no statement; as
        `Envelope.from_json`.
        """
        if not isinstance(members, dict):
            raise broken_schema("", "dict_type")
        if not members.keys() <= {_STATEMENT, *Part}:
            raise broken_schema("", "extra_forbidden")
        if _STATEMENT not in members:
            raise Refused(Code.STATEMENT_REQUIRED)
        envelope = Envelope.from_json(members[_STATEMENT])
        seals = _read_list(members, Part.SEALS)
        blob = _read_part(members[Part.BLOB], "/blob") if Part.BLOB in members else None
        slots = _read_list(members, Part.SLOTS)
        salt = _read_part(members[Part.SALT], "/salt", SALT_BYTES) if Part.SALT in members else None
        return cls(envelope, Parts(seals, slots, blob, salt))


def spell(statement: Statement, parts: Parts = NO_PARTS) -> bytes:
    """The JSON of a submission, written once and never again."""
    members: dict[str, Any] = {_STATEMENT: statement.envelope.to_json(statement.body.key)}
    for part in Part:
        sent: bytes | tuple[bytes, ...] | None = getattr(parts, part)
        if sent is not None:
            members[part] = write_base64(sent) if isinstance(sent, bytes) else [write_base64(one) for one in sent]
    return json.dumps(members, separators=(",", ":")).encode("ascii")


def _read_list(members: dict[str, Any], part: Part) -> tuple[bytes, ...] | None:
    if part not in members:
        return None
    values = members[part]
    if not isinstance(values, list) or len(values) > LIST_MAXIMUM:
        raise broken_schema(f"/{part}", "list_type")
    return tuple(_read_part(value, f"/{part}/{index}") for index, value in enumerate(values))


def _read_part(value: Any, pointer: str, size_bytes: int | None = None) -> bytes:
    try:
        return read_base64(value, size_bytes)
    except EncodingError:
        raise broken_schema(pointer, "base64") from None
