"""What a connection can cost before a credential is read: everything about it is bounded, and others are served beside.

Over real sockets, with the options with which the server is served.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from tests.server.deployments import URL
from vault.protocol import limits
from vault.server.commands.serve import _listen, _options
from vault.server.settings import Settings

HEAD_BYTES = getattr(limits, "HEAD_MAXIMUM_BYTES", 32_768)
HEADERS = getattr(limits, "HEADERS_MAXIMUM", 100)
WAIT_SECONDS = 20
ENDLESS_BYTES = 12 * 1024**2
STARTS = (b"GET / HTTP/1.1\r\nx: ", b"GET / HTTP/1.1\r\n")
CONNECTION = "vault.server.http.connection"


@dataclass(slots=True)
class Service:
    """A small application that is served: what it was asked, and the requests that it holds back."""

    address: tuple[str, int]
    asked: list[str] = field(default_factory=list)
    holds: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append(scope["path"])
        read = 0
        if scope["path"] == "/held":
            await self.holds.wait()
        if scope["path"] == "/read":
            more = True
            while more:
                message = await receive()
                read += len(message.get("body", b""))
                more = message.get("more_body", False)
        text = str(read).encode()
        headers = [(b"content-length", str(len(text)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": text})


@asynccontextmanager
async def served() -> AsyncIterator[Service]:
    settings = Settings(url=URL, database="sqlite:///unused.sqlite3")
    with _listen(0) as listener:
        service = Service(listener.getsockname())
        options: dict[str, Any] = {**_options(settings), "lifespan": "off", "timeout_graceful_shutdown": 1}
        server = uvicorn.Server(uvicorn.Config(service, **options))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield service
        finally:
            service.holds.set()
            server.should_exit = True
            await serving


class Peer:
    """One connection to the service."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, *pieces: bytes) -> None:
        """All of it, as far as anybody takes it."""
        try:
            for piece in pieces:
                self._writer.write(piece)
                await self._writer.drain()
        except ConnectionError:
            pass

    async def pour(self, piece: bytes, bytes_in_all: int = ENDLESS_BYTES) -> int:
        """The piece again and again; how many bytes were taken before the connection was ended."""
        sent = 0
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                while sent < bytes_in_all and not self._reader.at_eof():
                    self._writer.write(piece)
                    await self._writer.drain()
                    sent += len(piece)
                    await asyncio.sleep(0)
        except ConnectionError:
            pass
        return sent

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the next answer."""
        async with asyncio.timeout(WAIT_SECONDS):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode("ascii").splitlines()
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        return int(head[0].split()[1]), headers, body

    async def rest(self) -> bytes:
        """What still comes until the other side ends the connection."""
        async with asyncio.timeout(WAIT_SECONDS):
            try:
                return await self._reader.read()
            except ConnectionError:
                return b""

    async def is_ended(self) -> bool:
        """Whether nothing more comes than the end."""
        return await self.rest() == b""


@asynccontextmanager
async def connected(service: Service, *sent: bytes) -> AsyncIterator[Peer]:
    reader, writer = await asyncio.open_connection(*service.address)
    try:
        peer = Peer(reader, writer)
        await peer.send(*sent)
        yield peer
    finally:
        writer.close()


def request(path: str = "/", headers: Iterable[str] = (), method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "host: a", *headers, "", ""]).encode()


def head_of(size: int) -> bytes:
    """A request without a body of exactly so many bytes."""
    rest = size - len(request(headers=["x: "]))
    return request(headers=["x: " + "a" * rest])


def assert_told(answer: tuple[int, dict[str, str], bytes]) -> None:
    status, headers, body = answer
    assert (status, json.loads(body)["code"]) == (431, "headers-too-large")
    assert headers["connection"] == "close"
    assert headers["content-type"] == "application/problem+json"
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert len(headers["request-id"]) == 32


@pytest.mark.parametrize("cut", [1, 16_384, HEAD_BYTES])
async def test_a_head_of_exactly_the_maximum_is_served_however_it_is_cut(cut: int) -> None:
    async with served() as service, connected(service) as peer:
        head = head_of(HEAD_BYTES)
        await peer.send(head[:cut])
        await asyncio.sleep(0.05)
        await peer.send(head[cut:])
        assert (await peer.answer())[0] == 200
        await peer.send(head)
        assert (await peer.answer())[0] == 200
    assert service.asked == ["/", "/"]


@pytest.mark.parametrize("cut", [1, 16_384, HEAD_BYTES])
async def test_one_byte_more_is_told_so_and_the_application_never_sees_it(cut: int) -> None:
    async with served() as service, connected(service) as peer:
        head = head_of(HEAD_BYTES + 1)
        await peer.send(head[:cut])
        await asyncio.sleep(0.05)
        await peer.send(head[cut:])
        assert_told(await peer.answer())
        assert await peer.is_ended()
    assert service.asked == []


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        *((start, piece) for start in STARTS for piece in (b"a" * 50_000, b"a: b\r\n" * 5_000)),
        (b"GET /", b"a" * 50_000),
        (b"", b"\r\n" * 20_000),
    ],
    ids=lambda sent: repr(sent[:20]),
)
async def test_a_head_that_never_ends_is_ended(start: bytes, piece: bytes) -> None:
    async with served() as service, connected(service, start) as peer:
        assert await peer.pour(piece) < ENDLESS_BYTES
        async with connected(service, request("/beside")) as other:
            assert (await other.answer())[0] == 200
    assert service.asked == ["/beside"]


async def test_one_header_too_many_is_told_so() -> None:
    async with served() as service:
        async with connected(service, request(headers=["a: b"] * (HEADERS - 1))) as peer:
            assert (await peer.answer())[0] == 200
        async with connected(service, request(headers=["a: b"] * HEADERS)) as peer:
            assert_told(await peer.answer())
            assert await peer.is_ended()
    assert len(service.asked) == 1


@pytest.mark.parametrize("path", ["/", "/read"])
@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"0\r\nx: ", b"a" * 50_000),
        (b"0\r\n", b"a: b\r\n" * 5_000),
        (b"1;", b"a" * 50_000),
        (b"", b"ffff\r\n" + b"a" * 0xFFFF + b"\r\n"),
    ],
    ids=["trailer", "trailers", "extension", "body"],
)
async def test_what_comes_after_a_head_and_never_ends_is_ended(path: str, start: bytes, piece: bytes) -> None:
    async with served() as service:
        async with connected(service, request(path, ["transfer-encoding: chunked"]), start) as peer:
            assert await peer.pour(piece) < ENDLESS_BYTES
        async with connected(service, request("/beside")) as other:
            assert (await other.answer())[0] == 200
    assert service.asked == [path, "/beside"]


async def test_a_body_that_nobody_reads_does_not_hold_back_the_answer() -> None:
    asks = request(headers=[f"content-length: {ENDLESS_BYTES}"])
    async with served() as service, connected(service, asks) as peer:
        assert (await peer.answer())[0] == 200


async def test_a_part_of_the_maximum_length_comes_in_whole_also_where_it_is_refused_at_once() -> None:
    size = limits.PART_MAXIMUM_BYTES
    async with served() as service:
        for path, read in (("/", 0), ("/read", size)):
            async with connected(service) as peer:
                for _ in range(2):
                    await peer.send(request(path, [f"content-length: {size}"], "PUT"), b"a" * size)
                    assert int((await peer.answer())[2]) == read


async def test_what_is_asked_ahead_is_answered_in_order() -> None:
    async with served() as service, connected(service, request("/held"), request("/1") + request("/2")) as peer:
        await asyncio.sleep(0.05)
        service.holds.set()
        assert [(await peer.answer())[0] for _ in range(3)] == [200, 200, 200]
    assert service.asked == ["/held", "/1", "/2"]


async def test_who_asks_too_much_ahead_is_hung_up_on() -> None:
    async with served() as service, connected(service, request("/held")) as peer:
        await asyncio.sleep(0.05)
        assert await peer.pour(request("/") * 1_000) < ENDLESS_BYTES
        assert await peer.is_ended()
    assert service.asked == ["/held"]


@pytest.mark.parametrize("begun", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nx: a"], ids=["nothing", "line", "header"])
async def test_a_head_that_stays_half_sent_is_hung_up_on(begun: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{CONNECTION}.HEAD_SECONDS", 0.2)
    async with served() as service:
        async with connected(service, begun) as peer:
            assert await peer.is_ended()
        async with connected(service, request()) as peer:
            assert (await peer.answer())[0] == 200
            await peer.send(begun)
            for _ in range(20):  # a byte now and then keeps nothing open
                await peer.send(b"a" if begun else b"\r\n")
                await asyncio.sleep(0.1)
            assert await peer.is_ended()


async def test_who_takes_long_to_be_answered_is_not_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{CONNECTION}.HEAD_SECONDS", 0.2)
    async with served() as service, connected(service, request("/held")) as peer:
        await asyncio.sleep(1.5)
        service.holds.set()
        assert (await peer.answer())[0] == 200


async def test_who_does_not_leave_after_the_answer_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{CONNECTION}.LEAVE_SECONDS", 0.2)
    async with served() as service, connected(service, request(headers=["content-length: 1000"])) as peer:
        assert (await peer.answer())[0] == 200
        for _ in range(20):
            await peer.send(b"a")
            await asyncio.sleep(0.1)
        assert await peer.is_ended()


async def test_connections_that_ask_nothing_make_room_for_who_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{CONNECTION}.CONNECTIONS_MAXIMUM", 3)
    async with (
        served() as service,
        connected(service, request("/held")) as held,
        connected(service, request("/read", ["content-length: 9"])) as half,
        connected(service) as idle,
    ):
        await asyncio.sleep(0.05)
        async with connected(service, request("/1")) as newcomer:
            assert (await newcomer.answer())[0] == 200
            assert await idle.is_ended()
            async with connected(service, request("/2")) as another:
                assert (await another.answer())[0] == 200
                assert await newcomer.is_ended()
                async with connected(service, request("/held")) as waits:
                    await asyncio.sleep(0.05)
                    assert await another.is_ended()
                    async with connected(service, request("/3")) as last:
                        assert (await last.answer())[0] == 200
                        assert await half.is_ended()
                    service.holds.set()
                    assert (await waits.answer())[0] == (await held.answer())[0] == 200


async def test_where_all_wait_for_an_answer_a_newcomer_is_told_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{CONNECTION}.CONNECTIONS_MAXIMUM", 1)
    async with served() as service, connected(service, request("/held")) as held:
        await asyncio.sleep(0.05)
        async with connected(service) as newcomer:
            status, headers, body = await newcomer.answer()
            assert (status, json.loads(body)["code"]) == (503, "busy")
            assert int(headers["retry-after"]) > 0
            assert await newcomer.is_ended()
        service.holds.set()
        assert (await held.answer())[0] == 200


async def test_what_is_no_http_is_ended() -> None:
    async with served() as service, connected(service, b"\x16\x03\x01 hello \r\n\r\n") as peer:
        assert (await peer.answer())[0] == 400
        assert await peer.is_ended()
    assert service.asked == []


async def test_nothing_is_put_into_an_answer_that_is_under_way() -> None:
    async with served() as service, connected(service, request("/held") + b"no http at all\r\n\r\n") as peer:
        assert await peer.is_ended()
