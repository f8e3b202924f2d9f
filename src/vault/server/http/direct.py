"""Routes without FastAPI's dependency injection: each takes the request and nothing else.

What FastAPI resolves for an endpoint (credentials, context, ids of a path) costs more than the answer to a short one.
The routes that are asked most say themselves what they need, in the same order; they are described like all others.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute


class Direct(APIRoute):
    """A route that calls `async def endpoint(request)` and sends the response that it returns."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint itself."""
        endpoint: Callable[[Request], Coroutine[Any, Any, Response]] = self.endpoint
        return endpoint
