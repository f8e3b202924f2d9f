"""A server that is asked to end does so in bounded time, even where one of its threads waits for ever."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

WAITS_FOR_EVER = """
import signal, sys, threading
from vault.server.shutdown import bound_shutdown
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda number, frame: print("drains", flush=True))
bound_shutdown(int(sys.argv[1]))
threading.Thread(target=threading.Event().wait).start()
print("ready", flush=True)
while True:
    signal.pause()
"""
WAIT_SECONDS = 30


@contextmanager
def waiting(end_seconds: int) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", WAITS_FOR_EVER, str(end_seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert said(process) == "ready"
            yield process
        finally:
            process.kill()


def said(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_signal_drains_and_the_countdown_ends_what_does_not_end(number: signal.Signals) -> None:
    with waiting(1) as process:
        process.send_signal(number)
        assert said(process) == "drains"
        assert process.wait(WAIT_SECONDS) == -signal.SIGALRM


def test_a_second_signal_ends_it_at_once() -> None:
    with waiting(3_600) as process:
        process.send_signal(signal.SIGTERM)
        assert said(process) == "drains"
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_SECONDS) == -signal.SIGTERM
