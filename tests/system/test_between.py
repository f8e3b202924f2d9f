"""What stands between a device and its deployment is told as that, and no text that was written is lost by it."""

import socket
import ssl
from pathlib import Path

import httpx
import pytest

from tests.server.deployments import Deployment
from tests.system.worlds import Three, World, leaving, three_people
from vault.client import Unreachable
from vault.client.network.transport import explain


class Answers(httpx.AsyncBaseTransport):
    """A proxy of somebody's that answers itself while it is told to."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner
        self.answer: httpx.Response | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.answer is None:
            return await self.inner.handle_async_request(request)
        await request.aread()
        own = self.answer
        return httpx.Response(own.status_code, headers=own.headers, stream=httpx.ByteStream(own.content))


@pytest.fixture
def proxies() -> list[Answers]:
    return []


@pytest.fixture
async def three_behind(deployment: Deployment, proxies: list[Answers], tmp_path: Path) -> Three:
    def wrap(inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        proxies.append(Answers(inner))
        return proxies[-1]

    return await three_people(World(deployment, tmp_path / "people", wrap))


PAGES = {
    **{
        f"HTML with {status}": httpx.Response(status, html="<h1>No</h1>")
        for status in (400, 403, 404, 408, 413, 421, 429, 502, 522)
    },
    "a redirect": httpx.Response(302, headers={"location": "https://login.example/"}),
    "a compressed answer": httpx.Response(
        200, headers={"content-encoding": "gzip", "content-type": "application/json"}, content=b"\x1f\x8b"
    ),
}


@pytest.mark.parametrize("page", sorted(PAGES))
async def test_what_a_proxy_answers_is_no_lie_of_the_server_and_the_text_is_kept(
    three_behind: Three, proxies: list[Answers], page: str
) -> None:
    three = three_behind
    async with leaving(three.world):
        lenas = proxies[0]
        for text in ("first", "second"):  # the second one meets what waits already
            lenas.answer = PAGES[page]
            with pytest.raises(Unreachable) as error:
                await three.at_lenas.notes.add(text)
            assert "outbox" in str(error.value)
        assert error.value.kept == three.lena.outbox[-1].statement
        assert [each.type for each in three.lena.outbox] == ["item", "item"]
        lenas.answer = None
        await three.lena.send()
        assert [note.body for note in await three.at_mareks.notes.list()] == ["first", "second"]


def _because(cause: BaseException) -> httpx.ConnectError:
    error = httpx.ConnectError("failed")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (_because(ssl.SSLCertVerificationError(1, "unable to get local issuer certificate")), "certificate"),
        (_because(ssl.SSLError(1, "wrong version number")), "secure connection"),
        (_because(socket.gaierror(-2, "Name or service not known")), "name"),
        (_because(ConnectionRefusedError(111, "refused")), "nothing listens"),
        (httpx.ReadTimeout("late"), "30 seconds"),
        (httpx.RemoteProtocolError("cut"), "cut off"),
        (httpx.ProxyError("no"), "proxy"),
    ],
)
def test_why_nobody_answers_is_told(error: httpx.HTTPError, words: str) -> None:
    assert words in explain(error)
