"""What a server writes about itself: one JSON object a line from the first line to the last, and no secret in any."""

import json
import signal
from typing import Any

import pytest

from tests.server.operating import Operator
from tests.server.serving import WAIT_SECONDS, started, wait_until_ready
from vault.server.settings import SETTINGS_FILE, LimitSettings, Settings, load_settings


def run_a_server(ready: Operator, port: int, *options: object) -> list[dict[str, Any]]:
    """All that it writes from its start, over one request, to its end."""
    with started("serve", "--data", ready.folder, "--port", port, *options) as process:
        wait_until_ready(f"http://127.0.0.1:{port}")
        process.send_signal(signal.SIGTERM)
        _, written = process.communicate(timeout=WAIT_SECONDS)
    return [json.loads(line) for line in written.splitlines()]


@pytest.mark.parametrize("workers", [1, 2])
def test_start_settings_and_stop_are_lines_of_json(ready: Operator, unused_tcp_port: int, workers: int) -> None:
    lines = run_a_server(ready, unused_tcp_port, "--workers", workers)
    assert lines[0]["event"] == "serving"
    told = lines[0]["settings"]
    assert (told["url"], told["workers"], told["listens_on"]) == (
        "http://127.0.0.1:8001", workers, f"127.0.0.1:{unused_tcp_port}"
    )  # fmt: skip
    assert told["limits"] == LimitSettings().model_dump()
    assert [line["event"] for line in lines if line["event"] != "request"] == ["serving", *["stopped"] * workers]
    assert {line["level"] for line in lines} == {"info"}


def test_a_level_leaves_out_what_is_below_it(
    ready: Operator, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COACH_VAULT_LOG_LEVEL", "warning")
    assert run_a_server(ready, unused_tcp_port) == []


def test_no_secret_among_the_settings_is_told(ready: Operator) -> None:
    secrets = ("database-password", "another-password", "bucket-key-id", "bucket-key")
    (ready.folder / SETTINGS_FILE).write_text(
        f"""url = "https://vault.example"
database = "postgresql://vault:{secrets[0]}@db.example/vault?password={secrets[1]}"
blobs = "s3://bucket/prefix"
[s3]
access_key_id = "{secrets[2]}"
secret_access_key = "{secrets[3]}"
"""
    )
    told = load_settings(ready.folder).told()
    assert not [secret for secret in secrets if secret in json.dumps(told)]
    assert (told["database"], told["blobs"]) == ("postgresql", "s3")
    assert told.keys() == Settings.model_fields.keys() - {"s3"}
