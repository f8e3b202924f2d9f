"""Compares the mutants that survived, as mutmut tells them, with those that survivors.toml explains.

A mutant is known by its function and by the lines that it has instead, so that a number that moves explains nothing.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

Mutant = tuple[str, str]
"""The function, and the lines of the mutant that differ, joined with ` / `."""

NOTICED = {"killed", "timeout", "segfault", "caught by type check", "skipped"}
"""What mutmut says of a mutant that something noticed, or that is none."""


def list_survivors() -> list[Mutant]:
    """The mutants of the run in the current folder that no test noticed."""
    found = []
    for line in _mutmut("results", "--all", "true").splitlines():
        name, _, status = line.strip().partition(": ")
        if "__mutmut_" in name and status not in NOTICED:
            found.append((_name_function(name), _show_change(name)))
    return found


def read_explained(path: Path) -> dict[Mutant, str]:
    """The explained mutants with their explanations."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["survivor"]
    return {(entry["function"], change): entry["why"] for entry in entries for change in entry["changes"]}


def _mutmut(*arguments: str) -> str:
    return subprocess.run(["mutmut", *arguments], check=True, capture_output=True, text=True).stdout


def _name_function(name: str) -> str:
    """`vault.policy.items.x_decide_item__mutmut_14` is a mutant of `vault.policy.items.decide_item`.

    A method `apply` of a class is `xǁClassǁapply` there, and `Class.apply` here.
    """
    module, _, rest = name.rpartition(".")
    function = re.sub(r"__mutmut_\d+$", "", rest).removeprefix("x")
    return f"{module}.{function[1:].replace('ǁ', '.')}"


def _show_change(name: str) -> str:
    shown = _mutmut("show", name).splitlines()
    return " / ".join(line[1:].strip() for line in shown if line.startswith("+") and not line.startswith("+++"))


def main(path: Path) -> int:
    """Print what is not explained, and what is explained and did not survive; 0 where there is neither."""
    survived, explained = list_survivors(), read_explained(path)
    unexplained = [mutant for mutant in survived if mutant not in explained]
    idle = [mutant for mutant in explained if mutant not in survived]
    for title, mutants in (("survived without an explanation", unexplained), ("explained but noticed by a test", idle)):
        for function, change in mutants:
            print(f"{title}: {function}\n    {change}")
    print(f"{len(survived)} mutants survived, {len(survived) - len(unexplained)} of them explained")
    return 1 if unexplained or idle else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
