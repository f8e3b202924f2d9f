"""A served process is not stopped, and does not grow, by one connection without a credential."""

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from vault.protocol import limits

LOGIN_BYTES = getattr(limits, "LOGIN_BODY_MAXIMUM_BYTES", 16_384)
POURED_BYTES = 32 * 1024**2
GROWS_BYTES = 8 * 1024**2
ANSWERS_SECONDS = 0.5
LOGIN_PATHS = ("/v1/login/challenges", "/v1/login/tokens")


@pytest.fixture(scope="module")
def trial() -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "vault.server", "try", "--people", "1", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        yield process
        process.terminate()


@pytest.fixture(scope="module")
def url(trial: "subprocess.Popen[str]") -> str:
    assert trial.stdout is not None
    url: str = json.loads(trial.stdout.readline())["url"]
    return url


def resident_bytes(process: "subprocess.Popen[str]") -> int:
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def pour(url: str, start: bytes, piece: bytes) -> None:
    """As much as is taken, of what never ends."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as peer:
        try:
            peer.sendall(start)
            for _ in range(POURED_BYTES // len(piece)):
                peer.sendall(piece)
        except ConnectionError:
            pass


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"GET /livez HTTP/1.1\r\nx: ", b"a" * 65_536),
        (b"GET /livez HTTP/1.1\r\n", b"a: b\r\n" * 10_000),
        (b"GET /livez HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: ", b"a" * 65_536),
        (b"", b"GET /livez HTTP/1.1\r\n\r\n" * 10_000),
    ],
    ids=["header", "headers", "trailer", "requests"],
)
async def test_one_connection_neither_stops_a_worker_nor_makes_it_grow(
    trial: "subprocess.Popen[str]", url: str, start: bytes, piece: bytes
) -> None:
    async with httpx.AsyncClient(base_url=url) as http:
        assert (await http.get("/livez")).status_code == 200
        before = resident_bytes(trial)
        pouring = asyncio.create_task(asyncio.to_thread(pour, url, start, piece))
        slowest = 0.0
        while not pouring.done():
            began = time.monotonic()
            assert (await http.get("/livez", timeout=20)).status_code == 200
            slowest = max(slowest, time.monotonic() - began)
        await pouring
    assert slowest < ANSWERS_SECONDS
    assert resident_bytes(trial) - before < GROWS_BYTES


@pytest.mark.parametrize("path", LOGIN_PATHS)
def test_a_body_that_needs_no_credential_is_short(url: str, path: str) -> None:
    bodies = {size: b" " * (size - 2) + b"{}" for size in (LOGIN_BYTES, LOGIN_BYTES + 1)}
    answers = {
        (size, is_chunked): httpx.post(
            url + path,
            content=iter([body]) if is_chunked else body,
            headers={"Content-Type": "application/json"},
        ).json()["code"]
        for size, body in bodies.items()
        for is_chunked in (True, False)
    }
    short = answers.pop((LOGIN_BYTES, True))
    assert short == answers.pop((LOGIN_BYTES, False)) in ("schema", "statement-required")
    assert set(answers.values()) == {"too-large"}


def test_a_body_is_not_asked_for_before_the_credential_is_read(url: str) -> None:
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as peer:
        peer.sendall(
            b"POST /v1/engagements HTTP/1.1\r\nhost: a\r\ncontent-length: 500000\r\n"
            b"content-type: application/json\r\nexpect: 100-continue\r\n\r\n"
        )
        assert peer.recv(100).startswith(b"HTTP/1.1 401 ")
