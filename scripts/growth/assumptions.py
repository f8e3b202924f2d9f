"""What docs/scaling.md reckons with, each figure with where it is from. Whoever knows better changes it here.

Assumed: nobody has measured how people coach. Measured: by `scripts/scaling --measure`, on a real database of each
engine. Chosen: a line that somebody has to draw.
"""

from typing import NamedTuple

COACHEES = (10_000, 1_000_000, 100_000_000)

# Assumed, of one coachee

SESSIONS_A_MONTH = 2
NOTES_A_SESSION = 3
VERSIONS_A_NOTE = 1.5
DISCLOSURES_A_MONTH = 1
KEYRINGS_A_MONTH = 2
ENGAGEMENTS_A_YEAR = 1
NEW_ACCOUNTS_A_YEAR = 0.5
ATTACHMENTS_MIB_A_MONTH = 2
COACHEES_OF_A_COACH = 20
COACHEES_OF_A_SPONSOR = 50
PEAK_FACTOR = 10

# Chosen

SEARCH_BYTES_A_DAY = 10**6
DATABASE_BYTES = 10**12
WRITES_A_SECOND = 130
YEARS_KEPT = 3


class Weight(NamedTuple):
    """One act: how many statements, the bytes that they consist of, and what each engine takes for them.

    Receipts are not in it, because they grow with the log.
    """

    statements: int
    content_bytes: int
    sqlite_bytes: int
    postgresql_bytes: int


# Measured

BEGIN = Weight(4, 14_331, 21_549, 23_485)
NOTE = Weight(1, 8_477, 10_650, 13_559)
DISCLOSURE = Weight(2, 9_328, 12_103, 14_530)
JOIN = Weight(2, 10_222, 13_408, 13_285)
KEYRING = Weight(1, 1_201, 1_963, 2_547)
ENTRY_JSON_BYTES = 3_451

ASSUMED: tuple[tuple[str, str], ...] = (
    ("sessions a month", f"{SESSIONS_A_MONTH}"),
    ("notes a session, of 4 KiB, sealed to two", f"{NOTES_A_SESSION}"),
    ("versions that a note comes to have", f"{VERSIONS_A_NOTE}"),
    ("summaries disclosed a month, each opened once", f"{DISCLOSURES_A_MONTH}"),
    ("engagements begun a year, each of three who assent", f"{ENGAGEMENTS_A_YEAR}"),
    ("keyrings written a month, of every account", f"{KEYRINGS_A_MONTH}"),
    ("new accounts a year for each account there is", f"{NEW_ACCOUNTS_A_YEAR}"),
    ("MiB of attachments a month", f"{ATTACHMENTS_MIB_A_MONTH}"),
    ("coachees of one coach, and of one sponsor", f"{COACHEES_OF_A_COACH}, {COACHEES_OF_A_SPONSOR}"),
    ("the busiest second, as a multiple of the average one", f"{PEAK_FACTOR}"),
)
CHOSEN: tuple[tuple[str, str], ...] = (
    ("what a device may download a day to search a log", f"{SEARCH_BYTES_A_DAY // 10**6} MB"),
    ("how large a database may be, to be copied in an hour or two", f"{DATABASE_BYTES // 10**12} TB"),
    ("writes a second that one order of statements has to take", f"{WRITES_A_SECOND:,}"),
    ("years that are kept", f"{YEARS_KEPT}"),
)
