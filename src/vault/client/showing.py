"""How what others chose is shown: texts without anything that a terminal acts on, and times, whatever was signed.

Each function here is total: there is no text and no number for which it raises.
"""

import unicodedata
from datetime import UTC, datetime

_SHOWN_AS_THEY_ARE = "\n\t"
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_JOINERS = "\u200c\u200d"
_VIRAMA = 9
"""The combining class of the marks that end a syllable in the scripts of India: a joiner beside one is spelling."""
_PICTURES = frozenset({"So", "Sk"})
_AS_PICTURE = "\ufe0f"
_CALENDAR_YEARS, _CALENDAR_SECONDS = 400, 146_097 * 86_400
"""After 400 years the calendar begins anew, with the same days and leap years."""


def printable(text: str) -> str:
    """The text with everything that a terminal would act on spelled out by its number.

    Joiners stay where a script or a picture is written with them, and nowhere else: elsewhere they only hide.
    """
    symbols = text.replace("\r\n", "\n")
    return "".join(_shown(symbols, place) for place in range(len(symbols)))


def one_line(text: str) -> str:
    """As `printable`, without line breaks."""
    return printable(text).replace("\n", "\\n").replace("\t", " ")


def moment(seconds: int) -> str:
    """A time in UTC, to the minute: 2026-11-24 21:55."""
    year, rest = _year_and_rest(seconds)
    return f"{year:04}-{rest:%m-%d %H:%M}"


def day(seconds: int) -> str:
    """A day in UTC, such as 2026-11-24."""
    year, rest = _year_and_rest(seconds)
    return f"{year:04}-{rest:%m-%d}"


def _year_and_rest(seconds: int) -> tuple[int, datetime]:
    """The year, and a time of the same month, day and clock in a year that a `datetime` can hold."""
    rounds, within = divmod(seconds, _CALENDAR_SECONDS)
    rest = datetime.fromtimestamp(within, UTC)
    return rest.year + rounds * _CALENDAR_YEARS, rest


def _spelled(symbol: str) -> str:
    """One symbol by its number, as JSON and Python spell it."""
    number = ord(symbol)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _shown(symbols: str, place: int) -> str:
    symbol = symbols[place]
    if symbol in _SHOWN_AS_THEY_ARE or unicodedata.category(symbol) not in _HIDDEN:
        return symbol
    if symbol in _JOINERS and _joins(symbols[max(0, place - 1) : place], symbols[place + 1 : place + 2]):
        return symbol
    return _spelled(symbol)


def _joins(last: str, after: str) -> bool:
    """Whether a joiner between the two is spelling: beside a virama, between Arabic letters, between pictures."""
    if any(each and unicodedata.combining(each) == _VIRAMA for each in (last, after)):
        return True
    if not last or not after:
        return False
    if unicodedata.bidirectional(last) == unicodedata.bidirectional(after) == "AL":
        return True
    is_picture = last == _AS_PICTURE or unicodedata.category(last) in _PICTURES
    return is_picture and not last.isascii() and unicodedata.category(after) == "So"
