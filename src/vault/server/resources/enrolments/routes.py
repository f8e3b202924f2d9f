"""An app asks for an enrolment token and hands it to one person, outside of this service."""

from anyio import to_thread
from fastapi import APIRouter, Request, Response

from vault.protocol.api import EnrolmentRequest, EnrolmentToken
from vault.server.http.answers import json_answer
from vault.server.http.credentials import AppHolder
from vault.server.http.dependencies import WithContext
from vault.server.http.operations import Credential, operation
from vault.server.http.submissions import read_body
from vault.server.limits import Limited
from vault.server.resources.enrolments.actions import create_enrolment

router = APIRouter()


@router.post(
    "/v1/enrolments",
    **operation(
        "createEnrolment",
        "apps",
        "A token with which one person makes an account",
        credential=Credential.APP,
        body=EnrolmentRequest,
        answer=EnrolmentToken,
        status=201,
    ),
)
async def post_enrolment(request: Request, holder: AppHolder, context: WithContext) -> Response:
    """The token is shown once; the server keeps its hash."""
    wanted = await read_body(request, EnrolmentRequest)
    context.limits.take(Limited.ENROLMENTS, holder.app)
    token = await to_thread.run_sync(
        create_enrolment, context.storage, holder.app, wanted.expires_in_seconds, context.random, context.clock()
    )
    return json_answer(token, 201)
