"""Rows that fit a terminal: ids by the digits that tell them apart, and texts that are cut before they break a line."""

import sys
from collections.abc import Iterable

from rich.cells import cell_len, set_cell_size

from vault.client.cli.speaking import terminal_columns

SHORT_DIGITS = 8
CUT_MINIMUM_COLUMNS = 28
"""Less says nothing: a row that leaves no room for so much goes on in a second line."""


def shorten(ids: Iterable[str]) -> dict[str, str]:
    """The first digits of each id, at least eight, and as many as no other id of the list begins with."""
    known = sorted(set(ids))
    shown: dict[str, str] = {}
    for place, one in enumerate(known):
        beside = known[max(0, place - 1) : place] + known[place + 1 : place + 2]
        digits = SHORT_DIGITS
        while any(other.startswith(one[:digits]) for other in beside):
            digits += 1
        shown[one] = one[:digits]
    return shown


def fit(row: str, text: str) -> str:
    """The row with the text behind it, cut where a terminal would break it; a file or a pipe gets all of it."""
    columns = max(CUT_MINIMUM_COLUMNS, terminal_columns() - cell_len(row))
    if not sys.stdout.isatty() or cell_len(text) <= columns:
        return f"{row}{text}".rstrip()
    return f"{row}{set_cell_size(text, columns - 1).rstrip()}…"
