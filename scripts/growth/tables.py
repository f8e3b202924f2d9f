"""The tables of docs/scaling.md as Markdown, by name."""

from collections.abc import Callable, Iterable, Sequence

from scripts.growth import assumptions as given
from scripts.growth.reckoning import (
    BUNDLED_ENTRY_BYTES,
    ENGAGEMENT_ENTRIES_A_YEAR,
    ENTRY_BYTES,
    STATEMENTS_A_YEAR,
    TILE_BYTES_A_LEAF,
    Year,
    accounts_of,
    acts_a_year,
    coachees_within_database,
    coachees_within_rate,
    coachees_within_search,
    depth,
    logs_for,
    receipt_bytes,
)

_SPANS = (1, given.YEARS_KEPT, 10)
_Cell = Callable[[Year], str]
_MEASURED = (
    ("an engagement of three: contract and assents", given.BEGIN),
    ("a note of 4 KiB, sealed to two", given.NOTE),
    ("a disclosure of 4 KiB and its opening", given.DISCLOSURE),
    ("a person: keys, keyring, two slots", given.JOIN),
    ("the next keyring, which replaces the one before", given.KEYRING),
)


def render_tables() -> dict[str, str]:
    """Every table by its name, each ending in a newline."""
    years = [Year(coachees) for coachees in given.COACHEES]
    sharded = [Year(coachees, logs_for(coachees)) for coachees in given.COACHEES]
    return {
        "assumptions": _table(
            ("", "figure", ""),
            [(what, figure, "assumed") for what, figure in given.ASSUMED]
            + [(what, figure, "chosen") for what, figure in given.CHOSEN],
        ),
        "measured": _table(
            ("one act", "statements", "bytes in it", "SQLite stores", "PostgreSQL stores"),
            [
                (what, str(one.statements), *map(_exact, (one.content_bytes, one.sqlite_bytes, one.postgresql_bytes)))
                for what, one in _MEASURED
            ],
        ),
        "leaf": _table(
            ("one statement adds to the log", "bytes"),
            [
                ("an entry: tag and commitment", f"{ENTRY_BYTES}"),
                ("as the entry bundles spell it", f"{BUNDLED_ENTRY_BYTES}"),
                ("hashes in tiles of all levels", f"{TILE_BYTES_A_LEAF:.1f}"),
                *(
                    (f"a receipt among {_count(leaves)} leaves, on average", _exact(receipt_bytes(leaves)))
                    for leaves in (10**6, 10**9, 10**11)
                ),
            ],
        ),
        "statements": _table(
            ("a coachee and its share of others, in a year", "acts", "statements"),
            [
                (what, f"{times:.1f}", f"{weight.statements * times:.1f}")
                for what, (weight, times) in acts_a_year().items()
            ]
            + [("**together**", "", f"**{STATEMENTS_A_YEAR:.0f}**")],
        ),
        "rates": _columns(
            years,
            ("accounts", lambda year: _count(accounts_of(year.coachees))),
            ("statements a year", lambda year: _count(year.statements)),
            ("writes a second, on average", lambda year: _rate(year.writes_a_second)),
            ("writes in the busiest second", lambda year: _rate(year.peak_a_second)),
        ),
        "storage": _columns(
            years,
            ("rows on SQLite", lambda year: _bytes(year.rows_bytes("sqlite"))),
            ("rows on PostgreSQL", lambda year: _bytes(year.rows_bytes("postgresql"))),
            ("of these, receipts", lambda year: _bytes(year.receipts_bytes)),
            ("the log as files: bundles and tiles", lambda year: _bytes(year.files_bytes)),
            ("attachments, in the blob store", lambda year: _bytes(year.attachments_bytes)),
        ),
        "one log": _columns(
            years,
            (f"leaves after {given.YEARS_KEPT} years", lambda year: _count(year.leaves_of_a_log)),
            ("levels of its tree", lambda year: str(depth(year.leaves_of_a_log))),
            ("a receipt, on average", lambda year: _bytes(receipt_bytes(year.leaves_of_a_log))),
            ("new leaves a day", lambda year: _count(year.statements / 365)),
            ("what a search downloads a day", lambda year: _bytes(year.search_bytes_a_day)),
            ("what the search of a whole year downloads", lambda year: _bytes(year.search_bytes_a_day * 365)),
        ),
        "journals": _table(
            ("of one engagement", "after 1 year", f"after {given.YEARS_KEPT} years", "after 10 years"),
            [
                ("entries", *(_count(ENGAGEMENT_ENTRIES_A_YEAR * years) for years in _SPANS)),
                ("a new device downloads", *(_bytes(_journal_bytes(years)) for years in _SPANS)),
                (
                    f"a coach with {given.COACHEES_OF_A_COACH} coachees downloads",
                    *(_bytes(_journal_bytes(years) * given.COACHEES_OF_A_COACH) for years in _SPANS),
                ),
            ],
        ),
        "limits": _table(
            ("what ends first", "the line", "reached at"),
            [
                (
                    "the search of one log",
                    f"{_bytes(given.SEARCH_BYTES_A_DAY)} a day",
                    f"{_count(coachees_within_search())} coachees",
                ),
                (
                    "one SQLite file",
                    _bytes(given.DATABASE_BYTES),
                    f"{_count(coachees_within_database('sqlite'))} coachees",
                ),
                (
                    "one PostgreSQL",
                    _bytes(given.DATABASE_BYTES),
                    f"{_count(coachees_within_database('postgresql'))} coachees",
                ),
                (
                    "one order of statements",
                    f"{given.WRITES_A_SECOND:,} writes a second",
                    f"{_count(coachees_within_rate())} coachees",
                ),
            ],
        ),
        "shards": _columns(
            sharded,
            ("logs", lambda year: f"{year.logs:,}"),
            ("coachees of one log", lambda year: _count(year.coachees / year.logs)),
            ("writes in its busiest second", lambda year: _rate(year.peak_a_second / year.logs)),
            ("its rows a year on PostgreSQL", lambda year: _bytes(year.rows_bytes("postgresql") / year.logs)),
            ("its search downloads a day", lambda year: _bytes(year.search_bytes_a_day)),
            ("databases, of all years that are kept", lambda year: f"{_databases(year):,}"),
            ("cosignatures a second of each witness, one a minute for each log", lambda year: _rate(year.logs / 60)),
        ),
    }


