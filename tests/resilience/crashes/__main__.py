"""The command: stop acts of the client everywhere, or at a sample of places by a seed, and open the folder again."""

import argparse
import os
import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from tests.resilience.crashes.acts import ACTS, Act, Arrival
from tests.resilience.crashes.cases import Course
from tests.resilience.crashes.done import Done
from tests.resilience.crashes.expected import read_expected, read_unplayed, tell
from tests.resilience.crashes.stage import cheap_stretching

_OF_AN_ACT = 8
_MEMORY = Path("/dev/shm")
"""A flush waits for no disk there."""


def main() -> int:
    """0 where every stop went as the list of expected ones says."""
    parser = argparse.ArgumentParser(prog="scripts/crashes", description=__doc__)
    parser.add_argument("--all", action="store_true", help="every stop of every act; run again, it goes on")
    parser.add_argument("--only", metavar="ACT", action="append", help="acts whose names begin so, as Vault.rotate")
    parser.add_argument("--jobs", type=int, default=1, help="how many acts at once, with --all")
    parser.add_argument("--seed", type=int, help="of a sample; a new one where none is given")
    parser.add_argument("--seconds", type=float, default=45.0, help="for a sample")
    asked = parser.parse_args()
    acts = [act for act in ACTS if act.name.startswith(tuple(asked.only or [""]))]
    if not acts:
        parser.error("no act has that name; see tests/resilience/crashes/acts.py")
    with (
        cheap_stretching(),
        TemporaryDirectory(prefix="coach-vault-crashes-", dir=_MEMORY if _MEMORY.exists() else None) as folder,
    ):
        course = Course(Path(folder))
        if asked.all:
            return _play_all(course, acts, asked.jobs, Path(folder))
        seed = secrets.randbelow(1_000_000) if asked.seed is None else asked.seed
        print(f"seed {seed}", flush=True)
        return _play_sample(course, acts, Random(seed), asked.seconds)


def _play_sample(course: Course, acts: list[Act | Arrival], dice: Random, seconds: float) -> int:
    """A few stops of each act, the acts in the order of the dice, until the time is over."""
    ends, expected, count, odd = time.monotonic() + seconds, read_expected(), 0, list[str]()
    acts = [act for act in acts if act.name not in read_unplayed()]
    for act in dice.sample(acts, len(acts)):
        cases = list(course.whole(act).cases(act.name))
        for case in dice.sample(cases, min(len(cases), _OF_AN_ACT)):
            if time.monotonic() > ends:
                break
            count += 1
            told = tell(case.name, course.find_problem(case), expected)
            if told is not None:
                odd.append(told)
        if time.monotonic() > ends:
            break
    return _conclude(count, odd)


def _play_all(course: Course, acts: list[Act | Arrival], jobs: int, folder: Path) -> int:
    """Every stop that has not been played for this very tree, several acts at once."""
    done = Done.of_this_tree()
    claims = folder / "claims"
    claims.mkdir()
    workers = []
    for _ in range(jobs):
        worker = os.fork()
        if not worker:
            _work(course, acts, done, claims)
        workers.append(worker)
    broken = [worker for worker in workers if os.waitpid(worker, 0)[1]]
    problems, expected = done.read(), read_expected()
    asked = {name: problem for name, problem in problems.items() if name.split(" | ")[0] in {a.name for a in acts}}
    odd = [told for name, problem in asked.items() if (told := tell(name, problem, expected)) is not None]
    named = {name for name in expected if name.split(" | ")[0] in {act.name for act in acts}}
    odd += [f"{name}: there is no such stop; take it out of the list" for name in sorted(named - asked.keys())]
    return _conclude(len(asked), odd) or int(bool(broken))


def _work(course: Course, acts: list[Act | Arrival], done: Done, claims: Path) -> None:
    """Never returns: acts that no other worker has taken, one after the other."""
    code = 1
    try:
        known = done.read()
        for number, act in enumerate(acts):
            try:
                (claims / str(number)).touch(exist_ok=False)
            except FileExistsError:
                continue
            began, played = time.monotonic(), 0
            for case in course.whole(act).cases(act.name):
                if case.name not in known:
                    done.add(case.name, course.find_problem(case))
                    played += 1
            print(f"{act.name}: {played} stops, {time.monotonic() - began:.0f} s", flush=True)
        code = 0
    finally:
        os._exit(code)


def _conclude(count: int, odd: Sequence[str]) -> int:
    for line in odd:
        print(line, file=sys.stderr)
    print(f"{count} stops, {len(odd)} otherwise than expected", flush=True)
    return 1 if odd else 0


if __name__ == "__main__":
    sys.exit(main())
