"""A small load generator: one thread, one socket a client, the next request as soon as the last is answered.

Every latency is kept as it was, with no correction: a quantile of it is a quantile of what was seen.
"""

import selectors
import socket
import time
from base64 import b64encode
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256

Talk = Generator[bytes, tuple[int, bytes], None]
"""One client: gives a whole request, is sent the status and the body of its answer, and so on until it returns."""

_CHUNK_BYTES = 262_144
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length: "


class LoadError(Exception):
    """A server that answered other than it should; the message is the sentence to show."""


@dataclass(slots=True)
class Load:
    """What came of it: how many were answered as expected, in how many seconds, and each latency in seconds."""

    answered: int
    seconds: float
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answered / self.seconds

    def quantile(self, share: float) -> float:
        """The latency, in seconds, that this share stayed below."""
        return sorted(self.latencies)[min(int(share * len(self.latencies)), len(self.latencies) - 1)]


def post(path: str, token: str | None, body: bytes) -> bytes:
    """The bytes of a request with a JSON body."""
    headers = b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    return _head("POST", path, token) + headers + body


def put(path: str, token: str, body: bytes) -> bytes:
    """The bytes of a request with any body, and its digest."""
    digest = b64encode(sha256(body).digest())
    headers = b"Content-Digest: sha-256=:%s:\r\nContent-Length: %d\r\n\r\n" % (digest, len(body))
    return _head("PUT", path, token) + headers + body


def get(path: str, token: str | None) -> bytes:
    """The bytes of a request without a body."""
    return _head("GET", path, token) + b"\r\n"


def _head(method: str, path: str, token: str | None) -> bytes:
    credential = "" if token is None else f"Authorization: Bearer {token}\r\n"
    return f"{method} {path} HTTP/1.1\r\nHost: bench\r\n{credential}".encode()


def send_all(port: int, requests: Iterable[bytes], clients: int, expected: int) -> Load:
    """Each request once, by whichever client is free. Raises: LoadError for an answer of another status."""
    shared = iter(requests)
    return talk(port, [_take(shared, expected) for _ in range(clients)])


def _take(requests: Iterator[bytes], expected: int) -> Talk:
    for request in requests:
        status, body = yield request
        if status != expected:
            raise LoadError(f"expected {expected}, got {status}: {body[:200]!r}")


@dataclass(slots=True)
class _Client:
    talk: Talk
    socket: socket.socket
    began: float = 0.0
    received: bytearray = field(default_factory=bytearray)


def talk(port: int, talks: Iterable[Talk]) -> Load:
    """Let all clients talk to a server on loopback at once. Raises: LoadError where a connection ends early."""
    load = Load(0, 0.0)
    with selectors.DefaultSelector() as selector:
        began = time.perf_counter()
        for each in talks:
            client = _Client(each, socket.create_connection(("127.0.0.1", port)))
            client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(client.socket, selectors.EVENT_READ, client)
            _send(selector, client, None)
        while selector.get_map():
            for key, _ in selector.select():
                _receive(selector, key.data, load)
        load.seconds = time.perf_counter() - began
    return load


def _send(selector: selectors.BaseSelector, client: _Client, answer: tuple[int, bytes] | None) -> None:
    try:
        request = next(client.talk) if answer is None else client.talk.send(answer)
    except StopIteration:
        selector.unregister(client.socket)
        client.socket.close()
        return
    client.began = time.perf_counter()
    client.socket.sendall(request)


def _receive(selector: selectors.BaseSelector, client: _Client, load: Load) -> None:
    chunk = client.socket.recv(_CHUNK_BYTES)
    if not chunk:
        raise LoadError("the server closed a connection")
    client.received += chunk
    answer = _find_answer(client.received)
    if answer is not None:
        load.latencies.append(time.perf_counter() - client.began)
        load.answered += 1
        client.received.clear()
        _send(selector, client, answer)


def _find_answer(received: bytearray) -> tuple[int, bytes] | None:
    """Status and body, once both are whole; every answer of both servers names its length."""
    end = received.find(_HEAD_END)
    if end < 0:
        return None
    head = bytes(received[:end]).lower()
    place = head.find(_LENGTH)
    length = 0 if place < 0 else int(head[place + len(_LENGTH) :].split(b"\r\n", 1)[0])
    body = received[end + len(_HEAD_END) :]
    return None if len(body) < length else (int(head[9:12]), bytes(body))