def _journal_bytes(years: float) -> float:
    entries = ENGAGEMENT_ENTRIES_A_YEAR * years
    return entries * (given.ENTRY_JSON_BYTES + receipt_bytes(10**6))


def _databases(year: Year) -> int:
    return max(round(year.rows_bytes("postgresql") * given.YEARS_KEPT / given.DATABASE_BYTES + 0.5), 1)


def _columns(years: Sequence[Year], *lines: tuple[str, _Cell]) -> str:
    """One column for each number of coachees."""
    headers = ("coachees", *(f"{year.coachees:,}" for year in years))
    return _table(headers, [(what, *(cell(year) for year in years)) for what, cell in lines])


def _table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    rule = ["---", *("---:" for _ in headers[1:])]
    lines = [headers, rule, *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _exact(number: float) -> str:
    return f"{number:,.0f}"


def _count(number: float) -> str:
    """Two digits, or three below ten thousand, in words for what is large."""
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if number >= size:
            return f"{_digits(number / size)} {word}"
    return f"{float(f'{number:.2g}'):,.0f}"


def _bytes(number: float) -> str:
    for size, unit in ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if number >= size:
            return f"{_digits(number / size)} {unit}"
    return f"{number:.0f} B"


def _rate(number: float) -> str:
    return f"{float(f'{number:.2g}'):,.10g}"


def _digits(number: float) -> str:
    return f"{float(f'{number:.2g}'):,.10g}"
