"""The transparency log over HTTP: what never changes may be kept for ever by whoever stands between.

Source: C2SP tlog-tiles; docs/protocol.md section 10.4.
"""

from fastapi import APIRouter, Request, Response

from vault.protocol.problems import Code, Refused
from vault.server.http.answers import FOR_EVER, REVALIDATED
from vault.server.http.dependencies import WithContext
from vault.server.http.operations import Credential, operation
from vault.server.http.tagged import tagged_answer
from vault.server.resources.tlog.rows import find_bundle_bytes, find_checkpoint, find_tile_bytes
from vault.tlog.checkpoint import SignedCheckpoint
from vault.tlog.errors import TileError
from vault.tlog.tiles import Bundle, Tile

router = APIRouter()

_TEXT = "text/plain; charset=utf-8"
_BYTES = "application/octet-stream"


@router.get(
    "/log/checkpoint",
    **operation(
        "getCheckpoint",
        "log",
        "Size and root of the log, signed",
        credential=Credential.NONE,
        answer=None,
        media_types=("text/plain",),
        tagged=True,
    ),
)
async def get_checkpoint(request: Request, context: WithContext) -> Response:
    """A signed note; every write is answered with a receipt under this checkpoint or an earlier one."""
    found = await context.storage.read(find_checkpoint) or context.tlog.sign_empty().to_bytes()
    tag = SignedCheckpoint.parse(found).checkpoint.root.hex()
    return tagged_answer(request, found, tag, _TEXT, cache_control=REVALIDATED)


@router.get(
    "/log/tile/entries/{index:path}",
    **operation(
        "getEntries",
        "log",
        "A bundle of up to 256 entries of the log",
        credential=Credential.NONE,
        answer=None,
        media_types=(_BYTES,),
        problems=(Code.NOT_FOUND,),
    ),
)
async def get_entries(index: str, context: WithContext) -> Response:
    """64 bytes an entry, behind a length of two bytes. They say nothing to who does not hold a journal's salt."""
    try:
        bundle = Bundle.parse(f"tile/entries/{index}")
    except TileError:
        raise Refused(Code.NOT_FOUND) from None
    return _unchanging(await context.storage.read(lambda connection: find_bundle_bytes(connection, bundle)))


@router.get(
    "/log/tile/{level}/{index:path}",
    **operation(
        "getTile",
        "log",
        "Up to 256 hashes of one level of the log's tree",
        credential=Credential.NONE,
        answer=None,
        media_types=(_BYTES,),
        problems=(Code.NOT_FOUND,),
    ),
)
async def get_tile(level: str, index: str, context: WithContext) -> Response:
    """Proofs of inclusion and consistency are made from tiles by whoever wants one."""
    try:
        tile = Tile.parse(f"tile/{level}/{index}")
    except TileError:
        raise Refused(Code.NOT_FOUND) from None
    return _unchanging(await context.storage.read(lambda connection: find_tile_bytes(connection, tile)))


def _unchanging(content: bytes | None) -> Response:
    if content is None:
        raise Refused(Code.NOT_FOUND)
    return Response(content, headers={"Cache-Control": FOR_EVER}, media_type=_BYTES)
