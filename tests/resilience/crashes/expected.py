"""The list of stops that are known to do harm: it is strict, it only shrinks, and it is to be empty.

A stop that does harm and is not listed is an error, and so is one that is listed and does none.
"""

import tomllib
from pathlib import Path

LIST = Path(__file__).parents[1] / "expected_crashes.toml"


def read_expected(path: Path = LIST) -> dict[str, str]:
    """The finding by the name of each case."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        f"{each['act']} | {event} | {each['way']}": str(each["finding"])
        for each in content.get("expected", [])
        for event in each["events"]
    }


def read_unplayed(path: Path = LIST) -> frozenset[str]:
    """The acts whose stops nobody has played yet, all of them; a sample leaves them out. They are to be none."""
    return frozenset(tomllib.loads(path.read_text(encoding="utf-8")).get("unplayed", []))


def tell(name: str, problem: str | None, expected: dict[str, str]) -> str | None:
    """What is to be said of a case: None where it went as the list says."""
    if problem is not None and name not in expected:
        return f"{name}: {problem}"
    if problem is None and name in expected:
        return f"{name}: does no harm any more; take it out of the list"
    return None
