"""Passphrases and typed codes: asked without echo, or read from a file, never taken from the command line."""

import secrets
import sys
from getpass import getpass
from pathlib import Path

import typer

from vault.client.cli.choices import Choices
from vault.client.crypto.passphrase import new_passphrase
from vault.client.device.codes import INVITATION, KIT, RECOVERY, Prefix, find_prefix, read_code
from vault.client.errors import CodeError, UsageError

_FILE_MAXIMUM_BYTES = 4_096


def read_passphrase(choices: Choices) -> str:
    """The passphrase of an identity that is there. Raises: UsageError where nobody can be asked."""
    if choices.passphrase_file is not None:
        return read_secret_file(choices.passphrase_file)
    return ask("Passphrase: ")


def choose_passphrase(file: Path | None, option: str) -> tuple[str, bool]:
    """A new passphrase, and whether it was made here and is to be shown. Raises: UsageError.

    At a terminal it is asked twice; nothing typed means eight random words.
    """
    if file is not None:
        return read_secret_file(file), False
    first = ask("New passphrase (press Enter to get eight random words): ", option)
    if not first:
        return new_passphrase(secrets.token_bytes), True
    if ask("Once more: ") != first:
        raise UsageError("the two are not the same; nothing was changed")
    return first, False


def ask(question: str, option: str = "--passphrase-file FILE") -> str:
    """What was typed, without echo. Raises: UsageError without a terminal."""
    if not sys.stdin.isatty():
        raise UsageError(f"there is no terminal to ask at; give {option}")
    try:
        return getpass(question)
    except EOFError:
        raise typer.Abort from None


def read_secret_file(path: Path) -> str:
    """The one line of a file, without its line break. Raises: UsageError."""
    text = _read_short_text(path)
    line = text.partition("\n")[0].rstrip("\r")
    if not line or text.strip() != line.strip():
        raise UsageError("expected a file with exactly one line")
    return line


def read_kit_or_recovery_code(file: Path | None) -> str:
    """A typed code from a file, or asked for row by row, as it was shown. Raises: UsageError."""
    if file is not None:
        return _read_short_text(file)
    return _ask_rows("Kit or recovery code: ", "--kit FILE or --recovery-code FILE")


def read_invitation() -> str:
    """An invitation, asked for row by row: so it stands in no list of processes and no history. Raises: UsageError."""
    return _ask_rows("Invitation: ", "it as CODE, in single quotes")


def _ask_rows(question: str, otherwise: str) -> str:
    rows = [ask(question, otherwise)]
    while rows[-1] and not _is_whole("".join(rows)):
        rows.append(ask("Next row (Enter if that was all): "))
    return "".join(rows)


def is_recovery_code(text: str) -> bool:
    """Whether the code says of itself that it is one."""
    return find_prefix(text) == RECOVERY


def _is_whole(text: str) -> bool:
    return any(_is_code(text, prefix) for prefix in (KIT, RECOVERY, INVITATION))


def _is_code(text: str, prefix: Prefix) -> bool:
    try:
        read_code(text, prefix)
    except CodeError:
        return False
    return True


def _read_short_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(_FILE_MAXIMUM_BYTES + 1)
    except OSError as error:
        raise UsageError(f"the file with the secret cannot be read: {error.strerror}") from None
    if len(raw) > _FILE_MAXIMUM_BYTES:
        raise UsageError(f"expected a file of at most {_FILE_MAXIMUM_BYTES} bytes")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError("expected a file of UTF-8") from None
