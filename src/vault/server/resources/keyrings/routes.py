"""Keyrings over HTTP."""

from fastapi import APIRouter, Response
from sqlalchemy import Connection

from vault.protocol.api import KeyringView, Written
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Body
from vault.protocol.vocabulary import StatementType
from vault.server.http.answers import json_answer
from vault.server.http.credentials import KeyringReader
from vault.server.http.dependencies import WithContext
from vault.server.http.operations import Credential, Salt, operation
from vault.server.http.pages import FIRST, LIMIT, PAGED, AfterSeq, Limit
from vault.server.http.paths import AccountPath
from vault.server.http.writes import add_collection
from vault.server.resources.keyrings.rows import read_keyring, replace_keyring
from vault.server.sequencer.collections import Collection

router = APIRouter()


def _admit_owner(_connection: Connection, _body: Body) -> None:
    """The signer is the owner: the journal is found by the signer."""


add_collection(
    router,
    "/v1/accounts/{account}/keyring",
    Collection(StatementType.KEYRING, _admit_owner, replace_keyring),
    operation(
        "createKeyring",
        "accounts",
        "Replace your sealed keyring and its slots",
        credential=Credential.PERSON,
        statement=StatementType.KEYRING,
        salt=Salt.WITH_THE_FIRST,
        answer=Written,
        status=201,
        problems=(Code.SEQUENCE_TAKEN, Code.KEY_STALE, Code.KEY_INVALID, Code.BLOB_SHAPE, Code.SLOT_SHAPE),
    ),
)


@router.get(
    "/v1/accounts/{account}/keyring",
    **operation(
        "getKeyring",
        "accounts",
        "Your newest keyring, its slots, and its journal",
        credential=Credential.KEYRING,
        answer=KeyringView,
        problems=(Code.NOT_FOUND,),
        query=PAGED,
    ),
)
async def get_keyring(
    account: AccountPath, holder: KeyringReader, context: WithContext, after: AfterSeq = FIRST, limit: Limit = LIMIT
) -> Response:
    """A `keyring` token sees the slot that it was fetched with and no other."""
    if holder.account != account:
        raise Refused(Code.NOT_FOUND)
    return json_answer(
        await context.storage.read(lambda connection: read_keyring(connection, account, holder.slot, after, limit))
    )
