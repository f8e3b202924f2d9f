"""Read anybody's folder: what can be sealed as a note, and a sentence for everything that is odd."""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.thief.lines import Line, read_lines
from vault.protocol.limits import INLINE_BUCKET_MAXIMUM_BYTES

UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to be sealed: its path in the folder, as people can read it, and its bytes."""

    name: str
    content: bytes = field(repr=False)

    @property
    def media_type(self) -> str:
        """What the bytes are, as far as anybody can tell."""
        return "text/plain" if _is_text(self.content) else "application/octet-stream"

    def lines(self) -> list[Line]:
        """The lines that tell something."""
        return list(read_lines(self.content))


def read_folder(folder: Path, say: Say) -> list[InputFile]:
    """All regular files below `folder`, by path; `say` is told a sentence for each that is left out or is odd."""
    files: list[InputFile] = []
    for path in _walk(folder, say):
        name = _printable(path.relative_to(folder))
        content = _read(path, name, say)
        if content is not None:
            files.append(InputFile(name, content))
            for sentence in _oddities(name, content):
                say(sentence)
    return files


def _walk(folder: Path, say: Say) -> list[Path]:
    paths: list[Path] = []
    for parent, folders, names in os.walk(folder, onerror=lambda _: say("a folder cannot be read: left out")):
        hidden = [name for name in folders + names if name.startswith(".")]
        if hidden:
            say(f"{len(hidden)} hidden in {_printable(Path(parent).relative_to(folder))}: left out")
        links = [name for name in folders + names if Path(parent, name).is_symlink()]
        for name in sorted(links):
            say(f"{_printable(Path(parent, name).relative_to(folder))}: a link: left out")
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in links)
        paths += [Path(parent, name) for name in sorted(names) if not name.startswith(".") and name not in links]
    return paths


def _read(path: Path, name: str, say: Say) -> bytes | None:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            say(f"{name}: not a file: left out")
            return None
        if status.st_size > INLINE_BUCKET_MAXIMUM_BYTES:
            say(f"{name}: {status.st_size:,} bytes are too large for a note, which holds 262,144: left out")
            return None
        return path.read_bytes()
    except OSError as error:
        say(f"{name}: cannot be read ({error.strerror}): left out")
        return None


def _oddities(name: str, content: bytes) -> list[str]:
    found = []
    if UNPRINTABLE in name:
        found.append("has an odd name, shown with replacement characters")
    if not content:
        found.append("is empty; it becomes a note of the same stored size as any short one")
    elif not _is_text(content):
        found.append("is no UTF-8 text; its bytes are sealed as they are")
    elif any(content.startswith(mark) for mark in _MARKS):
        found.append("begins with a byte order mark, which is kept")
    if b"\r\n" in content and _is_text(content):
        found.append("has Windows line ends, which are kept")
    return [f"{name}: {sentence}" for sentence in found]


def _is_text(content: bytes) -> bool:
    if content.startswith(_MARKS[1:]):
        return len(content) % 2 == 0
    try:
        return "\0" not in content.decode("utf-8")
    except UnicodeDecodeError:
        return False


def _printable(path: Path) -> str:
    return "".join(each if each.isprintable() else UNPRINTABLE for each in path.as_posix())
