"""How a route is given the parts of the server that it runs in."""

from typing import Annotated

from fastapi import Depends, Request

from vault.server.parts import Parts
from vault.server.sequencer.queue import Queue


async def find_parts(request: Request) -> Parts:
    """The parts of the app that answers this request; async, so that FastAPI does not hop to a thread for it."""
    parts: Parts = request.app.state.parts
    return parts


async def find_queue(request: Request) -> Queue:
    """The line in which writes wait, of the app that answers this request."""
    queue: Queue = request.app.state.queue
    return queue


WithParts = Annotated[Parts, Depends(find_parts)]
"""What a route declares to be given the parts."""
WithQueue = Annotated[Queue, Depends(find_queue)]
"""What a route declares to be given the queue."""
