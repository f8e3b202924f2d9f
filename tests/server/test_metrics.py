"""What Prometheus is told: counts of the service and never of a person, where an operator asked for it."""

import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.server.operating import Operator
from tests.server.serving import WAIT_SECONDS, started, wait_until_ready
from vault.server.clock import unix_seconds

LABELS = {"method", "route", "status", "code", "le"}
SERVICE = "coach_vault_"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def scrape(port: int) -> list[Sample]:
    text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]


def value(samples: list[Sample], name: str, **labels: str) -> float:
    return sum(one.value for one in samples if one.name == SERVICE + name and labels.items() <= one.labels.items())


@pytest.fixture(params=[1, 2])
def served(
    ready: Operator, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[tuple[str, int]]:
    """A server with metrics, of one worker and of two; its URL and the port of the metrics."""
    metrics = free_port()
    monkeypatch.setenv("COACH_VAULT_METRICS_PORT", str(metrics))
    ready.at_data("apps", "create", "acme")
    arguments = ("serve", "--data", ready.folder, "--port", unused_tcp_port, "--workers", request.param)
    with started(*arguments) as process:
        wait_until_ready(f"http://127.0.0.1:{unused_tcp_port}")
        yield f"http://127.0.0.1:{unused_tcp_port}", metrics
        process.send_signal(signal.SIGTERM)
        process.wait(WAIT_SECONDS)


def test_requests_refusals_and_writes_are_counted_over_all_workers(served: tuple[str, int]) -> None:
    url, port = served
    for _ in range(20):
        httpx.get(f"{url}/livez")
        httpx.post(f"{url}/v1/login/challenges", json={"account": "ab" * 32})
    httpx.request("PROPFIND", f"{url}/coffee/{'ab' * 32}")
    samples = scrape(port)
    assert value(samples, "requests_total", route="/livez", method="GET", status="200") == 20
    assert value(samples, "request_seconds_count", route="/livez") == 20
    assert value(samples, "requests_total", route="none", method="other", status="404") == 1
    assert value(samples, "refusals_total", code="not-found") == 1
    assert value(samples, "batch_writes_sum") == 20
    assert value(samples, "commit_seconds_count") >= value(samples, "batch_writes_count") > 0
    assert value(samples, "queue_writes") == 0
    assert {name for one in samples for name in one.labels} <= LABELS
    assert not [one for one in samples if re.search("[0-9a-f]{16}", str(one.labels))]


def test_what_is_stored_is_measured(ready: Operator, served: tuple[str, int], tmp_path: Path) -> None:
    _, port = served
    samples = scrape(port)
    assert value(samples, "database_up") == 1
    assert value(samples, "database_bytes") >= (ready.folder / "vault.sqlite3").stat().st_size > 0
    assert [one.value for one in samples if one.name == f"{SERVICE}log_entries"] == [0]
    assert [one.value for one in samples if one.name == f"{SERVICE}uploads_unnamed"] == [0]
    assert [one for one in samples if "backup" in one.name] == []
    assert ready.at_data("backup", tmp_path / "backup").code == 0
    assert abs(value(scrape(port), "last_backup_timestamp_seconds") - unix_seconds()) < WAIT_SECONDS


def test_a_database_that_is_away_is_told_and_the_rest_goes_on(ready: Operator, served: tuple[str, int]) -> None:
    _, port = served
    (ready.folder / "vault.sqlite3").rename(ready.folder / "elsewhere")
    samples = scrape(port)
    assert value(samples, "database_up") == 0
    assert [one for one in samples if one.name == f"{SERVICE}requests_total"]


def test_nothing_is_told_where_nobody_asked_for_it(ready: Operator, unused_tcp_port: int) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}"
    with started("serve", "--data", ready.folder, "--port", unused_tcp_port) as process:
        wait_until_ready(url)
        assert httpx.get(f"{url}/metrics").status_code == 404
        process.send_signal(signal.SIGTERM)
        process.wait(WAIT_SECONDS)


def test_a_port_that_is_taken_is_one_line(ready: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("COACH_VAULT_METRICS_PORT", str(listener.getsockname()[1]))
        outcome = ready.at_data("serve", "--port", free_port())
    assert (outcome.code, outcome.err.count("\n")) == (1, 1)
    assert "metrics_port" in outcome.err
