"""The run that counts tests by engine: what it counts, and the whole run that it fails."""

from pathlib import Path
from typing import Literal

import pytest
from _pytest.config import get_config

from tests.engines import Engines, is_whole
from tests.support.databases import POSTGRESQL, SQLITE

ROOT = Path(__file__).parents[2]


def report(
    engine: str,
    outcome: Literal["passed", "failed", "skipped"] = "passed",
    when: Literal["setup", "call", "teardown"] = "call",
) -> pytest.TestReport:
    return pytest.TestReport(
        "a test", ("a file", 1, "a test"), {}, outcome, None, when, user_properties=[("engine", engine)]
    )


def counted(*reports: pytest.TestReport, is_whole: bool = True, is_there: bool = True) -> Engines:
    engines = Engines(is_whole, is_there)
    for each in reports:
        engines.pytest_runtest_logreport(each)
    return engines


def test_a_test_counts_once_whether_it_passes_or_not_and_not_where_it_was_skipped() -> None:
    reports = [report(SQLITE), report(SQLITE, "failed"), report(SQLITE, when="setup"), report(POSTGRESQL, "skipped")]
    assert counted(*reports).counts == {SQLITE: 2}


def test_a_whole_run_without_postgresql_fails_where_one_is_there() -> None:
    assert counted(report(SQLITE)).finding()
    assert not counted(report(SQLITE), report(POSTGRESQL)).finding()
    assert not counted(report(SQLITE), is_there=False).finding()
    assert not counted(report(SQLITE), is_whole=False).finding()
    assert not counted().finding()


@pytest.mark.parametrize(
    ("arguments", "whole"),
    [
        ([], True), (["tests"], True), (["tests/server"], True), (["-m", "not slow"], True), (["tests/client"], False),
        (["tests/server/storage"], False), (["-k", "sqlite"], False), (["tests/server/test_vertical.py::test"], False),
    ],
)  # fmt: skip
def test_a_run_is_whole_where_nothing_of_the_server_is_left_out(
    arguments: list[str], whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    config = get_config(arguments)
    config.parse(arguments)
    assert is_whole(config) is whole
