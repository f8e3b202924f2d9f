"""How the command speaks: results on standard output, as lines or as one JSON object; all else on standard error.

This is the one way out, and it makes all texts harmless: no text of another person, in a result, an advice or an error,
can move the cursor, hide a line or become a link. Callers see to line breaks alone: `one_line` for what is one line.
"""

import json
import re
import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any, TextIO

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from vault.client.cli.choices import Choices
from vault.client.errors import UsageError
from vault.client.showing import moment, one_line, printable

__all__ = ["moment", "one_line", "printable"]

LONG_SEARCH_BUNDLES = 256


def say(choices: Choices, lines: str | Iterable[str], members: dict[str, Any]) -> None:
    """The result: lines for a person, or the members as the one JSON object."""
    if choices.as_json:
        say_json(members)
    else:
        text = lines if isinstance(lines, str) else "\n".join(lines)
        if text:
            _write(text, sys.stdout)


def say_json(members: dict[str, Any]) -> None:
    """The members as the one JSON object on standard output."""
    typer.echo(spell_json(members, sys.stdout.encoding))


def hand_over(text: str) -> None:
    """Text for another program, exactly: made here, in ASCII."""
    typer.echo(text)


def spell_json(members: dict[str, Any], encoding: str | None) -> str:
    """One line of JSON that loses nothing: what a terminal acts on, and all that `encoding` may lack, by number."""
    is_utf8 = (encoding or "").lower().replace("_", "-") in ("utf-8", "utf8")
    text = json.dumps(members, ensure_ascii=not is_utf8, default=_plain)
    return "".join(symbol if _is_quiet(symbol) else json.dumps(symbol)[1:-1] for symbol in text)


def _plain(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _is_quiet(symbol: str) -> bool:
    category = unicodedata.category(symbol)
    return category[0] != "C" and category not in ("Zl", "Zp")


def advise(choices: Choices, line: str) -> None:
    """A line beside the result, for a person."""
    if not choices.quiet:
        tell(line)


def tell(text: str) -> None:
    """What a person must hear whatever was chosen: what failed, and why."""
    _write(text, sys.stderr)


def _write(text: str, stream: TextIO) -> None:
    shown = printable(text)
    if is_a_terminal(stream):
        shown = "\n".join(wrapped(line, terminal_columns()) for line in shown.split("\n"))
    typer.echo(shown, file=stream)


def is_a_terminal(stream: TextIO) -> bool:
    """Whether a person reads it as it comes."""
    return stream.isatty()


def wrapped(line: str, columns: int) -> str:
    """The line, broken between words where it is wider than that, each row under the first word of the one before.

    A word that is wider alone, an id or a code, stays whole: the terminal breaks it, and nothing of it is lost.
    """
    if cell_len(line) <= columns:
        return line
    indent = line[: len(line) - len(line.lstrip(" "))]
    rows = [""]
    for word in re.findall(r"\S+\s*|\s+", line):
        if rows[-1].strip() and cell_len(rows[-1] + word.rstrip()) > columns:
            rows.append(indent)
        rows[-1] += word
    return "\n".join(row.rstrip() for row in rows)


def tell_search(choices: Choices) -> Callable[[int, int], None]:
    """Says of a search of the log how far it is, ten times, where it takes long enough to be wondered about."""

    def tell(done: int, total: int) -> None:
        if total >= LONG_SEARCH_BUNDLES and done * 10 // total > (done - 1) * 10 // total:
            advise(choices, f"searching the log for what a server could withhold: {100 * done // total} %")

    return tell


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


def end(seconds: int | None) -> str:
    """When something ends, in words."""
    return "no end date" if seconds is None else f"until {moment(seconds)} UTC"


class Declined(Exception):
    """A person was asked and said no: nothing was signed, and nothing is wrong."""


def agree(choices: Choices, question: str, yes: bool, option: str = "--yes") -> None:
    """Go on after a yes. Raises: UsageError where nobody can be asked; Declined after a no."""
    if yes:
        return
    if not can_ask(choices):
        raise UsageError(f"nobody can be asked here; read what is shown, then add {option}")
    if not typer.confirm(printable(question), err=True):
        raise Declined


def can_ask(choices: Choices) -> bool:
    """Whether somebody sits there who answers."""
    return not choices.as_json and typer.get_text_stream("stdin").isatty()


def progress(choices: Choices) -> Progress:
    """A bar on standard error; it draws nothing where it is not wanted, and rich honours NO_COLOR."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=choices.quiet or not console.is_terminal,
    )
