"""What an app key sees: its own slug and two counts."""

from fastapi import APIRouter, Response

from vault.protocol.api import App, EnrolmentCounts
from vault.server.http.answers import json_answer
from vault.server.http.credentials import AppHolder
from vault.server.http.dependencies import WithContext
from vault.server.http.operations import Credential, operation
from vault.server.resources.apps.rows import count_enrolments

router = APIRouter()


@router.get(
    "/v1/app",
    **operation(
        "getApp", "apps", "The app of this key, and how many tokens it issued", credential=Credential.APP, answer=App
    ),
)
async def get_app(holder: AppHolder, context: WithContext) -> Response:
    """Nothing else is counted, and nobody is listed."""
    issued, used = await context.storage.read(lambda connection: count_enrolments(connection, holder.app))
    return json_answer(App(app=holder.app, enrolments=EnrolmentCounts(issued=issued, used=used)))
