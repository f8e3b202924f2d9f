"""The people of a contract as they are shown where somebody consents: name, role, state, and the safety number."""

from collections.abc import Iterable
from typing import Any

from vault.client.acts.acquaintance import NOT_INTRODUCED, Acquaintance
from vault.client.cli.choices import Choices
from vault.client.cli.columns import SHORT_DIGITS
from vault.client.cli.speaking import agree, one_line
from vault.client.device.keyring import PersonState

ALTHOUGH_CHANGED = "--although-changed"
STATES = {
    PersonState.VERIFIED: "verified, you have compared this number",
    PersonState.UNVERIFIED: "unverified, you have not compared this number with them",
    PersonState.CHANGED: "CHANGED, these are not the keys that you confirmed",
    NOT_INTRODUCED: "not introduced, nobody told you whose account this is",
}
_GROUPS_IN_A_ROW = 6


def people_lines(people: Iterable[Acquaintance]) -> list[str]:
    """A heading, and three lines for each person; nothing where there is nobody."""
    lines: list[str] = []
    for one in people:
        groups = one.safety_number.groups
        role = "" if one.name in (f"the {one.role}", f"a {one.role}") else f", {one.role}"
        lines.append(f"  {one_line(one.name)}{role}, account {one.account[:SHORT_DIGITS]}")
        lines.append(f"    {STATES[one.state]}")
        lines += (
            f"    {' '.join(groups[start : start + _GROUPS_IN_A_ROW])}"
            for start in range(0, len(groups), _GROUPS_IN_A_ROW)
        )
    return ["Who they are to you, and the safety number of you both", *lines] if lines else []


def agree_to_changed(choices: Choices, people: Iterable[Acquaintance], yes: bool) -> None:
    """Go on if nobody's keys have changed, or after a yes for each. Raises: UsageError; Declined."""
    for one in people:
        if one.is_changed:
            question = f"The keys of {one_line(one.name)} are not the ones that you confirmed. Go on all the same?"
            agree(choices, question, yes, option=ALTHOUGH_CHANGED)


def people_members(people: Iterable[Acquaintance]) -> list[dict[str, Any]]:
    """For the JSON object."""
    return [
        {
            "role": one.role,
            "name": one.name,
            "account": one.account,
            "state": one.state,
            "safety_number": one.safety_number.digits,
        }
        for one in people
    ]
