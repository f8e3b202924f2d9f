"""A server in a process of its own, started by the operator's command."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx

WAIT_SECONDS = 60


@contextmanager
def started(*arguments: object) -> Iterator["subprocess.Popen[str]"]:
    """The command with these arguments, until the block ends."""
    command = [sys.executable, "-m", "vault.server", *map(str, arguments)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):  # a worker that outlives its parent would hold the pipes open
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def wait_until_ready(url: str) -> None:
    """Return when it answers that it is ready."""
    ends = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            if time.monotonic() > ends:
                raise
        time.sleep(0.05)
