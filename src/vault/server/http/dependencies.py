"""What FastAPI gives a route: the application context and the queue of writes."""

from typing import Annotated

from fastapi import Depends, Request

from vault.server.context import AppContext
from vault.server.sequencer.queue import Queue


async def find_context(request: Request) -> AppContext:
    """The context of the app that answers this request; async, so that FastAPI does not hop to a thread for it."""
    context: AppContext = request.app.state.context
    return context


async def find_queue(request: Request) -> Queue:
    """The line in which writes wait, of the app that answers this request."""
    queue: Queue = request.app.state.queue
    return queue


WithContext = Annotated[AppContext, Depends(find_context)]
"""What a route declares to be given the application context."""
WithQueue = Annotated[Queue, Depends(find_queue)]
"""What a route declares to be given the queue."""
