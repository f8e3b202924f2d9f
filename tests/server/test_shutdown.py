"""A server that is asked to end does so in bounded time, even where one of its threads waits for ever."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context

import pytest
from uvicorn import Config
from uvicorn.supervisors.multiprocess import Process

from vault.server.shutdown import Workers, bound_shutdown

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


@pytest.fixture
def _handlers() -> Iterator[None]:
    """This process takes signals afterwards as it did before."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)}
    yield
    signal.alarm(0)
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("_handlers")
def test_the_first_signal_goes_to_who_drains_and_every_later_one_to_the_system() -> None:
    drained: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: drained.append(number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    bound_shutdown(3_600)
    signal.raise_signal(signal.SIGTERM)
    assert drained == [signal.SIGTERM]
    assert 3_590 < signal.alarm(0) <= 3_600
    endings = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)
    assert [signal.getsignal(number) for number in endings] == [signal.SIG_DFL] * 3


@pytest.mark.usefixtures("_handlers")
def test_a_signal_that_nobody_drains_for_still_begins_the_countdown() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    bound_shutdown(3_600)
    signal.raise_signal(signal.SIGINT)
    assert signal.alarm(0) > 3_590


def test_whoever_asks_twice_waits_for_no_worker() -> None:
    workers = Workers(Config("nothing:at_all", workers=1), [], lambda process: None)
    workers.processes = [Process(Config("nothing:at_all"), [])]
    running = workers.processes[0].process = get_context("spawn").Process(target=time.sleep, args=(3_600,))
    running.start()
    asking = threading.Timer(0.5, workers.signal_queue.append, [signal.SIGINT])
    asking.start()
    workers.join_all()
    asking.join()
    assert running.exitcode == -signal.SIGKILL
