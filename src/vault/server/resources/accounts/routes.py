"""Accounts and keys over HTTP."""

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from vault.policy.facts import Effect
from vault.protocol.api import Page, Written
from vault.protocol.journal import JournalId
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Body, Keys
from vault.protocol.submission import Submission
from vault.protocol.vocabulary import JournalKind, StatementType
from vault.server.http.answers import json_answer
from vault.server.http.credentials import EnrolmentHolder, Person
from vault.server.http.dependencies import WithContext, WithQueue
from vault.server.http.operations import Credential, operation
from vault.server.http.pages import FIRST, LIMIT, PAGED, AfterSeq, Limit
from vault.server.http.paths import AccountPath
from vault.server.http.writes import add_collection, write
from vault.server.resources.accounts.rows import add_keys, has_account, require_enrolment, use_enrolment
from vault.server.sequencer.collections import Collection
from vault.server.sequencer.journal import Written as Made
from vault.server.storage.entries import list_entries, seq_cursor, write_entry, write_page

router = APIRouter()


def _locate(body: Body) -> str:
    assert isinstance(body, Keys)
    return f"/v1/accounts/{body.account.hex()}/keys"


def _admit_anyone(_connection: Connection, _body: Body) -> None:
    """Whose journal it is stands in the statement, and policy compares."""


@router.post(
    "/v1/accounts",
    **operation(
        "createAccount",
        "accounts",
        "Begin an account with its first keys",
        credential=Credential.ENROLMENT,
        statement=StatementType.KEYS,
        answer=Written,
        status=201,
        problems=(Code.KEY_INVALID, Code.ACCOUNT_MISMATCH, Code.KEY_CHAIN, Code.GENERATION_TAKEN),
    ),
)
async def post_account(request: Request, holder: EnrolmentHolder, context: WithContext, queue: WithQueue) -> Response:
    """The account is the hash of its first key; the token is used up in the same transaction."""

    def admit(connection: Connection, _body: Body) -> None:
        require_enrolment(connection, holder.token_sha256, context.clock())

    def project(connection: Connection, made: Made, submission: Submission, effects: tuple[Effect, ...]) -> None:
        add_keys(connection, made, submission, effects)
        use_enrolment(connection, holder.token_sha256, made.statement.body.by)

    collection = Collection(StatementType.KEYS, admit, project, taken=Code.GENERATION_TAKEN)
    return await write(request, context, queue, collection, None, _locate)


add_collection(
    router,
    "/v1/accounts/{account}/keys",
    Collection(StatementType.KEYS, _admit_anyone, add_keys),
    operation(
        "createKeys",
        "accounts",
        "Rotate, recover or retire keys",
        credential=Credential.PERSON,
        statement=StatementType.KEYS,
        answer=Written,
        status=201,
        problems=(Code.KEY_INVALID, Code.ACCOUNT_MISMATCH, Code.KEY_CHAIN, Code.GENERATION_TAKEN),
    ),
)


@router.get(
    "/v1/accounts/{account}/keys",
    **operation(
        "listKeys",
        "accounts",
        "The keys journal of any account whose id you know",
        credential=Credential.PERSON,
        answer=Page,
        problems=(Code.NOT_FOUND,),
        query=PAGED,
    ),
)
async def get_keys(
    account: AccountPath, _reader: Person, context: WithContext, after: AfterSeq = FIRST, limit: Limit = LIMIT
) -> Response:
    """Oldest first."""
    journal = JournalId(JournalKind.KEYS, account)

    def find(connection: Connection) -> dict[str, object]:
        if not has_account(connection, account):
            raise Refused(Code.NOT_FOUND)
        return write_page(list_entries(connection, journal, after, limit + 1), limit, write_entry, seq_cursor)

    return json_answer(await context.storage.read(find))
