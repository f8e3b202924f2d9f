"""The spellings in which a careless program could leave a line behind, and a leak of each for the control.

A leak is written by the encoder that a program would use, around more text; what is searched for is only that part of
it which the line alone decides. The two are made independently, so the control can fail.
"""

import base64
import json
from collections.abc import Callable, Mapping
from urllib.parse import quote, quote_plus

from tests.support.thief.lines import Line

_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def _base64(offset: int, *, url_safe: bool = False) -> Callable[[Line], bytes]:
    """The characters that are the same whatever stands before and behind, `offset` bytes into a group of three."""

    def spell(line: Line) -> bytes:
        encoded = base64.b64encode(bytes(offset) + line.raw)
        decided = encoded[(0, 2, 3)[offset] : (offset + len(line.raw)) * 8 // 6]
        return decided.translate(_URL_SAFE) if url_safe else decided

    return spell


def _json(line: Line, *, ascii_only: bool) -> bytes:
    return json.dumps(line.text, ensure_ascii=ascii_only)[1:-1].encode("utf-8", errors="replace")


SPELLINGS: Mapping[str, Callable[[Line], bytes]] = {
    "raw": lambda line: line.raw,
    "base64": _base64(0),
    "base64, 1 byte in": _base64(1),
    "base64, 2 bytes in": _base64(2),
    "base64url": _base64(0, url_safe=True),
    "base64url, 1 byte in": _base64(1, url_safe=True),
    "base64url, 2 bytes in": _base64(2, url_safe=True),
    "hex, lower case": lambda line: line.raw.hex().encode(),
    "hex, upper case": lambda line: line.raw.hex().upper().encode(),
    "URL-encoded": lambda line: quote(line.raw, safe="").encode(),
    "URL-encoded, path": lambda line: quote(line.raw).encode(),
    "URL-encoded, form": lambda line: quote_plus(line.raw).encode(),
    "UTF-16 LE": lambda line: line.text.encode("utf-16-le", errors="replace"),
    "UTF-16 BE": lambda line: line.text.encode("utf-16-be", errors="replace"),
    "JSON, ASCII": lambda line: _json(line, ascii_only=True),
    "JSON, UTF-8": lambda line: _json(line, ascii_only=False),
    "reversed": lambda line: line.text[::-1].encode("utf-8", errors="replace"),
}
"""What is searched for, of one line."""


def _leak_base64(before: bytes, altchars: bytes | None) -> Callable[[str], bytes]:
    return lambda text: base64.b64encode(before + text.encode() + b"\n.", altchars)


LEAKS: Mapping[str, Callable[[str], bytes]] = {
    "raw": lambda text: f"body: {text}\n".encode(),
    "base64": _leak_base64(b"a\n\n", None),
    "base64, 1 byte in": _leak_base64(b"\n", None),
    "base64, 2 bytes in": _leak_base64(b"\n\n", None),
    "base64url": _leak_base64(b"a\n\n", b"-_"),
    "base64url, 1 byte in": _leak_base64(b"\n", b"-_"),
    "base64url, 2 bytes in": _leak_base64(b"\n\n", b"-_"),
    "hex, lower case": lambda text: f"\n{text}\n".encode().hex().encode(),
    "hex, upper case": lambda text: base64.b16encode(f"\n{text}\n".encode()),
    "URL-encoded": lambda text: ("/v1/notes?body=" + quote(f"{text}\n", safe="")).encode(),
    "URL-encoded, path": lambda text: ("/v1/notes/" + quote(f"{text}\n")).encode(),
    "URL-encoded, form": lambda text: ("body=" + quote_plus(f"{text}\n")).encode(),
    "UTF-16 LE": lambda text: f"\n{text}\n".encode("utf-16-le"),
    "UTF-16 BE": lambda text: f"\n{text}\n".encode("utf-16-be"),
    "JSON, ASCII": lambda text: json.dumps({"body": f"{text}\n"}).encode(),
    "JSON, UTF-8": lambda text: json.dumps({"body": f"{text}\n"}, ensure_ascii=False).encode(),
    "reversed": lambda text: f"\n{text}\n"[::-1].encode(),
}
"""What a careless program leaves behind, of one text. `CONTROL` reads different in every row."""

CONTROL = '"§ 1" / ~~~>>>??? ÿ Ω: control of'
"""The beginning of a line that no two spellings write alike."""
