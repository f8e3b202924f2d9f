"""How the command speaks: results on standard output, as lines or as one JSON object; all else on standard error.

Texts come from other people. Control characters and direction marks in them are shown as what they are, so that no text
can move the cursor, hide a line or pass for a word of this program.
"""

import json
import shutil
import unicodedata
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from vault.client.cli.choices import Choices
from vault.client.errors import UsageError

LONG_SEARCH_BUNDLES = 256
_SHOWN_AS_THEY_ARE = "\n\t"
_HIDDEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}


def say(choices: Choices, lines: str | Iterable[str], members: dict[str, Any]) -> None:
    """The result: lines for a person, or the members as the one JSON object."""
    if choices.as_json:
        typer.echo(json.dumps(members, ensure_ascii=False, default=bytes.hex))
    else:
        text = lines if isinstance(lines, str) else "\n".join(lines)
        if text:
            typer.echo(text)


def advise(choices: Choices, line: str) -> None:
    """A line beside the result, for a person."""
    if not choices.quiet:
        typer.echo(line, err=True)


def tell_search(choices: Choices) -> Callable[[int, int], None]:
    """Says of a search of the log how far it is, ten times, where it takes long enough to be wondered about."""

    def tell(done: int, total: int) -> None:
        if total >= LONG_SEARCH_BUNDLES and done * 10 // total > (done - 1) * 10 // total:
            advise(choices, f"searching the log for what a server could withhold: {100 * done // total} %")

    return tell


def printable(text: str) -> str:
    """The text with everything that a terminal would act on spelled out by its number."""
    return "".join(_shown(symbol) for symbol in text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """As `printable`, without line breaks."""
    return printable(text).replace("\n", "\\n").replace("\t", " ")


def _shown(symbol: str) -> str:
    if symbol in _SHOWN_AS_THEY_ARE or unicodedata.category(symbol) not in _HIDDEN:
        return symbol
    number = ord(symbol)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def terminal_columns() -> int:
    """How wide a person's terminal is, or 80 where that is not known."""
    return shutil.get_terminal_size().columns


def code_rows(code: str, columns: int) -> list[str]:
    """A typed code in rows that fit, broken between its groups: line breaks do not matter when it is read or typed."""
    rows: list[str] = []
    for group in code.split("-"):
        if rows and len(rows[-1]) + 1 + len(group) <= columns:
            rows[-1] += f"-{group}"
        else:
            rows.append(group)
    return rows


def moment(seconds: int) -> str:
    """A time in UTC, to the minute: 2026-11-24 21:55."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


def end(seconds: int | None) -> str:
    """When something ends, in words."""
    return "no end date" if seconds is None else f"until {moment(seconds)} UTC"


def agree(choices: Choices, question: str, yes: bool) -> None:
    """Go on after a yes. Raises: UsageError where nobody can be asked; Abort after a no."""
    if yes:
        return
    if choices.as_json or not typer.get_text_stream("stdin").isatty():
        raise UsageError("nobody can be asked here; read what is shown, then add --yes")
    typer.confirm(question, abort=True, err=True)


def progress(choices: Choices) -> Progress:
    """A bar on standard error; it draws nothing where it is not wanted, and rich honours NO_COLOR."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=choices.quiet or not console.is_terminal,
    )
