"""The two drivers of acts: one blocks a thread, one runs on a loop. Everything else about the network stands here too.

No redirect is followed, no environment proxy is used, and nothing longer than the act allows is read.
"""

import asyncio
import re
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import httpx

from vault.client.errors import Unreachable, UsageError, VerificationError
from vault.client.network.calls import Act, Answer, Call, Take, Work
from vault.errors import VaultError

Value = TypeVar("Value")

TIMEOUT_SECONDS = 30.0
_SECONDS = re.compile("[0-9]{1,9}")
_PIECE_BYTES = 262_144
_DONE = Answer(status=0)


@dataclass(frozen=True, slots=True)
class Way:
    """How the deployment is reached where the usual way does not lead there: by a CA of one's own, by a proxy.

    `ca` is a PEM file of certificates, trusted instead of the usual ones; `proxy` an http or https URL. Variables of
    the environment name neither: what lies between a person and a deployment is said where it can be seen.
    """

    ca: Path | None = None
    proxy: str | None = None

    def settings(self) -> dict[str, Any]:
        """As httpx takes them. Raises: UsageError for a file that holds no certificates, or what is no proxy's URL."""
        found: dict[str, Any] = {}
        if self.ca is not None:
            try:
                found["verify"] = ssl.create_default_context(cafile=str(self.ca))
            except (OSError, ssl.SSLError) as error:
                raise UsageError("expected a PEM file with the certificates of your CA") from error
        if self.proxy is not None:
            try:
                found["proxy"] = httpx.Proxy(self.proxy)
            except (ValueError, httpx.InvalidURL) as error:
                raise UsageError("expected the proxy as a URL such as http://proxy.example:3128") from error
        return found


USUAL_WAY = Way()


class Steps(Generic[Value]):
    """An act on its way: what it asks for next, with every turn named once."""

    def __init__(self, act: Act[Value]) -> None:
        """An act that has not begun."""
        self._act = act
        self._taken: set[str] = set()
        self._begun = False
        self.answer: Answer | Exception = _DONE
        self.value: Value

    def find_next(self) -> Call | Take | Work | None:
        """A call to answer in `answer`, a turn to take, work to do; None where the act has ended and `value` is there.

        Raises: what the act raises.
        """
        answer, self.answer = self.answer, _DONE
        try:
            while True:
                if not self._begun:
                    self._begun = True
                    effect = next(self._act)
                elif isinstance(answer, Exception):
                    effect = self._act.throw(answer)
                else:
                    effect = self._act.send(answer)
                if not isinstance(effect, Take) or effect.name not in self._taken:
                    break
                answer = _DONE
        except StopIteration as end:
            self.value = end.value
            return None
        if isinstance(effect, Take):
            self._taken.add(effect.name)
        return effect


class Driver:
    """Runs acts to their end in the calling thread; several threads may share one."""

    def __init__(self, url: str, transport: httpx.BaseTransport | None = None, way: Way = USUAL_WAY) -> None:
        """`transport` replaces the network, as tests do."""
        self._client = httpx.Client(base_url=url, transport=transport, **way.settings(), **_SETTINGS)
        self._turns: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def run(self, act: Act[Value]) -> Value:
        """What the act returns. Raises: what the act raises, Unreachable where no answer came."""
        steps = Steps(act)
        with ExitStack() as turns:
            while (effect := steps.find_next()) is not None:
                if isinstance(effect, Take):
                    with self._guard:
                        turn = self._turns.setdefault(effect.name, threading.Lock())
                    turns.enter_context(turn)
                elif isinstance(effect, Work):
                    steps.answer = effect.find_error() or _DONE
                else:
                    steps.answer = self._send(effect)
        return steps.value

    def _send(self, call: Call) -> Answer | Exception:
        try:
            with self._client.stream(
                call.method, call.path, content=_content(call), headers=_headers(call)
            ) as response:
                body = bytearray()
                for chunk in response.iter_raw():
                    body += chunk
                    if len(body) > call.answer_bytes:
                        return _too_large(response)
                return _answer(response, bytes(body))
        except httpx.HTTPError as error:
            return _unreachable(error)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class AsyncDriver:
    """Runs acts to their end on the running loop; many at once."""

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None = None, way: Way = USUAL_WAY) -> None:
        """`transport` replaces the network, as tests do."""
        self._client = httpx.AsyncClient(base_url=url, transport=transport, **way.settings(), **_SETTINGS)
        self._turns: dict[str, asyncio.Lock] = {}

    async def run(self, act: Act[Value]) -> Value:
        """What the act returns. Raises: what the act raises, Unreachable where no answer came."""
        steps = Steps(act)
        async with AsyncExitStack() as turns:
            while (effect := steps.find_next()) is not None:
                if isinstance(effect, Take):
                    await turns.enter_async_context(self._turns.setdefault(effect.name, asyncio.Lock()))
                elif isinstance(effect, Work):
                    steps.answer = await asyncio.to_thread(effect.find_error) or _DONE
                else:
                    steps.answer = await self._send(effect)
        return steps.value

    async def _send(self, call: Call) -> Answer | Exception:
        try:
            content = _async_content(call)
            async with self._client.stream(call.method, call.path, content=content, headers=_headers(call)) as response:
                body = bytearray()
                async for chunk in response.aiter_raw():
                    body += chunk
                    if len(body) > call.answer_bytes:
                        return _too_large(response)
                return _answer(response, bytes(body))
        except httpx.HTTPError as error:
            return _unreachable(error)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


