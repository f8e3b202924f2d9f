"""The schemas of the API that no model spells: problems and envelopes."""

from typing import Any

from vault.protocol.limits import PARTS_MAXIMUM
from vault.protocol.problems import PROBLEMS
from vault.protocol.vocabulary import SLOT_KINDS

BASE64 = {"type": "string", "contentEncoding": "base64"}

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "A refusal (RFC 9457). Nothing that was sent is repeated in it.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What to do."},
        "code": {"type": "string", "enum": list(PROBLEMS)},
        "errors": {
            "type": "array",
            "description": "With `schema`: where, and which rule; never the value.",
            "items": {
                "type": "object",
                "required": ["pointer", "rule"],
                "properties": {"pointer": {"type": "string"}, "rule": {"type": "string"}},
            },
        },
        "current": {"type": "object", "description": "With `version-taken`: the newest version and its statement."},
        "after": {"type": "string", "description": "With `not-newest`: what `after` must be, 64 hex digits."},
        "time": {"type": "integer", "description": "With `clock-skew`: the server's Unix time."},
    },
}

ENVELOPE: dict[str, Any] = {
    "type": "object",
    "description": "A signed statement (DSSE 1.0). `keyid` is a hint and is ignored.",
    "additionalProperties": False,
    "required": ["payload", "payloadType", "signatures"],
    "properties": {
        "payload": BASE64,
        "payloadType": {"type": "string", "pattern": r"^application/vnd\.coach-vault\.[a-z]+\.v1\+json$"},
        "signatures": {
            "type": "array",
            "minItems": 1,
            "maxItems": 2,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["keyid", "sig"],
                "properties": {"keyid": {"type": "string"}, "sig": BASE64},
            },
        },
    },
}

_ID = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_HASH = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
IN_PATHS: dict[str, dict[str, Any]] = {
    "account": _HASH,
    "attachment": _ID,
    "code": {"type": "string", "enum": list(PROBLEMS)},
    "engagement": _ID,
    "index": {"type": "string", "pattern": "^(x[0-9]{3}/)*[0-9]{3}([.]p/[0-9]{1,3})?$"},
    "item": _ID,
    "kind": {"type": "integer", "enum": list(SLOT_KINDS)},
    "level": {"type": "string", "pattern": "^[0-9]{1,2}$"},
    "n": {"type": "integer", "minimum": 1, "maximum": PARTS_MAXIMUM},
    "sha256": _HASH,
    "statement": _HASH,
}
"""What stands in the braces of a path."""
