"""Lines of files: what the search looks for.

Text is read as UTF-8, as UTF-16 where a byte order mark says so, and as one character a byte where it is neither.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

SHORTEST_CHARACTERS = 12
LONGEST_CHARACTERS = 120
FEWEST_DIFFERENT = 4

_LINE_END = re.compile(r"\r\n|\r|\n")
_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


@dataclass(frozen=True, slots=True)
class Line:
    """A stripped line as text, and the bytes that spell it in its file."""

    text: str
    raw: bytes


def read_lines(content: bytes) -> Iterator[Line]:
    """Every line of a file that tells something: 12 characters and more, at least 4 of them different."""
    encoding, text = _decode(content)
    for line in _LINE_END.split(text):
        stripped = line.strip()
        if len(stripped) >= SHORTEST_CHARACTERS and len(set(stripped)) >= FEWEST_DIFFERENT:
            yield Line(stripped, stripped.encode(encoding))


def text_line(text: str) -> Line:
    """A line of the program's own."""
    return Line(text, text.encode("utf-8"))


def cut(lines: Iterable[Line]) -> Iterator[tuple[int, Line]]:
    """The same lines with their numbers, long ones in pieces: a database tears long texts apart at its pages."""
    for number, line in enumerate(lines):
        if len(line.text) <= LONGEST_CHARACTERS:
            yield number, line
            continue
        width = len(line.raw) // len(line.text) if len(line.raw) % len(line.text) == 0 else 0
        for start in range(0, len(line.text), LONGEST_CHARACTERS):
            start = min(start, len(line.text) - LONGEST_CHARACTERS)
            text = line.text[start : start + LONGEST_CHARACTERS]
            raw = line.raw[start * width : (start + LONGEST_CHARACTERS) * width] if width else text.encode("utf-8")
            yield number, Line(text, raw)


def _decode(content: bytes) -> tuple[str, str]:
    for mark, encoding in _UTF_16.items():
        if content.startswith(mark):
            return encoding, content[2:].decode(encoding, errors="replace")
    try:
        return "utf-8", content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "latin-1", content.decode("latin-1")
