"""A connection, before anybody knows who sends: what it may bring, how long it may take, and how many there may be.

The parser collects a header for as long as it goes on, so its bytes are counted while they come in, wherever they
stand: before the body, between its chunks or behind it. Whoever keeps to HTTP never meets these bounds.
"""

from asyncio import BaseTransport, TimerHandle, Transport
from enum import Enum, auto
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from vault.errors import VaultError
from vault.protocol.limits import HEAD_MAXIMUM_BYTES, HEADERS_MAXIMUM, PART_MAXIMUM_BYTES
from vault.protocol.problems import Code, Refused
from vault.server.clock import random_bytes
from vault.server.http.answers import REQUEST_ID_BYTES
from vault.server.http.problems import problem_answer
from vault.server.storage.engine import RETRY_AFTER_SECONDS

HEAD_SECONDS = 10.0
"""How long a head may take to come in, counted from its first byte, or from where the connection was made."""
LEAVE_SECONDS = 600.0
"""How long a peer may take over its answer, or over a body that nobody reads: 8 MiB over a slow line."""
CONNECTIONS_MAXIMUM = 512
"""Of one worker: fewer than the files that a process may have open by default."""
AHEAD_MAXIMUM = 8
"""Requests that may follow one that is not answered yet."""
_REQUEST_MAXIMUM_BYTES = PART_MAXIMUM_BYTES + 2 * HEAD_MAXIMUM_BYTES
_LOOK_SECONDS = 1.0
_FOR_EVER = float("inf")


class TooMuchError(VaultError):
    """More than a request may bring."""


class Stage(Enum):
    """What is to come in next."""

    REQUEST = auto()
    HEAD = auto()
    BODY = auto()


class Connection(HttpToolsProtocol):
    """What `uvicorn.Config(http=...)` takes: uvicorn's own connection within these bounds."""

    _stage = Stage.REQUEST
    _since = 0.0
    """When it began to wait for its peer, in seconds of the loop."""
    _patience = 0.0
    _idle_bytes = 0
    """Came in since the head, a piece of the body or the end was complete."""
    _request_bytes = 0
    _moved = False
    _too_much = False
    _look_task: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        """Make room among the connections that wait for their peer; where there are none, say so and end this one."""
        super().connection_made(cast(Transport, transport))
        self._wait(Stage.REQUEST, HEAD_SECONDS)
        self._look()
        if len(self.connections) > CONNECTIONS_MAXIMUM:
            others = [each for each in self.connections if isinstance(each, Connection) and each is not self]
            longest = min((each for each in others if not each.is_owed), key=Connection._worth, default=None)
            if longest is None:
                self._end_with(Refused(Code.BUSY, retry_after_seconds=RETRY_AFTER_SECONDS))
            else:
                longest.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing looks after it any more."""
        if self._look_task is not None:
            self._look_task.cancel()
        super().connection_lost(exc)

    @property
    def is_owed(self) -> bool:
        """Whether a request came in whole and its answer is still to be made."""
        return self._stage is Stage.REQUEST and self._is_asked

    def data_received(self, data: bytes) -> None:
        """Parse in steps, none of which goes past what may come without bringing the request forward."""
        rest = memoryview(data)
        while rest and not self.transport.is_closing():
            step = rest[: HEAD_MAXIMUM_BYTES - self._idle_bytes]
            rest = rest[len(step) :]
            self._moved = False
            super().data_received(cast(bytes, step))
            self._idle_bytes = 0 if self._moved else self._idle_bytes + len(step)
            if self._stage is Stage.REQUEST and not self._moved and not self._is_asked:
                self._wait(Stage.HEAD, HEAD_SECONDS)  # empty lines, which begin no request
            self._request_bytes += len(step)
            if self._idle_bytes == HEAD_MAXIMUM_BYTES or self._request_bytes > _REQUEST_MAXIMUM_BYTES:
                self._too_much = True
                self.send_400_response("")

    def on_message_begin(self) -> None:
        """The first byte of a request is there."""
        super().on_message_begin()
        self._request_bytes = 0
        self._wait(Stage.HEAD, HEAD_SECONDS)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Headers and trailers together are counted."""
        if len(self.headers) == HEADERS_MAXIMUM:
            self._too_much = True
            raise TooMuchError("expected fewer headers")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Whoever has asked a lot that is not answered yet asks no more."""
        self._moved = True
        if len(self.pipeline) == AHEAD_MAXIMUM:
            raise TooMuchError("expected fewer requests ahead")
        super().on_headers_complete()
        self._wait(Stage.BODY, _FOR_EVER)  # from here on the application says how long it waits

    def on_body(self, body: bytes) -> None:
        """A piece of a body is progress."""
        self._moved = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """All of a request is there."""
        self._moved = True
        self._stage = Stage.REQUEST
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """What the peer still has to take or to send is not waited for without end."""
        super().on_response_complete()
        if self._stage is not Stage.HEAD and not self.pipeline:
            self._wait(self._stage, LEAVE_SECONDS)

    def send_400_response(self, msg: str) -> None:
        """End the connection; say why where that cannot be taken for a part of another answer."""
        if self._stage is Stage.BODY or self._is_asked:
            self.transport.close()
        elif self._too_much:
            self._end_with(Refused(Code.HEADERS_TOO_LARGE))
        else:
            super().send_400_response(msg)

    @property
    def _is_asked(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _worth(self) -> tuple[bool, float]:
        """Who is halfway through a request goes after who has not asked anything, and who has waited longest first."""
        return self._stage is Stage.BODY, self._since

    def _wait(self, stage: Stage, seconds: float) -> None:
        self._stage, self._since, self._patience = stage, self.loop.time(), seconds

    def _look(self) -> None:
        """One timer for all that may take too long: setting one for each request would cost more than the look."""
        if self.loop.time() - self._since > self._patience:
            self.transport.abort()
        else:
            self._look_task = self.loop.call_later(_LOOK_SECONDS, self._look)

    def _end_with(self, refused: Refused) -> None:
        answer = problem_answer(refused)
        headers: dict[str, Any] = {
            "connection": "close",
            "cache-control": "no-store",
            "request-id": random_bytes(REQUEST_ID_BYTES).hex(),
            "x-content-type-options": "nosniff",
        }
        answer.headers.update(headers)
        fields = b"".join(b"%b: %b\r\n" % field for field in (*self.server_state.default_headers, *answer.raw_headers))
        self.transport.write(STATUS_LINE[answer.status_code] + fields + b"\r\n" + bytes(answer.body))
        self.transport.close()
