"""A tap on a person's own line: every request as it leaves the client, so that it can be searched and sent again."""

import json
from dataclasses import dataclass, field

import httpx

from vault.protocol.envelope import Envelope, Statement
from vault.protocol.vocabulary import StatementType


@dataclass(frozen=True, slots=True)
class Request:
    """One request: everything of it that reaches the server."""

    method: str
    path: str
    credential: str = field(repr=False)
    body: bytes = field(repr=False)
    bytes_sent: bytes = field(repr=False)

    @property
    def statement(self) -> Statement:
        """The statement inside a submission."""
        return Statement.of(Envelope.from_json(json.loads(self.body)["statement"]))


class Tap(httpx.BaseTransport):
    """Sends as usual, and keeps what was sent."""

    def __init__(self) -> None:
        """Nothing is kept yet."""
        self.requests: list[Request] = []
        self._inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer of the server."""
        body = request.read()
        head = [
            f"{request.method} {request.url}".encode(),
            *(name + b": " + value for name, value in request.headers.raw),
        ]
        credential = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.requests.append(
            Request(request.method, request.url.path, credential, body, b"\r\n".join([*head, b"", body]))
        )
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()

    def newest(self, type_: StatementType) -> Request:
        """The newest request that carried a statement of this type."""
        suffix = f"coach-vault.{type_}.v1+json".encode()
        return next(each for each in reversed(self.requests) if each.method == "POST" and suffix in each.body)
