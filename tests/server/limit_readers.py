"""Who reads each limit of protocol/limits.py, and what each of them says to so much."""

import asyncio
import json
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import Headers
from starlette.requests import Request

from tests.protocol.samples import SAMPLES
from tests.support.noise import make_blob
from vault.errors import FormatError
from vault.protocol import limits
from vault.protocol.api import EnrolmentRequest
from vault.protocol.blob import require_blob_shape
from vault.protocol.envelope import Envelope
from vault.protocol.keyring_layout import keyring_start, require_keyring_shape
from vault.protocol.problems import Refused
from vault.protocol.statements import MODELS
from vault.protocol.strict_json import read_json, read_payload
from vault.protocol.submission import Submission
from vault.protocol.vocabulary import BlobKind, StatementType
from vault.server.http.answers import says_too_large
from vault.server.http.content import read_announced
from vault.server.http.pages import Limit
from vault.server.http.paths import PartPath
from vault.server.http.submissions import read_submission
from vault.server.storage import columns

Reader = Callable[[int], bool]
WIRE = {
    "payload": "",
    "payloadType": "application/vnd.coach-vault.closure.v1+json",
    "signatures": [{"keyid": "", "sig": "A" * 86 + "=="}],
}


def takes(read: Callable[[int], object]) -> Reader:
    """Whether nothing is said against so much. What else may be wrong with it is no matter of its length."""

    def ask(size: int) -> bool:
        try:
            read(size)
        except ValidationError as error:
            return not any(each["type"] in ("too_long", "less_than_equal") for each in error.errors())
        except Refused as refused:
            rules = {each["rule"] for each in refused.members.get("errors", ())}
            return refused.code != "too-large" and not rules & {"list_type", "header"}
        except FormatError as error:
            return "at most" not in str(error)
        return True

    return ask


def _request(headers: Mapping[str, str], body: bytes = b"") -> Request:
    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    raw = [(name.encode(), text.encode()) for name, text in headers.items()]
    return Request({"type": "http", "method": "PUT", "headers": raw, "query_string": b""}, receive)


def _announced(size: int) -> object:
    return read_announced(_request({"content-length": str(size), "content-digest": f"sha-256=:{'A' * 43}=:"}))


def _body(size: int) -> object:
    return asyncio.run(read_submission(_request({"content-type": "application/json"}, b" " * size)))


def _hex(count: int) -> list[str]:
    return [f"{number:032x}" for number in range(count)]


def _model(word: StatementType, **changes: Any) -> object:
    return MODELS[word].model_validate_json(json.dumps({**SAMPLES[word], **changes}))


def _attachments(count: int) -> object:
    each = {"sha256": "0" * 64, "size": 1}
    return _model(StatementType.ITEM, attachments=[{"id": name, **each} for name in _hex(count)])


def _escalation(hours: int) -> object:
    return _model(StatementType.ESCALATION, delay={"hours": hours, "reason": "safety"})


def _seals(count: int) -> object:
    return Submission.from_json({"statement": WIRE, "seals": [""] * count})


def _seal_refs(count: int) -> object:
    refs = [{"account": f"{number:064x}", "key": "0" * 32, "sha256": "0" * 64} for number in range(count)]
    return _model(StatementType.ITEM, seals=refs)


def _blob(size: int) -> None:
    require_blob_shape(make_blob(BlobKind.NOTE)[:64].ljust(size, b"\0"), BlobKind.NOTE)


def _keyring(size: int) -> None:
    require_keyring_shape(keyring_start(1).ljust(size, b"\0"), 1)


def _stored(make: Callable[[str], Any], maximum: int) -> Reader:
    texts = " ".join(str(each.sqltext) for each in make("c").constraints)
    return lambda size: size <= maximum and f"AND {maximum}" in texts


READERS: dict[str, tuple[Reader, ...]] = {
    "PAYLOAD_MAXIMUM_BYTES": (
        takes(lambda size: read_payload(b"a" * size)),
        _stored(columns.payload, limits.PAYLOAD_MAXIMUM_BYTES),
    ),
    "ENVELOPE_MAXIMUM_BYTES": (takes(lambda size: Envelope.parse(b" " * size)),),
    "NESTING_MAXIMUM": (takes(lambda depth: read_json(b"[" * depth + b"]" * depth)),),
    "LIST_MAXIMUM": (takes(_seals), takes(_seal_refs)),
    "ATTACHMENTS_MAXIMUM": (takes(_attachments),),
    "ERASED_ITEMS_MAXIMUM": (takes(lambda count: _model(StatementType.ERASURE, items=_hex(count))),),
    "INLINE_BUCKET_MAXIMUM_BYTES": (
        takes(lambda size: _blob(size + limits.BLOB_OVERHEAD_BYTES)),
        takes(lambda size: _keyring(size + limits.KEYRING_OVERHEAD_BYTES)),
    ),
    "BLOB_MAXIMUM_BYTES": (takes(_blob), _stored(columns.blob, limits.BLOB_MAXIMUM_BYTES)),
    "KEYRING_MAXIMUM_BYTES": (takes(_keyring), _stored(columns.keyring_blob, limits.KEYRING_MAXIMUM_BYTES)),
    "BODY_MAXIMUM_BYTES": (
        takes(_body),
        lambda size: not says_too_large("POST", Headers({"content-length": str(size)})),
    ),
    "PART_MAXIMUM_BYTES": (
        takes(_announced),
        lambda size: not says_too_large("PUT", Headers({"content-length": str(size)})),
    ),
    "PARTS_MAXIMUM": (takes(lambda n: TypeAdapter(PartPath).validate_python(str(n))),),
    "ENROLMENT_MAXIMUM_SECONDS": (takes(lambda n: EnrolmentRequest(expires_in_seconds=n)),),
    "ESCALATION_DELAY_MAXIMUM_HOURS": (takes(_escalation),),
    "PAGE_MAXIMUM": (takes(lambda n: TypeAdapter(Limit).validate_python(str(n))),),
}


def find_wrong() -> list[str]:
    """The limits of which some reader refuses the maximum, or takes one more."""
    return [
        f"{name}, reader {number}"
        for name, readers in READERS.items()
        for number, reads in enumerate(readers)
        if not reads(getattr(limits, name)) or reads(getattr(limits, name) + 1)
    ]
