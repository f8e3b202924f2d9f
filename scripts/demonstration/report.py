"""What the demonstration found: a table for people, an object for programs."""

from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from scripts.demonstration.bench import Refusal
from scripts.demonstration.spellings import SPELLINGS
from scripts.demonstration.thief import PLACES, Verdict

SHOWS_NOT = (
    "What this does not show: that a server which somebody else runs is this one; what a client that lies or leaks\n"
    "could do; copies that a reader has made; who is in an engagement with whom, when, and size classes, which the\n"
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
        failed = [
            f"{each.who} {each.what}: {each.status} {each.code}, promised {each.promised}"
            + ("" if each.unchanged else ", and tables changed")
            for each in self.refusals
            if not each.holds
        ]
        if not self.repeats_hold:
            failed.append("a recorded write that was sent again got another answer or a second effect")
        failed += [
            f"line {each.line + 1} of the input was found in {each.place} as {each.spelling}, at byte {each.offset}"
            for each in self.verdict.found[:10]
        ]
        failed += [
            f"the control in {place} as {spelling} was not found" for place, spelling in self.verdict.missed[:10]
        ]
        return failed

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
                "places": len(PLACES),
                "spellings": len(SPELLINGS),
                "lines": self.verdict.lines,
                "found": len(self.verdict.found),
                "control_planted": self.verdict.control_planted,
                "control_found": self.verdict.control_found,
            },
            "seconds": round(self.seconds, 1),
        }

    def show(self, console: Console) -> None:
        """The table."""
        table = Table(
            title="Who tried what, past the SDK, with keys and tokens of their own or stolen ones", title_justify="left"
        )
        table.add_column("who", no_wrap=True)
        table.add_column("tries")
        table.add_column("answer", no_wrap=True)
        table.add_column("tables", no_wrap=True)
        before = ""
        for each in self.refusals:
            style = "" if each.holds else "bold red"
            answer = f"{each.status} {each.code}" + ("" if each.holds else f", promised {each.promised}")
            who = "" if each.who == before else each.who
            table.add_row(who, each.what, escape(answer), "unchanged" if each.unchanged else "CHANGED", style=style)
            before = each.who
        console.print(table)
        verdict = self.verdict
        console.print(
            f"{self.people} people, {self.files} notes ({self.bytes:,} bytes), {self.statements} signed statements. "
            f"{len(self.refusals)} attempts, {sum(each.holds for each in self.refusals)} refused as promised.\n"
            f"The thief searched {verdict.searched_bytes:,} bytes in {len(PLACES)} places for {verdict.lines:,} lines "
            f"in {len(SPELLINGS)} spellings: {len(verdict.found)} found.\n"
            f"Control: {verdict.control_planted} leaks planted in a copy, {verdict.control_found} found.",
            highlight=False,
        )
        console.print(SHOWS_NOT, style="dim", highlight=False)
