"""The journals of an engagement over HTTP."""

from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import Connection

from vault.protocol.api import Page
from vault.protocol.journal import JournalId
from vault.protocol.problems import Code
from vault.protocol.vocabulary import JournalKind, Role
from vault.server.http.answers import json_answer
from vault.server.http.credentials import Person
from vault.server.http.dependencies import WithContext
from vault.server.http.operations import Credential, operation
from vault.server.http.pages import FIRST, LIMIT, PAGED, AfterSeq, Limit
from vault.server.http.paths import EngagementPath
from vault.server.resources.journals.rows import list_shown
from vault.server.sequencer.members import require_journal_reader
from vault.server.storage.entries import list_sealed_entries, seq_cursor, write_entry, write_page

router = APIRouter()


@router.get(
    "/v1/engagements/{engagement}/journal",
    **operation(
        "listJournal",
        "engagements",
        "The engagement's journal with your own seals",
        credential=Credential.PERSON,
        answer=Page,
        problems=(Code.NOT_FOUND,),
        query=PAGED,
    ),
)
async def get_journal(
    engagement: EngagementPath, reader: Person, context: WithContext, after: AfterSeq = FIRST, limit: Limit = LIMIT
) -> Response:
    """For coach and coachee, whole and in order."""
    journal = JournalId(JournalKind.ENGAGEMENT, engagement)

    def find(connection: Connection) -> dict[str, Any]:
        require_journal_reader(connection, engagement, reader)
        rows = list_sealed_entries(connection, journal, reader, after, limit + 1)
        return write_page(rows, limit, write_entry, seq_cursor)

    return json_answer(await context.storage.read(find))


@router.get(
    "/v1/engagements/{engagement}/escalations/journal",
    **operation(
        "listEscalationsJournal",
        "engagements",
        "The journal of escalations with your own seals",
        credential=Credential.PERSON,
        answer=Page,
        problems=(Code.NOT_FOUND,),
        query=PAGED,
    ),
)
async def get_escalations_journal(
    engagement: EngagementPath, reader: Person, context: WithContext, after: AfterSeq = FIRST, limit: Limit = LIMIT
) -> Response:
    """For the coach whole; for the coachee each entry once its delay has ended."""
    journal, now = JournalId(JournalKind.ESCALATIONS, engagement), context.clock()

    def find(connection: Connection) -> dict[str, Any]:
        if require_journal_reader(connection, engagement, reader) is Role.COACH:
            rows = list_sealed_entries(connection, journal, reader, after, limit + 1)
        else:
            rows = list_shown(connection, engagement, reader, now, after, limit + 1)
        return write_page(rows, limit, write_entry, seq_cursor)

    return json_answer(await context.storage.read(find))
