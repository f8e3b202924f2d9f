"""From the assumptions to statements, bytes and rates. Everything here is arithmetic; the tables spell it out."""

import math
from dataclasses import dataclass

from scripts.growth import assumptions as given
from vault.tlog.checkpoint import Checkpoint, sign_checkpoint
from vault.tlog.hashing import HASH_BYTES
from vault.tlog.proof import TlogProof
from vault.tlog.tiles import TILE_WIDTH

MONTHS, DAYS = 12, 365
SECONDS_A_YEAR = DAYS * 86_400
ORIGIN = "vault.example/log"
ENTRY_BYTES = 64
BUNDLED_ENTRY_BYTES = 2 + ENTRY_BYTES
"""As the entry bundles of the log spell one: a length, then the entry."""
TILE_BYTES_A_LEAF = HASH_BYTES * TILE_WIDTH / (TILE_WIDTH - 1)
"""Level 0 has a hash of each leaf, every level above a 256th of the one below."""


def acts_a_year() -> dict[str, tuple[given.Weight, float]]:
    """What one coachee, with its share of a coach and of a sponsor, brings about in a year."""
    accounts = accounts_of(1)
    notes = given.SESSIONS_A_MONTH * MONTHS * given.NOTES_A_SESSION * given.VERSIONS_A_NOTE
    return {
        "notes": (given.NOTE, notes),
        "disclosures and openings": (given.DISCLOSURE, given.DISCLOSURES_A_MONTH * MONTHS),
        "contracts and assents": (given.BEGIN, given.ENGAGEMENTS_A_YEAR),
        "new accounts": (given.JOIN, accounts * given.NEW_ACCOUNTS_A_YEAR),
        "keyrings": (given.KEYRING, accounts * given.KEYRINGS_A_MONTH * MONTHS),
    }


def accounts_of(coachees: float) -> float:
    """Coachees, their coaches and their sponsors."""
    return coachees * (1 + 1 / given.COACHEES_OF_A_COACH + 1 / given.COACHEES_OF_A_SPONSOR)


STATEMENTS_A_YEAR = sum(weight.statements * times for weight, times in acts_a_year().values())
"""Of one coachee."""
ENGAGEMENT_ENTRIES_A_YEAR = sum(
    weight.statements * times
    for weight, times in acts_a_year().values()
    if weight in (given.NOTE, given.DISCLOSURE, given.BEGIN)
)
"""How much longer an engagement's journal is after a year."""


def receipt_bytes(leaves: float) -> int:
    """The text of a receipt in a log of that size, on average.

    The newest leaf has as many siblings to its left as its index has binary ones: half as many as the tree is high.
    """
    hashes = round(depth(leaves) / 2)
    size = max(round(leaves), 1)
    signed = sign_checkpoint(Checkpoint(ORIGIN, size, bytes(HASH_BYTES)), bytes(32))
    return len(TlogProof(size - 1, (bytes(HASH_BYTES),) * hashes, signed).to_bytes())


def depth(leaves: float) -> int:
    """Levels of the tree above its leaves."""
    return max(math.ceil(math.log2(leaves)), 1)


@dataclass(frozen=True)
class Year:
    """What so many coachees bring about in one year, after so many years before it."""

    coachees: int
    logs: int = 1

    @property
    def statements(self) -> float:
        return self.coachees * STATEMENTS_A_YEAR

    @property
    def leaves_of_a_log(self) -> float:
        """After all years that are kept."""
        return self.statements * given.YEARS_KEPT / self.logs

    @property
    def writes_a_second(self) -> float:
        """On average."""
        return self.statements / SECONDS_A_YEAR

    @property
    def peak_a_second(self) -> float:
        return self.writes_a_second * given.PEAK_FACTOR

    @property
    def receipts_bytes(self) -> float:
        return self.statements * receipt_bytes(self.leaves_of_a_log)

    def rows_bytes(self, engine: str) -> float:
        """What the database grows by, receipts included."""
        stored = sum(getattr(weight, f"{engine}_bytes") * times for weight, times in acts_a_year().values())
        return float(self.coachees * stored + self.receipts_bytes)

    @property
    def files_bytes(self) -> float:
        """The log as static files: entries and tiles."""
        return self.statements * (BUNDLED_ENTRY_BYTES + TILE_BYTES_A_LEAF)

    @property
    def attachments_bytes(self) -> float:
        return float(self.coachees * given.ATTACHMENTS_MIB_A_MONTH * MONTHS * 2**20)

    @property
    def search_bytes_a_day(self) -> float:
        """What a device downloads to search one log for what is kept from it."""
        return self.statements / self.logs / DAYS * BUNDLED_ENTRY_BYTES


def coachees_within_search() -> float:
    """How many coachees one log can have before a day's search is as large as it may be."""
    return given.SEARCH_BYTES_A_DAY / (STATEMENTS_A_YEAR / DAYS * BUNDLED_ENTRY_BYTES)


def coachees_within_database(engine: str) -> float:
    """How many fill one database in the years that are kept."""
    return given.DATABASE_BYTES / (Year(1_000_000).rows_bytes(engine) / 1_000_000 * given.YEARS_KEPT)


def coachees_within_rate() -> float:
    """How many write as fast as one order takes, in the busiest second."""
    return given.WRITES_A_SECOND / Year(1).peak_a_second


def logs_for(coachees: int) -> int:
    """A power of two of logs, so that each takes the ids with the same first bits."""
    return 1 << max(math.ceil(math.log2(coachees / coachees_within_search())), 0)
