"""Disclosures over HTTP."""

from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import Connection

from vault.protocol.api import DisclosureContent, Disclosures, Written
from vault.protocol.problems import Code
from vault.protocol.vocabulary import Role, StatementType
from vault.server.http.answers import json_answer
from vault.server.http.credentials import Person
from vault.server.http.dependencies import WithContext
from vault.server.http.operations import Credential, operation
from vault.server.http.pages import LIMIT, PAGED, AfterHash, Limit
from vault.server.http.paths import EngagementPath, StatementPath
from vault.server.http.writes import add_collection
from vault.server.resources.disclosures.rows.served import list_made, list_received, read_content
from vault.server.resources.disclosures.rows.written import (
    add_disclosure,
    add_opening,
    add_withdrawal,
    count_openings,
)
from vault.server.sequencer.collections import Collection
from vault.server.sequencer.members import admit_member, require_member

router = APIRouter()

add_collection(
    router,
    "/v1/engagements/{engagement}/disclosures",
    Collection(StatementType.DISCLOSURE, admit_member, add_disclosure),
    operation(
        "createDisclosure",
        "disclosures",
        "Show a summary to the sponsor",
        credential=Credential.PERSON,
        statement=StatementType.DISCLOSURE,
        answer=Written,
        status=201,
        problems=(
            Code.NOT_FOUND,
            Code.ROLE_REFUSED,
            Code.SHARE_KIND_REFUSED,
            Code.RECIPIENT_REFUSED,
            Code.SEALS_REFUSED,
            Code.KEY_STALE,
            Code.CONTRACT_INACTIVE,
            Code.DISCLOSURE_PAST,
            Code.DISCLOSURE_ENDED,
            Code.BLOB_SHAPE,
            Code.SEAL_SHAPE,
        ),
    ),
)
add_collection(
    router,
    "/v1/engagements/{engagement}/openings",
    Collection(StatementType.OPENING, admit_member, add_opening),
    operation(
        "createOpening",
        "disclosures",
        "Sign that you open a disclosure now",
        credential=Credential.PERSON,
        statement=StatementType.OPENING,
        answer=Written,
        status=201,
        problems=(Code.NOT_FOUND, Code.KEY_STALE, Code.DISCLOSURE_ENDED),
    ),
)
add_collection(
    router,
    "/v1/engagements/{engagement}/withdrawals",
    Collection(StatementType.WITHDRAWAL, admit_member, add_withdrawal, more=count_openings),
    operation(
        "createWithdrawal",
        "disclosures",
        "End a disclosure",
        credential=Credential.PERSON,
        statement=StatementType.WITHDRAWAL,
        answer=Written,
        status=201,
        problems=(Code.NOT_FOUND, Code.ROLE_REFUSED, Code.KEY_STALE, Code.ALREADY_WITHDRAWN),
    ),
)


@router.get(
    "/v1/engagements/{engagement}/disclosures",
    **operation(
        "listDisclosures",
        "disclosures",
        "Live disclosures to you; for the coachee all that she made",
        credential=Credential.PERSON,
        answer=Disclosures,
        problems=(Code.NOT_FOUND,),
        query=PAGED,
    ),
)
async def get_disclosures(
    engagement: EngagementPath, reader: Person, context: WithContext, after: AfterHash = None, limit: Limit = LIMIT
) -> Response:
    """What is live is decided by the server's clock at this moment."""
    now = context.clock()

    def find(connection: Connection) -> dict[str, Any]:
        if require_member(connection, engagement, reader) == Role.COACHEE:
            return list_made(connection, engagement, now, after, limit)
        return list_received(connection, engagement, reader, now, after, limit)

    return json_answer(await context.storage.read(find))


@router.get(
    "/v1/engagements/{engagement}/disclosures/{statement}/content",
    **operation(
        "getDisclosureContent",
        "disclosures",
        "Blob and your seal of a disclosure that you have opened",
        credential=Credential.PERSON,
        answer=DisclosureContent,
        problems=(Code.NOT_FOUND, Code.OPENING_REQUIRED, Code.DISCLOSURE_ENDED),
    ),
)
async def get_content(
    engagement: EngagementPath, statement: StatementPath, reader: Person, context: WithContext
) -> Response:
    """Granted at the moment of reading."""
    now = context.clock()

    def find(connection: Connection) -> dict[str, Any]:
        role = require_member(connection, engagement, reader)
        return read_content(connection, engagement, statement, reader, role == Role.COACHEE, now)

    return json_answer(await context.storage.read(find))
