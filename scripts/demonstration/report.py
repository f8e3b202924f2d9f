"""What the demonstration found: a table for people, an object for programs."""

from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from scripts.demonstration.people import COACH, COACHEE, ROLES, SPONSOR
from tests.support.thief.loot import Verdict
from tests.support.thief.promises import Refusal, list_failures
from tests.support.thief.spellings import SPELLINGS

SHOWS_NOT = (
    "\nWhat this does not show: that a server which somebody else runs is this one; what a client that lies or leaks "
    "could do; copies that a reader has made; who is in an engagement with whom, when, and size classes, which the "
    "operator sees; compressed or otherwise disguised copies, and the memory of a running server."
)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was counted."""

    files: int
    bytes: int
    lines: int
    people: int
    statements: int
    refusals: list[Refusal]
    repeats_hold: bool
    verdict: Verdict
    seconds: float

    def failures(self) -> list[str]:
        """What is not as promised, a sentence each."""
        return list_failures(self.refusals, self.repeats_hold, self.verdict)

    def to_json(self) -> dict[str, Any]:
        """The object of `--json`."""
        refusals = [
            {"who": each.who, "what": each.what, "status": each.status, "code": each.code} for each in self.refusals
        ]
        return {
            "files": self.files,
            "bytes": self.bytes,
            "lines": self.lines,
            "people": self.people,
            "statements": self.statements,
            "refusals": refusals,
            "search": {
                "places": len(self.verdict.places),
                "spellings": len(SPELLINGS),
                "lines": self.verdict.lines,
                "found": len(self.verdict.found),
                "control_planted": self.verdict.control_planted,
                "control_found": self.verdict.control_found,
            },
            "seconds": round(self.seconds, 1),
        }

    def show(self, console: Console) -> None:
        """One table: who did or tried what, and what came of it."""
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column("who does or tries what", ratio=1)
        table.add_column("answer", no_wrap=True)
        before = ""
        for who, what, answer, is_good in [*self._done(), *self._tried()]:
            if who != before:
                table.add_row(who, style="bold")
            table.add_row(f"  {what}", answer, style="" if is_good else "bold red")
            before = who
        console.print(table)
        verdict = self.verdict
        refused = sum(each.holds for each in self.refusals)
        unchanged = sum(each.unchanged for each in self.refusals)
        console.print(
            f"\n{len(self.refusals)} attempts went past the SDK as raw HTTP: {refused} were refused as promised, and "
            f"{unchanged} left every row of every table as it was.\n"
            f"A thief searched {verdict.searched_bytes:,} bytes ({', '.join(verdict.places)}) for {verdict.lines:,} "
            f"lines in {len(SPELLINGS)} spellings: {len(verdict.found)} found.\n"
            f"Control: {verdict.control_planted} leaks were planted in a copy, one for each spelling and place; "
            f"{verdict.control_found} of them were found.",
            highlight=False,
        )
        console.print(SHOWS_NOT, style="dim", highlight=False)

    def _done(self) -> list[tuple[str, str, str, bool]]:
        coach, coachee, sponsor = (f"{name}, {ROLES[name]}" for name in (COACH, COACHEE, SPONSOR))
        notes = f"{self.files} notes ({self.bytes:,} bytes)"
        rows = [
            (coach, f"seals {notes}", "done"),
            (coachee, f"opens {notes}", "done, the same bytes"),
            (coachee, f"discloses one summary to {SPONSOR}", "done, as previewed"),
            (sponsor, "opens the summary", "done, the same bytes"),
            (coachee, "sees that it was opened, and withdraws it", "done"),
        ]
        return [(*row, True) for row in rows]

    def _tried(self) -> list[tuple[str, str, str, bool]]:
        rows = [(each.who, each.what, _answer(each), each.holds) for each in self.refusals]
        repeat = "200, no second effect" if self.repeats_hold else "another answer or effect"
        return [
            *rows,
            ("a thief of recorded requests", "sends the withdrawn disclosure again", repeat, self.repeats_hold),
        ]


def _answer(refusal: Refusal) -> str:
    answer = f"{refusal.status} {refusal.code}".strip()
    if not refusal.unchanged:
        answer += ", tables CHANGED"
    return answer if refusal.holds else f"{answer}, promised {refusal.promised}"
