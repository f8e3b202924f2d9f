"""How many tests ran on each engine, told at the end; a whole run of which none ran on PostgreSQL fails.

A test runs on an engine where the fixture `engine` says so (tests/conftest.py).
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.databases import POSTGRESQL, SQLITE

_NAME = "engine"
_SERVER = Path(__file__).parent / "server"


class Engines:
    """A plugin that counts; with xdist the reports of all workers come to the process that this is registered in."""

    def __init__(self, is_whole: bool, postgres_is_there: bool) -> None:
        """`is_whole`: whether the run was asked for all tests of the server."""
        self._must_run = is_whole and postgres_is_there
        self.counts: Counter[str] = Counter()

    def pytest_collection_modifyitems(self, items: Sequence[pytest.Item]) -> None:
        for item in items:
            if isinstance(item, pytest.Function) and hasattr(item, "callspec") and _NAME in item.callspec.params:
                item.user_properties.append((_NAME, item.callspec.params[_NAME]))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and not report.skipped:
            self.counts.update(str(value) for name, value in report.user_properties if name == _NAME)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.finding() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        told = f"tests by engine: {self.counts[SQLITE]} on SQLite, {self.counts[POSTGRESQL]} on PostgreSQL"
        if self.counts:
            terminalreporter.write_line(told)
        if self.finding():
            terminalreporter.write_line(f"ERROR: {self.finding()}", red=True)

    def finding(self) -> str:
        """What is wrong with the run; nothing where it is good."""
        if self._must_run and self.counts[SQLITE] and not self.counts[POSTGRESQL]:
            return "none of the tests of the server ran on PostgreSQL, though one is there"
        return ""


def is_whole(config: pytest.Config) -> bool:
    """Whether these arguments ask for all tests of the server, in this process or in its workers."""
    asked = [(config.invocation_params.dir / argument.partition("::")[0]).resolve() for argument in config.args]
    narrowed = config.option.keyword or config.option.maxfail or getattr(config.option, "lf", False)
    return not narrowed and any(_SERVER.is_relative_to(place) for place in asked)
