"""What every answer carries, and what becomes of a request that breaks something.

Pure ASGI, so that it costs next to nothing. The size of a body is the first thing that is checked of a request: what
says it is too large is refused before its credential is looked at.
"""

from collections.abc import Callable
from traceback import extract_tb
from typing import Any

import orjson
from fastapi import Response
from pydantic import BaseModel
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vault.protocol.limits import BODY_MAXIMUM_BYTES, PART_MAXIMUM_BYTES
from vault.protocol.problems import Code, Refused
from vault.server.clock import monotonic_seconds
from vault.server.http.problems import problem_answer
from vault.server.logs import log_fault, log_request
from vault.server.metrics import count_request

REQUEST_ID_BYTES = 16
JSON_TYPE = "application/json"
PUBLIC = "public, max-age=300"
REVALIDATED = "public, no-cache"
"""May be kept, and is asked for again before it is used."""
FOR_EVER = "public, max-age=31536000, immutable"
_CLIENT_GONE = 499
"""What the log calls a request whose sender hung up before it was whole; nobody is there to be answered."""


def json_answer(value: BaseModel | dict[str, Any], status: int = 200, **headers: str) -> Response:
    """An answer of strict JSON; a keyword such as `cache_control` becomes the header of that name."""
    members = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    named = {name.replace("_", "-").title(): text for name, text in headers.items()}
    return Response(orjson.dumps(members), status_code=status, headers=named, media_type=JSON_TYPE)


class Answers:
    """The outermost layer of the app."""

    def __init__(self, app: ASGIApp, random: Callable[[int], bytes]) -> None:
        """`random` gives request ids, which say nothing about a request."""
        self._app = app
        self._random = random

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; nothing that a route raises goes further than here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = monotonic_seconds()
        request_id = self._random(REQUEST_ID_BYTES).hex()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["Request-Id"] = request_id
                headers["X-Content-Type-Options"] = "nosniff"
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            if says_too_large(scope["method"], Headers(scope=scope)):
                await problem_answer(Refused(Code.TOO_LARGE))(scope, receive, send_with_headers)
            else:
                await self._app(scope, receive, send_with_headers)
        except ClientDisconnect:
            status = _CLIENT_GONE
        except Exception as error:
            log_fault(
                request_id,
                type(error).__name__,
                [f"{at.filename}:{at.lineno}" for at in extract_tb(error.__traceback__)],
            )
            if status:  # half an answer is out: only a broken connection tells the client so
                raise ConnectionAbortedError from None
            await problem_answer(Refused(Code.SERVER_FAULT))(scope, receive, send_with_headers)
        finally:
            seconds, route = monotonic_seconds() - began, getattr(scope.get("route"), "path", None)
            count_request(scope["method"], route, status, seconds)
            log_request(
                request_id=request_id,
                method=scope["method"],
                route=route,
                status=status,
                milliseconds=round(1_000 * seconds, 1),
            )


def says_too_large(method: str, headers: Headers) -> bool:
    """Whether the length that is told is too long, or none.

    A part of an attachment is all that is ever put; everything else is a submission or shorter.
    """
    maximum = PART_MAXIMUM_BYTES if method == "PUT" else BODY_MAXIMUM_BYTES
    said = headers.get("content-length", "0")
    return not said.isdecimal() or len(said) > len(str(maximum)) or int(said) > maximum
