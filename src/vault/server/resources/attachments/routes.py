"""Attachments over HTTP."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from vault.protocol.api import AttachmentParts
from vault.protocol.problems import Code, Refused
from vault.server.context import AppContext
from vault.server.http.answers import json_answer
from vault.server.http.content import CONTENT_SECONDS, CONTENT_TYPE, read_announced
from vault.server.http.credentials import Person
from vault.server.http.dependencies import WithContext
from vault.server.http.operations import Credential, operation
from vault.server.http.paths import AttachmentPath, EngagementPath, PartPath
from vault.server.http.problems import problem_answer
from vault.server.http.ranges import read_range
from vault.server.http.tagged import is_known
from vault.server.resources.attachments.actions import put_part
from vault.server.resources.attachments.rows.served import Served, find_attachment
from vault.server.resources.attachments.rows.uploads import Part, list_parts
from vault.server.storage.blob_store import key_of, storage_away
from vault.server.storage.engine import RETRY_AFTER_SECONDS

router = APIRouter()


@router.put(
    "/v1/engagements/{engagement}/attachments/{attachment}/parts/{n}",
    **operation(
        "putAttachmentPart",
        "attachments",
        "Upload a part of an attachment that an item will name",
        credential=Credential.PERSON,
        content=True,
        answer=None,
        status=204,
        problems=(Code.NOT_FOUND, Code.PART_TAKEN, Code.PART_MISMATCH, Code.QUOTA_SPENT, Code.TOO_MANY, Code.BUSY),
    ),
)
async def put_attachment_part(
    request: Request,
    engagement: EngagementPath,
    attachment: AttachmentPath,
    n: PartPath,
    uploader: Person,
    context: WithContext,
) -> Response:
    """Parts are numbered from 1, at most 8 MiB each; the same bytes again change nothing."""
    announced = read_announced(request)
    part = Part(uploader, engagement, attachment, n, announced.size, announced.sha256)
    try:
        async with asyncio.timeout(CONTENT_SECONDS):
            await put_part(context, part, request.stream())
    except TimeoutError:
        raise Refused(Code.BUSY, retry_after_seconds=RETRY_AFTER_SECONDS) from None
    return Response(status_code=204)


@router.get(
    "/v1/engagements/{engagement}/attachments/{attachment}/parts",
    **operation(
        "getAttachmentParts",
        "attachments",
        "Which parts of your own upload are here",
        credential=Credential.PERSON,
        answer=AttachmentParts,
        problems=(Code.NOT_FOUND,),
    ),
)
async def get_attachment_parts(
    engagement: EngagementPath, attachment: AttachmentPath, uploader: Person, context: WithContext
) -> Response:
    """Where an upload that was cut off goes on."""
    data = await context.storage.read(lambda connection: list_parts(connection, engagement, attachment, uploader))
    return json_answer({"data": data})


@router.get(
    "/v1/engagements/{engagement}/attachments/{attachment}",
    **operation(
        "getAttachment",
        "attachments",
        "The sealed bytes of an attachment, or a range of them",
        credential=Credential.PERSON,
        answer=None,
        media_types=(CONTENT_TYPE,),
        tagged=True,
        ranged=True,
        problems=(Code.NOT_FOUND, Code.RANGE_REFUSED),
    ),
)
async def get_attachment(
    request: Request, engagement: EngagementPath, attachment: AttachmentPath, reader: Person, context: WithContext
) -> Response:
    """For who holds a seal of a version that names it."""
    found = await context.storage.read(lambda connection: find_attachment(connection, engagement, attachment, reader))
    if found is None:
        raise Refused(Code.NOT_FOUND)
    headers = {"ETag": f'"{found.sha256.hex()}"', "Accept-Ranges": "bytes"}
    if is_known(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    unchanged = request.headers.get("if-range", headers["ETag"]) == headers["ETag"]
    asked = read_range(request.headers.get("range"), found.size) if unchanged else None
    start, end = asked or (0, found.size)
    if start >= end:
        refusal = problem_answer(Refused(Code.RANGE_REFUSED))
        refusal.headers["Content-Range"] = f"bytes */{found.size}"
        return refusal
    headers["Content-Length"] = str(end - start)
    if asked is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.size}"
    await _require_whole(context, engagement, found, start, end)
    pieces = _read(context, engagement, found, start, end)
    return StreamingResponse(pieces, 200 if asked is None else 206, headers, CONTENT_TYPE)


async def _require_whole(context: AppContext, engagement: bytes, found: Served, start: int, end: int) -> None:
    """Return if all that is asked for is in the store: half an answer would tell nobody why.

    Raises: Refused(storage-away).
    """
    places = [place for place, _, _ in found.list_pieces(start, end)]
    sizes = dict(found.parts)
    there = await asyncio.gather(*(context.blobs.find_size(key_of(engagement, place)) for place in places))
    if any(size != sizes[place] for size, place in zip(there, places, strict=True)):
        raise storage_away()


async def _read(context: AppContext, engagement: bytes, found: Served, start: int, end: int) -> AsyncIterator[bytes]:
    for place, first, last in found.list_pieces(start, end):
        async for piece in context.blobs.read(key_of(engagement, place), first, last):
            yield piece
