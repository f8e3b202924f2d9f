"""Build the FastAPI application from its context, routers and queue: the one place where they meet."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI

from vault.protocol.problems import Refused
from vault.server.context import AppContext
from vault.server.http.answers import Answers
from vault.server.http.problems import answer_problems
from vault.server.logs import log_stopped, start_logs
from vault.server.resources.accounts.routes import router as accounts
from vault.server.resources.apps.routes import router as apps
from vault.server.resources.attachments.actions import sweep
from vault.server.resources.attachments.routes import router as attachments
from vault.server.resources.blobs.routes import router as blobs
from vault.server.resources.deployment.routes import router as deployment
from vault.server.resources.disclosures.routes import router as disclosures
from vault.server.resources.engagements.routes import router as engagements
from vault.server.resources.enrolments.routes import router as enrolments
from vault.server.resources.introductions.routes import router as introductions
from vault.server.resources.items.routes import router as items
from vault.server.resources.journals.routes import router as journals
from vault.server.resources.keyrings.routes import router as keyrings
from vault.server.resources.logins.routes import router as logins
from vault.server.resources.slots.routes import router as slots
from vault.server.resources.tlog.routes import router as tlog
from vault.server.sequencer.queue import Queue

TITLE = "Coach Vault"
SWEEP_SECONDS = 60
ROUTERS = (
    items,
    journals,
    blobs,
    disclosures,
    engagements,
    attachments,
    tlog,
    logins,
    accounts,
    keyrings,
    introductions,
    slots,
    enrolments,
    apps,
    deployment,
)
"""In the order in which a request is compared with them: those that are asked most stand first."""


def build_app(context: AppContext) -> FastAPI:
    """An application that answers over `context`. FastAPI's own pages are off: they would load foreign scripts."""
    start_logs(context.settings.log_level)
    context.storage.answer_in_time()
    app = FastAPI(
        title=TITLE,
        version="1",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_answer_all,
    )
    app.state.context = context
    app.state.queue = Queue(context.storage, context.tlog)
    for router in ROUTERS:
        app.include_router(router)
    answer_problems(app)
    app.add_middleware(Answers, random=context.random)
    return app


@asynccontextmanager
async def _answer_all(app: FastAPI) -> AsyncIterator[None]:
    """A run of the app has a queue of its own, and ends when all who wait in it are answered."""
    context: AppContext = app.state.context
    app.state.queue = queue = Queue(context.storage, context.tlog)
    sweeping = asyncio.create_task(_sweep(context))
    yield
    sweeping.cancel()
    await queue.close()
    log_stopped()


async def _sweep(context: AppContext) -> None:
    """Now and then, take away content that nothing names; where the storage is away the next time does it."""
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        with suppress(Refused):
            await sweep(context)
