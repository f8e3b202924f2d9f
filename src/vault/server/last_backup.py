"""When the newest backup was taken, as a file in the data folder: whoever watches the server is told its age."""

from pathlib import Path

from vault.encoding import read_decimal
from vault.errors import EncodingError
from vault.server.private_files import require_private_file

_FILE = "last-backup"


def keep_last_backup(folder: Path, made: int) -> None:
    """From now on the newest backup is of `made`, Unix seconds. Raises: OSError where it cannot be written."""
    beside = folder / f"{_FILE}.new"
    require_private_file(beside)
    beside.write_text(f"{made}\n", encoding="ascii")
    beside.replace(folder / _FILE)


def find_last_backup(folder: Path) -> int | None:
    """Of which moment the newest backup is, None before the first."""
    try:
        return read_decimal((folder / _FILE).read_text(encoding="ascii").strip())
    except (OSError, ValueError, EncodingError):
        return None
