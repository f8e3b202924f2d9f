"""Networks that misbehave: answers that get lost, servers that lie. The client under test does not know them."""

from collections.abc import Callable

import httpx


class LosesAnswers(httpx.AsyncBaseTransport):
    """Carries requests out and loses the answers of those that `loses` says: what was asked for has happened."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner
        self.loses: Callable[[httpx.Request], bool] = lambda _request: False
        self.sent: list[tuple[str, str, bytes]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.sent.append((request.method, request.url.path, request.content))
        response = await self.inner.handle_async_request(request)
        if self.loses(request):
            await response.aread()
            raise httpx.ReadError("the answer is lost", request=request)
        return response


class IsAway(httpx.AsyncBaseTransport):
    """Carries nothing while `away`."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner
        self.away = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.away:
            raise httpx.ConnectError("no route", request=request)
        return await self.inner.handle_async_request(request)


class Lies(httpx.AsyncBaseTransport):
    """Gives `change` each answer's path and body, and hands on what it makes of it."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner
        self.change: Callable[[str, bytes], bytes] = lambda _path, body: body
        self.sent: list[tuple[str, str]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append((request.method, request.url.path))
        response = await self.inner.handle_async_request(request)
        body = self.change(request.url.path, await response.aread())
        headers = {name: value for name, value in response.headers.items() if name != "content-length"}
        return httpx.Response(response.status_code, headers=headers, stream=httpx.ByteStream(body))
