"""Do something in a process of its own, which may be killed while it does: a fork, so that it begins at once."""

import json
import os
import signal
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

_SECONDS = 120


class ChildError(Exception):
    """A child ended otherwise than it should; the message has its traceback, or says what ended it."""


def in_child(work: Callable[[], Any], log: Path, *, may_be_killed: bool = False) -> Any:
    """What `work` returned, through JSON; None where it was killed and may be. What it prints goes to `log`.

    Raises: ChildError.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _work(work, writing, log)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        if may_be_killed and os.WTERMSIG(status) == signal.SIGKILL:
            return None
        raise ChildError(f"ended by {signal.Signals(os.WTERMSIG(status)).name}")
    outcome = json.loads(told)
    if "error" in outcome:
        raise ChildError(outcome["error"])
    return outcome["value"]


def _work(work: Callable[[], Any], writing: int, log: Path) -> None:
    """Never returns: nothing of the parent goes on twice."""
    try:
        signal.alarm(_SECONDS)
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(out, 1)
        os.dup2(out, 2)
        try:
            outcome = {"value": work()}
        except BaseException:
            outcome = {"error": traceback.format_exc()}
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(json.dumps(outcome).encode())
    finally:
        os._exit(0)
