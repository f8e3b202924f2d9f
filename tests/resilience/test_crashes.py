"""Whatever stops an act of the client, and wherever: the folder opens again, in the old state or in the new one."""

import inspect
import os
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from tests.resilience.crashes.acts import ACTS, DO_NOTHING
from tests.resilience.crashes.cases import Course
from tests.resilience.crashes.expected import read_expected, read_unplayed, tell
from tests.resilience.crashes.stage import cheap_stretching
from vault.client.device import home
from vault.client.sdk import synchronous

ROOT = Path(__file__).parents[2]


def list_public_acts() -> Iterator[str]:
    """Class and method of everything that an application can call on the objects of the SDK."""
    for found in pkgutil.iter_modules(synchronous.__path__):
        module = import_module(f"{synchronous.__name__}.{found.name}")
        for name, made in inspect.getmembers(module, inspect.isclass):
            if made.__module__ == module.__name__:
                for method, value in vars(made).items():
                    is_special = method.startswith("_") and (not method.startswith("__") or method == "__init__")
                    if isinstance(value, classmethod) or (inspect.isfunction(value) and not is_special):
                        yield f"{name}.{method}"


def test_every_act_of_the_sdk_is_stopped_or_said_to_do_nothing() -> None:
    assert {act.method for act in ACTS} | DO_NOTHING.keys() == set(list_public_acts())
    assert len({act.name for act in ACTS}) == len(ACTS)


@pytest.mark.slow
def test_a_sample_of_stops_by_a_printed_seed_does_no_harm_but_what_is_listed() -> None:
    """`CRASHES_SEED` plays one again; `scripts/crashes --all` plays every stop there is."""
    seed = os.environ.get("CRASHES_SEED")
    command = [sys.executable, "-m", "tests.resilience.crashes", *([] if seed is None else ["--seed", seed])]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_a_file_that_is_not_replaced_whole_is_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def write_in_place(path: Path, content: bytes, mode: int = 0o600) -> None:
        path.unlink(missing_ok=True)  # copies of a stage share their files, which nobody else writes into
        path.write_bytes(content)
        path.chmod(mode)

    monkeypatch.setattr(home, "replace_file", write_in_place)
    with cheap_stretching():
        course = Course(tmp_path)
        act = next(act for act in ACTS if act.name == "Vault.invite")
        case = next(case for case in course.whole(act).cases(act.name) if case.event.kind == "write")
        assert "damaged" in (course.find_problem(case) or "")


def test_the_list_of_expected_stops_is_strict() -> None:
    expected = {"Vault.invite | open vault.json.new 1 | kill": "F0"}
    [name] = expected
    assert tell(name, "lost", expected) is None
    assert tell(name, None, expected) == f"{name}: does no harm any more; take it out of the list"
    assert tell("another", None, expected) is None
    assert tell("another", "lost", expected) == "another: lost"
    named = {entry.split(" | ")[0] for entry in read_expected()} | read_unplayed()
    assert named <= {act.name for act in ACTS}
