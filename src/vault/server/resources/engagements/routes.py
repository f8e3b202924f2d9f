"""Engagements over HTTP: contracts, assents, closures, and whose they are."""

import hashlib
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from vault.policy.parties import JOURNAL_READERS
from vault.protocol.api import Engagements, EngagementView, Written
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Body, Contract
from vault.protocol.vocabulary import StatementType
from vault.server.http.answers import JSON_TYPE, json_answer
from vault.server.http.credentials import Person
from vault.server.http.dependencies import WithContext
from vault.server.http.operations import Credential, Salt, operation
from vault.server.http.pages import LIMIT, PAGED, AfterId, Limit
from vault.server.http.paths import EngagementPath
from vault.server.http.tagged import tagged_answer
from vault.server.http.writes import add_collection
from vault.server.resources.engagements.rows.contracts import find_salt, list_contracts
from vault.server.resources.engagements.rows.listed import find_engagement, list_engagements, write_engagement
from vault.server.resources.engagements.rows.written import add_assent, add_contract, close
from vault.server.sequencer.collections import Collection
from vault.server.sequencer.members import admit_member

router = APIRouter()

_CONTRACT_PROBLEMS = (
    Code.ROLE_REFUSED,
    Code.PARTIES_REFUSED,
    Code.CONTACT_NOT_INDEPENDENT,
    Code.SHARE_KIND_REFUSED,
    Code.SEALS_REFUSED,
    Code.KEY_STALE,
    Code.CONTRACT_SUPERSEDED,
    Code.BLOB_SHAPE,
    Code.SEAL_SHAPE,
)


def _admit_anyone(_connection: Connection, _body: Body) -> None:
    """The engagement does not exist yet, so nobody is a member of it."""


def _locate(body: Body) -> str:
    assert isinstance(body, Contract)
    return f"/v1/engagements/{body.engagement.hex()}"


add_collection(
    router,
    "/v1/engagements",
    Collection(StatementType.CONTRACT, _admit_anyone, add_contract, taken=Code.ENGAGEMENT_TAKEN),
    operation(
        "createEngagement",
        "engagements",
        "Begin an engagement with its first contract",
        credential=Credential.PERSON,
        statement=StatementType.CONTRACT,
        salt=Salt.ALWAYS,
        answer=Written,
        status=201,
        problems=(Code.ENGAGEMENT_TAKEN, *_CONTRACT_PROBLEMS),
    ),
    _locate,
)
add_collection(
    router,
    "/v1/engagements/{engagement}/contracts",
    Collection(StatementType.CONTRACT, admit_member, add_contract),
    operation(
        "createContract",
        "engagements",
        "Propose another contract",
        credential=Credential.PERSON,
        statement=StatementType.CONTRACT,
        answer=Written,
        status=201,
        problems=(Code.NOT_FOUND, Code.ENGAGEMENT_CLOSED, *_CONTRACT_PROBLEMS),
    ),
)
add_collection(
    router,
    "/v1/engagements/{engagement}/assents",
    Collection(StatementType.ASSENT, admit_member, add_assent),
    operation(
        "createAssent",
        "engagements",
        "Agree to a contract, or go on under new keys",
        credential=Credential.PERSON,
        statement=StatementType.ASSENT,
        answer=Written,
        status=201,
        problems=(Code.NOT_FOUND, Code.ROLE_REFUSED, Code.CONTRACT_SUPERSEDED, Code.ALREADY_ASSENTED, Code.KEY_STALE),
    ),
)
add_collection(
    router,
    "/v1/engagements/{engagement}/closures",
    Collection(StatementType.CLOSURE, admit_member, close),
    operation(
        "createClosure",
        "engagements",
        "End the engagement",
        credential=Credential.PERSON,
        statement=StatementType.CLOSURE,
        answer=Written,
        status=201,
        problems=(Code.NOT_FOUND, Code.ROLE_REFUSED, Code.ENGAGEMENT_CLOSED, Code.KEY_STALE),
    ),
)


@router.get(
    "/v1/engagements",
    **operation(
        "listEngagements",
        "engagements",
        "Your engagements; the way to poll for news",
        credential=Credential.PERSON,
        answer=Engagements,
        tagged=True,
        query=PAGED,
    ),
)
async def get_engagements(
    request: Request, reader: Person, context: WithContext, after: AfterId = None, limit: Limit = LIMIT
) -> Response:
    """By id. Send the `ETag` back in `If-None-Match` and be told when nothing has changed."""
    start = after or b""
    page = await context.storage.read(lambda connection: list_engagements(connection, reader, start, limit))
    content = orjson.dumps(page)
    return tagged_answer(request, content, hashlib.sha256(content).hexdigest(), JSON_TYPE)


@router.get(
    "/v1/engagements/{engagement}",
    **operation(
        "getEngagement",
        "engagements",
        "One engagement with the contracts that name you",
        credential=Credential.PERSON,
        answer=EngagementView,
        problems=(Code.NOT_FOUND,),
    ),
)
async def get_engagement(engagement: EngagementPath, reader: Person, context: WithContext) -> Response:
    """For its parties."""

    def find(connection: Connection) -> dict[str, Any]:
        row = find_engagement(connection, reader, engagement)
        contracts = (
            []
            if row is None
            else list_contracts(connection, engagement, reader, row.role in JOURNAL_READERS, row.active_contract)
        )
        if row is None or not contracts:
            raise Refused(Code.NOT_FOUND)
        salt = find_salt(connection, engagement) if row.role in JOURNAL_READERS else None
        return {**write_engagement(row), "contracts": contracts, "salt": salt}

    return json_answer(await context.storage.read(find))
