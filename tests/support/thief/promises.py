"""What was promised of a server, held against what came of it: a sentence for each promise that was not kept."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.support.thief.loot import Verdict
from vault.protocol.problems import PROBLEMS, Code


@dataclass(frozen=True, slots=True)
class Refusal:
    """What somebody tried, what came back, and what was promised."""

    who: str
    what: str
    status: int
    code: str
    promised: str
    unchanged: bool

    @property
    def holds(self) -> bool:
        """Refused as promised, and nothing in any table is different."""
        return self.unchanged and (self.status, self.code) == (PROBLEMS[Code(self.promised)].status, self.promised)


def list_failures(refusals: Sequence[Refusal], repeats_hold: bool, verdict: Verdict) -> list[str]:
    """What is not as promised, a sentence each; `repeats_hold`: what was sent again had no second effect."""
    failed = [
        f"{each.who} {each.what}: {each.status} {each.code}, promised {each.promised}"
        + ("" if each.unchanged else ", and tables changed")
        for each in refusals
        if not each.holds
    ]
    if not repeats_hold:
        failed.append("a recorded write that was sent again got another answer or a second effect")
    failed += [
        f"line {each.line + 1} of the input was found in {each.place} as {each.spelling}, at byte {each.offset}"
        for each in verdict.found[:10]
    ]
    failed += [f"the control in {place} as {spelling} was not found" for place, spelling in verdict.missed[:10]]
    return failed
