"""Read uploaded content: its length and hash are announced in headers, and it must arrive within a time limit."""

import re
from dataclasses import dataclass

from fastapi import Request

from vault.encoding import read_base64
from vault.errors import EncodingError
from vault.protocol.limits import HASH_BYTES, PART_MAXIMUM_BYTES
from vault.protocol.problems import Code, Refused, broken_schema

CONTENT_TYPE = "application/octet-stream"
CONTENT_SECONDS = 600.0
"""How long a part may take to come in: 8 MiB over a slow line."""
_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):", re.ASCII)
_LENGTH = re.compile(rf"[1-9][0-9]{{0,{len(str(PART_MAXIMUM_BYTES)) - 1}}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Announced:
    """What the headers of a request say of its body: bytes, and SHA-256."""

    size: int
    sha256: bytes


def read_announced(request: Request) -> Announced:
    """Length and digest of the body that is to come.

    Raises: Refused(schema) where `Content-Length` or `Content-Digest` is missing, empty or of another form;
    Refused(too-large).
    """
    lengths, digests = (request.headers.getlist(name) for name in ("content-length", "content-digest"))
    length = _LENGTH.fullmatch(lengths[0]) if len(lengths) == 1 else None
    digest = _DIGEST.fullmatch(digests[0]) if len(digests) == 1 else None
    if length is None:
        raise _refused("content-length")
    if digest is None:
        raise _refused("content-digest")
    if int(length[0]) > PART_MAXIMUM_BYTES:
        raise Refused(Code.TOO_LARGE)
    try:
        return Announced(int(length[0]), read_base64(digest[1], HASH_BYTES))
    except EncodingError:
        raise _refused("content-digest") from None


def _refused(name: str) -> Refused:
    return broken_schema(f"/headers/{name}", "header")
