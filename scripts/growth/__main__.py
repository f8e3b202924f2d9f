"""`scripts/scaling` prints the tables; `scripts/scaling --write` puts them into docs/scaling.md."""

import sys
from pathlib import Path

from scripts.growth.page import write_tables
from scripts.growth.tables import render_tables

PAGE = Path("docs/scaling.md")

if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(write_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        for name, table in render_tables().items():
            print(f"{name}\n\n{table}")