_SETTINGS: dict[str, Any] = {
    "timeout": TIMEOUT_SECONDS,
    "follow_redirects": False,
    "trust_env": False,
    "headers": {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "coach-vault"},
    "limits": httpx.Limits(max_connections=16, max_keepalive_connections=16),
}


def _content(call: Call) -> bytes | Iterator[bytes] | None:
    """The body. A long one is given away in pieces: what is left of a request would keep it in memory for long."""
    if call.body is None or len(call.body) <= _PIECE_BYTES:
        return call.body
    return _cut(call.body)


def _async_content(call: Call) -> bytes | AsyncIterator[bytes] | None:
    if call.body is None or len(call.body) <= _PIECE_BYTES:
        return call.body
    return _async_cut(call.body)


def _cut(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), _PIECE_BYTES):
        yield body[start : start + _PIECE_BYTES]


async def _async_cut(body: bytes) -> AsyncIterator[bytes]:
    for piece in _cut(body):
        yield piece


def _headers(call: Call) -> dict[str, str]:
    headers = {} if call.body is None else {"Content-Type": "application/json", "Content-Length": str(len(call.body))}
    if call.credential is not None:
        headers["Authorization"] = f"Bearer {call.credential}"
    return headers | dict(call.headers)


def _answer(response: httpx.Response, body: bytes) -> Answer | Exception:
    if response.is_redirect:
        return Unreachable(f"something between you and the deployment answered: {response.status_code}, a redirect")
    if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
        return Unreachable("something between you and the deployment compresses what it answers")
    retry_after = response.headers.get("retry-after", "")
    return Answer(
        status=response.status_code,
        media_type=response.headers.get("content-type", "").partition(";")[0].strip().lower(),
        retry_after_seconds=int(retry_after) if _SECONDS.fullmatch(retry_after) else None,
        body=body,
    )


def _too_large(response: httpx.Response) -> VaultError:
    if not response.is_success:
        return Unreachable(f"something between you and the deployment answered: {response.status_code}")
    return VerificationError("size", "expected a shorter answer")


def _unreachable(error: httpx.HTTPError) -> Unreachable:
    unreachable = Unreachable(f"the deployment does not answer: {explain(error)}")
    unreachable.__cause__ = error
    return unreachable


def explain(error: BaseException) -> str:
    """Why nobody answered, as the end of a sentence."""
    if isinstance(error, httpx.TimeoutException):
        return f"nothing came within {TIMEOUT_SECONDS:.0f} seconds"
    if isinstance(error, httpx.ProxyError):
        return "the proxy refused"
    cause: BaseException | None = error
    while cause is not None:
        for kind, words in _CAUSES:
            if isinstance(cause, kind):
                return words
        cause = cause.__cause__ or cause.__context__
    return "the connection was cut off"


_CAUSES: tuple[tuple[type[BaseException], str], ...] = (
    (ssl.SSLCertVerificationError, "its certificate is not one that this device trusts"),
    (ssl.SSLError, "no secure connection could be made to it"),
    (socket.gaierror, "its name is not known on this network"),
    (ConnectionRefusedError, "nothing listens at its address"),
)
