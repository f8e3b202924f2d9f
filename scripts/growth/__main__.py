"""`scripts/scaling` prints the tables; `--write` puts them into docs/scaling.md, `--check` says whether it has them.

`--json` prints what the tables are reckoned from, for who measures it again.
"""

import json
import sys
from pathlib import Path

from scripts.growth import assumptions
from scripts.growth.page import list_places, write_tables
from scripts.growth.reckoning import receipt_bytes
from scripts.growth.tables import render_tables

PAGE = Path("docs/scaling.md")


def check(page: str) -> str:
    """What is wrong with the page; nothing where it has every table once, as it is reckoned now."""
    if sorted(list_places(page)) != sorted(render_tables()):
        return "expected every table in the page, once"
    return "" if write_tables(page) == page else "the tables are reckoned otherwise now: run scripts/scaling --write"


def reckoned_from(leaves: int) -> dict[str, object]:
    """The measured weights, and how long a receipt is taken to be in a log of so many leaves."""
    weights = {"begin": assumptions.BEGIN, "write_note": assumptions.NOTE, "disclose": assumptions.DISCLOSURE}
    return {
        "weights": {name: weight._asdict() for name, weight in weights.items()},
        "entry_json_bytes": assumptions.ENTRY_JSON_BYTES,
        "receipt_bytes": receipt_bytes(leaves),
    }


def main(arguments: list[str]) -> str | None:
    """What to say at the end, with exit code 1."""
    match arguments:
        case ["--write"]:
            PAGE.write_text(write_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
        case ["--check"]:
            return check(PAGE.read_text(encoding="utf-8")) or None
        case ["--json", leaves]:
            print(json.dumps(reckoned_from(int(leaves))))
        case _:
            for name, table in render_tables().items():
                print(f"{name}\n\n{table}")
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
