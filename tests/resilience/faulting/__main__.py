"""The command: faults one after the other, for so long each, by one seed."""

import argparse
import asyncio
import json
import secrets
import sys
import time
from pathlib import Path
from random import Random

from tests.resilience.faulting.faults import FAULTS, Course
from tests.resilience.faulting.load import Load


def main() -> int:
    """0 where everything that was acknowledged was there after every round."""
    parser = argparse.ArgumentParser(prog="scripts/faults", description=__doc__)
    parser.add_argument("--seed", type=int, help="of the dice; a new one where none is given")
    parser.add_argument("--minutes", type=float, default=1.0, help="for each fault")
    parser.add_argument("--only", action="append", choices=list(FAULTS), help="this fault; may be given again")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write what happened to a file")
    asked = parser.parse_args()
    seed = secrets.randbelow(1_000_000) if asked.seed is None else asked.seed
    print(f"seed {seed}", flush=True)
    outcomes = {}
    for name in asked.only or FAULTS:
        outcomes[name] = run(name, seed, asked.minutes * 60)
        if asked.json is not None:
            asked.json.write_text(json.dumps({"seed": seed, "faults": outcomes}, indent=1) + "\n", encoding="utf-8")
    broken = [name for name, outcome in outcomes.items() if outcome["lost"] is not None]
    if broken:
        print(f"LOST with seed {seed}: {', '.join(broken)}", file=sys.stderr)
    return 1 if broken else 0


def run(name: str, seed: int, seconds: float) -> dict[str, object]:
    """One fault: how often, how much was acknowledged, and what was lost, null where nothing was."""
    course = Course(Random(f"{name} {seed}"), seconds, tell)
    began = time.monotonic()
    lost = None
    try:
        asyncio.run(_run(name, course))
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        lost = explain(error)
        print(f"{name:14} BROKEN: {lost}", flush=True)
    return {
        "rounds": course.rounds,
        "acknowledged": course.acknowledged,
        "log_size": course.log_size,
        "seconds": round(time.monotonic() - began, 1),
        "lost": lost,
    }


async def _run(name: str, course: Course) -> None:
    await FAULTS[name](course)


def explain(error: BaseException) -> str:
    """The error that lies at the bottom of a group of them."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"


def tell(name: str, number: int, load: Load, log_size: int) -> None:
    """One line a round."""
    told = f"{len(load.truth.answers):7,} acknowledged, log {log_size:7,}, {load.unanswered:5,} without an answer"
    print(f"{name:14} round {number:3}: {told}: all there", flush=True)


if __name__ == "__main__":
    sys.exit(main())
