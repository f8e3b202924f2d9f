"""Blobs over HTTP."""

from fastapi import APIRouter, Request, Response

from vault.protocol.problems import Code, Refused
from vault.server.http.credentials import Person
from vault.server.http.dependencies import WithContext
from vault.server.http.operations import Credential, operation
from vault.server.http.paths import BlobPath, EngagementPath
from vault.server.http.tagged import tagged_answer
from vault.server.resources.blobs.rows import find_blob

router = APIRouter()

BLOB_TYPE = "application/octet-stream"


@router.get(
    "/v1/engagements/{engagement}/blobs/{sha256}",
    **operation(
        "getBlob",
        "engagements",
        "The sealed bytes that you hold a seal of",
        credential=Credential.PERSON,
        answer=None,
        media_types=("application/octet-stream",),
        tagged=True,
        problems=(Code.NOT_FOUND,),
    ),
)
async def get_blob(
    request: Request, engagement: EngagementPath, sha256: BlobPath, reader: Person, context: WithContext
) -> Response:
    """Contract texts, items and escalations; a disclosed blob is read as the content of its disclosure alone."""
    now = context.clock()
    blob = await context.storage.look(lambda connection: find_blob(connection, engagement, sha256, reader, now))
    if blob is None:
        raise Refused(Code.NOT_FOUND)
    return tagged_answer(request, blob, sha256.hex(), BLOB_TYPE)
