"""Items over HTTP."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Response
from sqlalchemy import Connection

from vault.protocol.api import ItemView, Page, Readers, Written
from vault.protocol.contents import join_contents
from vault.protocol.problems import Code, Refused
from vault.protocol.vocabulary import ItemKind, StatementType
from vault.server.http.answers import json_answer
from vault.server.http.content import CONTENT_TYPE
from vault.server.http.credentials import Person
from vault.server.http.dependencies import WithContext
from vault.server.http.operations import Credential, operation
from vault.server.http.pages import FIRST, LIMIT, PAGED, AfterSeq, Limit
from vault.server.http.paths import EngagementPath, ItemPath
from vault.server.http.writes import add_collection
from vault.server.resources.items.rows.contents import list_contents
from vault.server.resources.items.rows.held import Reader, list_holders, list_newest, list_versions
from vault.server.resources.items.rows.written import add_item
from vault.server.sequencer.collections import Collection
from vault.server.sequencer.members import admit_member, require_journal_reader

router = APIRouter()

KindQuery = Annotated[ItemKind | None, Query()]

add_collection(
    router,
    "/v1/engagements/{engagement}/items",
    Collection(StatementType.ITEM, admit_member, add_item),
    operation(
        "createItem",
        "items",
        "Write a version of an item",
        credential=Credential.PERSON,
        statement=StatementType.ITEM,
        answer=Written,
        status=201,
        problems=(
            Code.NOT_FOUND,
            Code.ROLE_REFUSED,
            Code.CLASS_REFUSED,
            Code.AUTHOR_REFUSED,
            Code.SEALS_REFUSED,
            Code.KEY_STALE,
            Code.VERSION_TAKEN,
            Code.CONTRACT_INACTIVE,
            Code.ENGAGEMENT_CLOSED,
            Code.BLOB_SHAPE,
            Code.SEAL_SHAPE,
        ),
    ),
)
add_collection(
    router,
    "/v1/engagements/{engagement}/reseals",
    Collection(StatementType.RESEAL, admit_member, add_item),
    operation(
        "createReseal",
        "items",
        "Seal a version again, for a new key or a supervisor",
        credential=Credential.PERSON,
        statement=StatementType.RESEAL,
        answer=Written,
        status=201,
        problems=(
            Code.NOT_FOUND,
            Code.ROLE_REFUSED,
            Code.SEALS_REFUSED,
            Code.KEY_STALE,
            Code.CONTRACT_INACTIVE,
            Code.SEAL_SHAPE,
        ),
    ),
)


@router.get(
    "/v1/engagements/{engagement}/items",
    **operation(
        "listItems",
        "items",
        "The newest versions that are sealed to you",
        credential=Credential.PERSON,
        answer=Page,
        problems=(Code.NOT_FOUND,),
        query=(*PAGED, "kind"),
    ),
)
async def get_items(
    engagement: EngagementPath,
    reader: Person,
    context: WithContext,
    after: AfterSeq = FIRST,
    limit: Limit = LIMIT,
    kind: KindQuery = None,
) -> Response:
    """For every member; what is not sealed to you is not there."""

    def find(connection: Connection) -> dict[str, Any]:
        shown_to = Reader.of(connection, engagement, reader)
        return list_newest(connection, engagement, shown_to, kind, after, limit)

    return json_answer(await context.storage.read(find))


@router.get(
    "/v1/engagements/{engagement}/contents",
    **operation(
        "listContents",
        "items",
        "The newest versions that are sealed to you, with their sealed bytes",
        credential=Credential.PERSON,
        answer=None,
        media_types=(CONTENT_TYPE,),
        problems=(Code.NOT_FOUND,),
        query=(*PAGED, "kind"),
    ),
)
async def get_contents(
    engagement: EngagementPath,
    reader: Person,
    context: WithContext,
    after: AfterSeq = FIRST,
    limit: Limit = LIMIT,
    kind: KindQuery = None,
) -> Response:
    """As `get_items`, with what it takes to open each: one request instead of one for each item."""

    def find(connection: Connection) -> tuple[dict[str, Any], list[bytes]]:
        return list_contents(connection, engagement, reader, kind, after, limit)

    page, blobs = await context.storage.read(find)
    return Response(join_contents(orjson.dumps(page), blobs), media_type=CONTENT_TYPE)


@router.get(
    "/v1/engagements/{engagement}/items/{item}",
    **operation(
        "getItem",
        "items",
        "All versions of an item that are sealed to you",
        credential=Credential.PERSON,
        answer=ItemView,
        problems=(Code.NOT_FOUND,),
    ),
)
async def get_item(engagement: EngagementPath, item: ItemPath, reader: Person, context: WithContext) -> Response:
    """Oldest first, with the reseals that carry a seal for you."""

    def find(connection: Connection) -> list[dict[str, Any]]:
        return list_versions(connection, engagement, item, reader)

    versions = await context.storage.read(find)
    if not versions:
        raise Refused(Code.NOT_FOUND)
    return json_answer({"versions": versions})


@router.get(
    "/v1/engagements/{engagement}/items/{item}/readers",
    **operation(
        "listReaders",
        "items",
        "Everyone who holds a seal of the item",
        credential=Credential.PERSON,
        answer=Readers,
        problems=(Code.NOT_FOUND,),
    ),
)
async def get_readers(engagement: EngagementPath, item: ItemPath, reader: Person, context: WithContext) -> Response:
    """For coach and coachee, where they hold one themselves."""

    def find(connection: Connection) -> dict[str, Any]:
        require_journal_reader(connection, engagement, reader)
        holders = list_holders(connection, engagement, item)
        if reader.hex() not in {each["account"] for each in holders}:
            raise Refused(Code.NOT_FOUND)
        return {"data": holders}

    return json_answer(await context.storage.read(find))
