"""Challenges, logins and logging out over HTTP.

What is read before anybody is known is short.
"""

from fastapi import APIRouter, Request, Response

from vault.errors import AudienceError, PayloadTypeError
from vault.protocol.api import Challenge, ChallengeRequest, Token
from vault.protocol.envelope import Statement
from vault.protocol.limits import LOGIN_BODY_MAXIMUM_BYTES
from vault.protocol.problems import Code, Refused
from vault.protocol.submission import NO_PARTS
from vault.protocol.vocabulary import StatementType
from vault.server.http.answers import json_answer
from vault.server.http.credentials import KeyringReader
from vault.server.http.dependencies import WithContext, WithQueue
from vault.server.http.operations import Credential, operation
from vault.server.http.peers import peer_of
from vault.server.http.submissions import read_body, read_submission
from vault.server.limits import Limited
from vault.server.resources.logins.actions import create_challenge, create_token, end_token

router = APIRouter()

_TYPES = (StatementType.LOGIN, StatementType.FETCH)


@router.post(
    "/v1/login/challenges",
    **operation(
        "createChallenge",
        "login",
        "32 bytes to be signed within a minute",
        credential=Credential.NONE,
        body=ChallengeRequest,
        answer=Challenge,
        status=201,
        problems=(Code.BUSY,),
    ),
)
async def post_challenge(request: Request, context: WithContext, queue: WithQueue) -> Response:
    """The same for accounts that do not exist."""
    wanted = await read_body(request, ChallengeRequest, LOGIN_BODY_MAXIMUM_BYTES)
    peer = peer_of(request)
    context.limits.take(Limited.CHALLENGES_OF_PEER, peer)
    context.limits.take(Limited.CHALLENGES, peer.encode() + wanted.account)
    return json_answer(await create_challenge(context, queue, wanted.account), 201)


@router.post(
    "/v1/login/tokens",
    **operation(
        "createToken",
        "login",
        "A login token for a signed challenge",
        credential=Credential.NONE,
        statement=_TYPES,
        answer=Token,
        status=201,
        problems=(Code.CHALLENGE_ENDED, Code.LOGIN_REFUSED, Code.PART_SURPLUS, Code.BUSY),
    ),
)
async def post_token(request: Request, context: WithContext, queue: WithQueue) -> Response:
    """A person's sign key gets a `person` token, a slot's fetch key a `keyring` token."""
    submission = await read_submission(request, LOGIN_BODY_MAXIMUM_BYTES)
    if submission.envelope.type not in _TYPES:
        raise PayloadTypeError("expected a login or fetch statement")
    statement = Statement.of(submission.envelope)
    if statement.body.audience != context.settings.audience:
        raise AudienceError("expected a statement for this deployment")
    if submission.parts != NO_PARTS:
        raise Refused(Code.PART_SURPLUS)
    return json_answer(await create_token(context, queue, statement), 201)


@router.delete(
    "/v1/login/tokens/current",
    **operation(
        "deleteToken",
        "login",
        "Log out: this token ends now",
        credential=Credential.KEYRING,
        answer=None,
        status=204,
        problems=(Code.BUSY,),
    ),
)
async def delete_current_token(holder: KeyringReader, queue: WithQueue) -> Response:
    """A token of either scope."""
    await end_token(queue, holder.token_sha256)
    return Response(status_code=204)
