"""Files of this device: which ones a person means, whether they are text, and new ones that replace nothing."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from vault.client.errors import UsageError


def list_files(paths: Iterable[Path]) -> list[Path]:
    """Every file that was named or lies below a named folder, once, in the order of its name.

    Inside folders names with a leading dot and links are left out: a link could bring a file of another place into a
    note that somebody else reads. What was named itself is taken.
    """
    found: dict[str, Path] = {}
    for path in paths:
        for file in _walk(path) if path.is_dir() else [path]:
            found.setdefault(os.path.abspath(file), file)
    return list(found.values())


def _walk(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found = (Path(place) / name for name in sorted(files) if not name.startswith("."))
        yield from (path for path in found if not path.is_symlink())


def list_links(paths: Iterable[Path]) -> list[Path]:
    """The links inside the named folders, which `list_files` leaves out."""
    return [
        Path(place) / name
        for path in paths
        for place, folders, files in os.walk(path)
        for name in sorted(folders + files)
        if not name.startswith(".") and (Path(place) / name).is_symlink()
    ]


def read_regular_file(path: Path, maximum_bytes: int) -> bytes:
    """The bytes of a file. Raises: UsageError for what is no file, cannot be read, or is longer than that."""
    try:
        if not path.is_file():
            raise UsageError("this is no regular file")
        with path.open("rb") as file:
            content = file.read(maximum_bytes + 1)
    except OSError as error:
        raise UsageError(f"this file cannot be read: {error.strerror}") from None
    if len(content) > maximum_bytes:
        raise UsageError(f"this file is too large: a note holds at most {maximum_bytes // 1024} KiB")
    return content


def is_text(content: bytes) -> bool:
    """Whether it is UTF-8 without zero bytes."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\0" not in content


def title_of(path: Path) -> str:
    """The file's name as text; bytes that are no UTF-8 are replaced."""
    return "" if str(path) == "-" else os.fsencode(path.name).decode("utf-8", errors="replace")


def key_of(path: Path) -> str:
    """The absolute path as text; bytes that are no UTF-8 are spelled out, so that two names stay two."""
    return os.fsencode(os.path.abspath(path)).decode("utf-8", errors="backslashreplace")


def require_new_file(path: Path | None) -> None:
    """Return unless something is there already, which is looked at before anything is signed. Raises: UsageError."""
    if path is not None and path.exists():
        raise UsageError("that file is there already; nothing is overwritten")


def write_new_file(path: Path, content: bytes) -> None:
    """Write a file that was not there, for its owner alone. Raises: UsageError."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except FileExistsError:
        raise UsageError("that file is there already; nothing is overwritten") from None
    except OSError as error:
        raise UsageError(f"that file cannot be written: {error.strerror}") from None
