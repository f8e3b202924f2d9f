"""Of a large enumeration a sample runs, chosen by the seed that pytest-randomly prints; `--whole` runs all of it.

A test says with `@pytest.mark.sampled(count)` how many of its cases are enough for every day. The same seed chooses the
same cases: `--randomly-seed=N`, as pytest prints it.
"""

from collections import defaultdict
from random import Random

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="Run all cases of tests that are marked as sampled.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not chosen; pytest counts it as deselected."""
    left_out = find_left_out(items, seed_of(config)) if not config.getoption("--whole") else set()
    if left_out:
        config.hook.pytest_deselected(items=[item for item in items if item in left_out])
        items[:] = [item for item in items if item not in left_out]


def seed_of(config: pytest.Config) -> int:
    """The seed of the run, the same in all its processes."""
    seed = getattr(config.option, "randomly_seed", 0)
    return seed if isinstance(seed, int) else 0


def find_left_out(items: list[pytest.Item], seed: int) -> set[pytest.Item]:
    """The cases that this seed does not choose."""
    cases: dict[str, list[pytest.Item]] = defaultdict(list)
    counts: dict[str, int] = {}
    for item in items:
        marker = item.get_closest_marker("sampled")
        if marker is not None:
            test = item.nodeid.partition("[")[0]
            cases[test].append(item)
            counts[test] = marker.args[0]
    left_out: set[pytest.Item] = set()
    for test, found in cases.items():
        found.sort(key=lambda item: item.nodeid)
        Random(f"{seed} {test}").shuffle(found)
        left_out.update(found[counts[test] :])
    return left_out
