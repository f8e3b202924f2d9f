"""Take an introduction: the one signed statement of a person that stands in no journal."""

from sqlalchemy import Connection

from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Introduction
from vault.protocol.submission import NO_PARTS, Submission
from vault.protocol.vocabulary import StatementType
from vault.server.context import AppContext
from vault.server.resources.introductions.rows import insert_introduction, is_written, require_account, require_room
from vault.server.sequencer.facts_keys import find_current_keys
from vault.server.sequencer.queue import Queue, Write
from vault.server.sequencer.submit import require_clock
from vault.server.sequencer.verified import require_statement, verify


async def create_introduction(
    context: AppContext, queue: Queue, submission: Submission, signer: bytes
) -> tuple[bytes, bool]:
    """The statement id, and whether it is new. Raises: Refused and FormatError, with nothing written."""
    statement = require_statement(submission.envelope, StatementType.INTRODUCTION, context.settings.audience, signer)
    await verify(context, statement)
    body = statement.body
    assert isinstance(body, Introduction)

    def decide(connection: Connection) -> Write[bool]:
        if is_written(connection, statement):
            return lambda: (False, None)
        now = context.clock()
        require_clock(body, now)
        keys = find_current_keys(connection, signer)
        if keys is None or keys.sign_key != body.key:
            raise Refused(Code.KEY_STALE)
        if submission.parts != NO_PARTS:
            raise Refused(Code.PART_SURPLUS)
        require_account(connection, body.to)
        require_room(connection, body, now)

        def write() -> tuple[bool, None]:
            insert_introduction(connection, statement, body, now)
            return True, None  # it stands in no journal, so the log takes nothing of it

        return write

    is_new, _ = await queue.put(signer, (body.to, False), decide)
    return statement.id, is_new
