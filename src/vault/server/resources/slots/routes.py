"""The public header of a slot, from which a new device derives its fetch key.

An account or a kind that is not there gets a header all the same, always the same one, made by the same work.
"""

from fastapi import APIRouter, Request, Response

from vault.encoding import write_base64
from vault.protocol.api import SlotHeader
from vault.protocol.problems import Code
from vault.protocol.slot import fake_slot_header
from vault.server.http.answers import json_answer
from vault.server.http.dependencies import WithContext
from vault.server.http.operations import Credential, operation
from vault.server.http.paths import AccountPath, SlotKindPath
from vault.server.http.peers import peer_of
from vault.server.limits import Limited
from vault.server.resources.slots.rows import find_slot_header

router = APIRouter()


@router.get(
    "/v1/accounts/{account}/slots/{kind}",
    **operation(
        "getSlotHeader",
        "accounts",
        "The public header of a slot of the keyring",
        credential=Credential.NONE,
        answer=SlotHeader,
        problems=(Code.NOT_FOUND, Code.TOO_MANY),
    ),
)
async def get_slot_header(request: Request, account: AccountPath, kind: SlotKindPath, context: WithContext) -> Response:
    """Whether it is a real one cannot be told from the answer."""
    peer = peer_of(request)
    context.limits.take(Limited.SLOT_HEADERS_OF_PEER, peer)
    context.limits.take(Limited.SLOT_HEADERS, peer.encode() + account)
    fake = fake_slot_header(context.secret, account, kind)
    found = await context.storage.read(lambda connection: find_slot_header(connection, account, kind))
    return json_answer(SlotHeader(kind=kind, header=write_base64(found or fake)))
