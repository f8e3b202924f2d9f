"""Every event of an act, and what stops it there: its requests, the file operations of its folder, its long work.

Nothing is listed by hand: the interpreter tells of each file operation before it is done (PEP 578), and the transport
of each request before it leaves and after the server has taken it. Between opening a file for writing and the next
event stands one more, at which half of it is written. A flush changes nothing that another process could see.
"""

import asyncio
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import httpx

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_RANDOM = re.compile("[0-9a-f]{32,}")
_SENT = re.compile("[0-9]{12}-[0-9]{8}-")
_SUBMITS = b'{"statement":'
_MAKES = {"os.mkdir", "os.link", "os.symlink"}
_CHANGES = {"os.rename": "rename", "os.remove": "remove", "os.rmdir": "remove", "os.truncate": "truncate"}


class Way(StrEnum):
    """How an act is stopped. `COMMAND` and `APPLICATION` say who holds the folder then, and closes it."""

    KILL = "kill"
    CTRL_C = "ctrl-c"
    CTRL_C_IN_APPLICATION = "ctrl-c in an application"
    CUT_OFF = "cut off"
    ONE_LOST = "one lost in an application"

    @property
    def is_of_an_application(self) -> bool:
        """Whether the SDK's own close comes after it, and not the command's."""
        return self in (Way.CTRL_C_IN_APPLICATION, Way.ONE_LOST)


@dataclass(frozen=True, slots=True)
class Event:
    """The `number`th thing that an act does, by a name that says what it is and which of its like."""

    number: int
    kind: str
    name: str
    changes: int
    """How much an act had changed before, in its folder or at the server; where it is the same, a kill is the same."""

    def ways(self) -> list[Way]:
        """How an act can be stopped here; half a file is left behind by a kill alone."""
        if self.kind == "write":
            return [Way.KILL]
        if self.kind in ("request", "answer"):
            return list(Way)
        return [Way.KILL, Way.CTRL_C, Way.CTRL_C_IN_APPLICATION]


class Watch:
    """Counts the events below `folder` and of the network from `begin` on, and stops at one of them."""

    def __init__(self, folder: Path, number: int | None = None, way: Way = Way.KILL) -> None:
        """Without `number` nothing is stopped. One process can have one watch, since its hook stays."""
        self.events: list[Event] = []
        self.away = False
        self._folder = str(folder) + os.sep
        self._number, self._way = number, way
        self._seen: Counter[str] = Counter()
        self._changes = 0
        self._written: Path | None = None
        self._counts = False
        sys.addaudithook(self._audit)

    def begin(self) -> None:
        """Count from here on."""
        self._counts = True

    def end(self) -> None:
        """Count no more."""
        self._counts = False

    def request(self, request: httpx.Request) -> None:
        """A request is about to leave. Raises: what stops it."""
        self._meet("request", _plain(f"{request.method} {request.url.path}"), lambda: httpx.ConnectError("cut"))

    def answer(self, request: httpx.Request) -> None:
        """The server has taken a request, and nobody has read the answer. Raises: what stops it."""
        self._meet("answer", _plain(f"{request.method} {request.url.path}"), lambda: httpx.ReadError("cut"))

    def work(self, what: str) -> None:
        """Something that takes long is about to be done. Raises: what stops it."""
        self._meet("work", what)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._counts:
            return
        if event == "open":
            path, _, flags = arguments
            if self._is_below(path) and flags & _WRITING:
                self._meet("open", _plain(self._name(path)))
                self._written = Path(os.fsdecode(path))
        elif event in _MAKES:
            path = arguments[0] if event == "os.mkdir" else arguments[1]
            if self._is_below(path) and not os.path.lexists(path):
                self._meet("make", _plain(self._name(path)))
        elif event in _CHANGES and self._is_below(arguments[0]) and os.path.lexists(arguments[0]):
            self._meet(_CHANGES[event], _plain(self._name(arguments[0])))

    def _is_below(self, path: object) -> bool:
        return isinstance(path, str | bytes | os.PathLike) and os.fsdecode(path).startswith(self._folder)

    def _name(self, path: Any) -> str:
        return os.fsdecode(path).removeprefix(self._folder)

    def _meet(self, kind: str, what: str, failure: Callable[[], Exception] | None = None) -> None:
        if not self._counts:
            return
        written, self._written = self._written, None
        if written is not None and written.exists() and written.stat().st_size:
            self._count("write", _plain(self._name(written)), lambda: self._halve(written), None)
        self._count(kind, what, lambda: None, failure)

    def _count(self, kind: str, what: str, before: Callable[[], None], failure: Callable[[], Exception] | None) -> None:
        label = f"{kind} {what}"
        self._seen[label] += 1
        self.events.append(Event(len(self.events), kind, f"{label} {self._seen[label]}", self._changes))
        if kind != "work" and not what.startswith("GET "):
            self._changes += 1
        if self.events[-1].number != self._number:
            return
        before()
        if self._way is Way.KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        self._counts = False
        if failure is None or self._way in (Way.CTRL_C, Way.CTRL_C_IN_APPLICATION):
            raise KeyboardInterrupt
        self.away = self._way is Way.CUT_OFF
        raise failure()

    def _halve(self, path: Path) -> None:
        self._counts = False
        os.truncate(path, path.stat().st_size // 2)


class Watched(httpx.BaseTransport):
    """The way to an application in this process, one request after the other, each told to a watch."""

    def __init__(self, app: Any, watch: Watch | None) -> None:
        """Without a watch it is a network that works, until it is `away`. `left` is where submissions are noted."""
        self.away = False
        self.left: Path | None = None
        self._inner = httpx.ASGITransport(app)
        self._watch = watch
        self._loop = asyncio.Runner()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer. Raises: what stops the act."""
        if self.away or (self._watch is not None and self._watch.away):
            raise httpx.ConnectError("cut", request=request)
        body = request.read()
        if self.left is not None and body.startswith(_SUBMITS) and "/login/" not in request.url.path:
            keep_left(self.left, body)
        if self._watch is not None:
            self._watch.request(request)
        response = self._loop.run(self._carry(request.method, request.url, request.headers, body))
        if self._watch is not None:
            self._watch.answer(request)
        return response

    def end(self) -> None:
        """End the loop and its threads; several clients may have shared this transport, and closed it."""
        self._loop.close()

    async def _carry(self, method: str, url: httpx.URL, headers: httpx.Headers, body: bytes) -> httpx.Response:
        asked = httpx.Request(method, url, headers=headers, content=body)
        answer = await self._inner.handle_async_request(asked)
        return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(await answer.aread()))


def keep_left(path: Path, submission: bytes) -> None:
    """Note in the file `path` that a signed statement was there: it has left its device, or waits on it."""
    with path.open("ab") as file:
        file.write(submission + b"\n")


def _plain(name: str) -> str:
    """A name without what is random in it."""
    return _RANDOM.sub("*", _SENT.sub("*-", name))
