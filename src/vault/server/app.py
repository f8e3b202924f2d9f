"""The one place where the server's parts are joined into an application."""

from fastapi import FastAPI

from vault.server.http.answers import Answers
from vault.server.http.problems import answer_problems
from vault.server.logs import start_logs
from vault.server.parts import Parts
from vault.server.resources.apps.routes import router as apps
from vault.server.resources.deployment.routes import router as deployment
from vault.server.resources.enrolments.routes import router as enrolments
from vault.server.resources.logins.routes import router as logins
from vault.server.resources.slots.routes import router as slots

TITLE = "Coach Vault"
ROUTERS = (deployment, apps, enrolments, logins, slots)


def build_app(parts: Parts) -> FastAPI:
    """An application that answers over `parts`. FastAPI's own pages are off: they would load foreign scripts."""
    start_logs()
    app = FastAPI(title=TITLE, version="1", openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.parts = parts
    for router in ROUTERS:
        app.include_router(router)
    answer_problems(app)
    app.add_middleware(Answers, random=parts.random)
    return app
