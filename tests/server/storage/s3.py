"""A real S3 server for tests: SeaweedFS's `weed`, from a wheel, on free ports of this machine and in a new folder.

What needs it is marked with `NEEDS_S3`.
"""

import asyncio
import hashlib
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import pytest

from vault.protocol.problems import Refused
from vault.server.storage.blob_store_s3 import S3Blobs

PROGRAM = Path(sys.executable).with_name("weed")
NEEDS_S3 = pytest.mark.skipif(not PROGRAM.is_file(), reason="the S3 server of the tests is a wheel for Linux alone")
ACCESS, SECRET = "access-key-of-tests", "secret-key-of-tests"
_WAIT_SECONDS = 60
_ATTEMPTS = 3
_PORTS = ("master.port", "volume.port", "filer.port", "s3.port")


@dataclass(frozen=True)
class S3:
    """A running server."""

    endpoint: str
    folder: Path


@contextmanager
def running_s3() -> Iterator[S3]:
    """A server with one pair of keys; buckets are made when something is put into them."""
    with ExitStack() as stack:
        for _ in range(_ATTEMPTS):  # a port that was free may be somebody else's a moment later
            attempt = ExitStack()
            try:
                running = attempt.enter_context(_starting())
            except AssertionError:
                continue
            stack.push(attempt)
            break
        else:
            raise AssertionError("expected an S3 server that takes objects")
        yield running


@contextmanager
def _starting() -> Iterator[S3]:
    folder = Path(mkdtemp(prefix="coach-vault-s3-"))
    identity = {
        "name": "tests",
        "credentials": [{"accessKey": ACCESS, "secretKey": SECRET}],
        "actions": ["Admin", "Read", "Write", "List"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}), encoding="ascii")
    ports = find_ports(2 * len(_PORTS))
    numbers = [f"-{name}={port}" for name, port in zip(_PORTS, ports, strict=False)]
    numbers += [f"-{name}.grpc={port}" for name, port in zip(_PORTS, ports[len(_PORTS) :], strict=True)]
    options = [
        f"-dir={folder}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-volume.max=8",
        "-master.volumeSizeLimitMB=64",
        "-master.telemetry=false",
        "-s3",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        f"-s3.config={folder}/s3.json",
    ]
    command = [str(PROGRAM), "server", *options, *numbers]
    try:
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder) as server:
            try:
                running = S3(f"http://127.0.0.1:{ports[_PORTS.index('s3.port')]}", folder)
                asyncio.run(_warm_up(running, server))
                yield running
            finally:
                server.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def find_ports(count: int) -> list[int]:
    """Ports that nobody listens on, all different."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


async def _warm_up(running: S3, server: "subprocess.Popen[bytes]") -> None:
    """Return once the first object can be put: it takes the server seconds to make room."""

    async def once() -> AsyncIterator[bytes]:
        yield b"x"

    ends = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < ends and server.poll() is None:
        try:
            await open_s3(running, "warm").put("a/b", once(), 1, hashlib.sha256(b"x").digest())
        except Refused:
            await asyncio.sleep(0.2)
        else:
            return
    raise AssertionError("expected the S3 server to take an object")


def open_s3(running: S3, prefix: str, secret: str = SECRET) -> S3Blobs:
    """A store below a prefix of its own, in the one bucket that the tests share."""
    return S3Blobs(
        "vault",
        f"some/{prefix}",
        region="us-east-1",
        endpoint=running.endpoint,
        access_key_id=ACCESS,
        secret_access_key=secret,
    )
