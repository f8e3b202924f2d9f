"""Introductions over HTTP."""

from fastapi import APIRouter, Request, Response

from vault.protocol.api import Introduced, Introductions
from vault.protocol.limits import ZERO32
from vault.protocol.problems import Code
from vault.protocol.vocabulary import StatementType
from vault.server.http.answers import json_answer
from vault.server.http.credentials import Person
from vault.server.http.dependencies import WithContext, WithQueue
from vault.server.http.operations import Credential, operation
from vault.server.http.pages import LIMIT, PAGED, AfterMark, Limit
from vault.server.http.submissions import read_submission
from vault.server.resources.introductions.actions import create_introduction
from vault.server.resources.introductions.rows import list_introductions

router = APIRouter()


@router.post(
    "/v1/introductions",
    **operation(
        "createIntroduction",
        "accounts",
        "Answer an invitation",
        credential=Credential.PERSON,
        statement=StatementType.INTRODUCTION,
        answer=Introduced,
        status=201,
        problems=(Code.NOT_FOUND, Code.KEY_STALE, Code.TOO_MANY),
    ),
)
async def post_introduction(request: Request, signer: Person, context: WithContext, queue: WithQueue) -> Response:
    """Delivered to the one who invited; the secret behind its mac is nowhere here."""
    submission = await read_submission(request)
    statement, is_new = await create_introduction(context, queue, submission, signer)
    return json_answer({"statement": statement.hex()}, 201 if is_new else 200)


@router.get(
    "/v1/introductions",
    **operation(
        "listIntroductions",
        "accounts",
        "Introductions addressed to you, for 30 days",
        credential=Credential.PERSON,
        answer=Introductions,
        query=PAGED,
    ),
)
async def get_introductions(
    reader: Person, context: WithContext, after: AfterMark = None, limit: Limit = LIMIT
) -> Response:
    """Oldest first."""
    made, _, statement = (after or f"0-{ZERO32.hex()}").partition("-")
    start = int(made), bytes.fromhex(statement)
    now = context.clock()
    return json_answer(
        await context.storage.read(lambda connection: list_introductions(connection, reader, now, start, limit))
    )
