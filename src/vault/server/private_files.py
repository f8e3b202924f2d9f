"""What the server writes is its owner's alone, whatever the umask says: a database tells who works with whom."""

import os
from pathlib import Path

from vault.errors import VaultError

OWNER_ALONE = 0o600
OWNERS_FOLDER = 0o700
_OTHERS = 0o077


class OpenToOthersError(VaultError):
    """A file or folder that others on this machine may use, and that this program cannot close to them."""


def require_private_file(path: Path) -> None:
    """A file of its owner alone stands there afterwards: an empty new one, or what was there, closed to others.

    What stands there is never opened: closing a descriptor of a SQLite file would let go the locks that this process
    holds on it.

    Raises: OpenToOthersError; OSError where no file can be made.
    """
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ALONE))
    except FileExistsError:
        _close_to_others(path, OWNER_ALONE)


def require_private_folder(folder: Path) -> None:
    """A folder of its owner alone is there afterwards: a new one, or an empty one, closed to others.

    Who else needs the contents of one that holds something is its owner's to say, so such a folder is left as it is.

    Raises: OpenToOthersError; OSError where no folder can be made.
    """
    try:
        folder.mkdir(mode=OWNERS_FOLDER, parents=True)
    except FileExistsError:
        if _is_open(folder) and any(folder.iterdir()):
            raise OpenToOthersError(
                "others can enter that folder, and it holds something already; run `chmod 700` on it, or name a new one"
            ) from None
        _close_to_others(folder, OWNERS_FOLDER)


def _close_to_others(path: Path, mode: int) -> None:
    if not _is_open(path):
        return
    try:
        path.chmod(mode)
    except OSError:
        raise OpenToOthersError(
            f"others can use {path.name}, and only its owner can change that: run `chmod {mode:o}` on it as its owner"
        ) from None


def _is_open(path: Path) -> bool:
    return bool(path.stat().st_mode & _OTHERS)
