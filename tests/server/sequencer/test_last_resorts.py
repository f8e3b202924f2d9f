"""What the write path does where nothing else is left: it refuses, says what helps, and has written nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from tests.server.deployments import Deployment
from tests.server.later import escalation
from tests.server.world import World
from tests.support.people import short
from vault.protocol.journal import JournalId
from vault.protocol.problems import Code, Refused
from vault.protocol.submission import NO_PARTS
from vault.protocol.vocabulary import JournalKind
from vault.server.sequencer import queue as queues
from vault.server.sequencer.members import require_engagement
from vault.server.sequencer.places import open_tip
from vault.server.sequencer.queue import write_together
from vault.server.storage.engine import Conflict


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "_PAUSES_SECONDS", (0.0, 0.0, 0.0))


def outcomes(deployment: Deployment, decide: Callable[[Connection], Any]) -> list[Any]:
    context = deployment.context
    return write_together(context.storage, context.tlog, [((b"one", False), decide), ((b"two", False), decide)])


def test_transactions_that_are_always_in_the_way_are_refused_after_some_attempts(deployment: Deployment) -> None:
    asked = 0

    def decide(_connection: Connection) -> Any:
        nonlocal asked
        asked += 1
        raise Conflict(Code.BUSY, retry_after_seconds=1)

    found = outcomes(deployment, decide)
    assert [(type(each), each.code, each.retry_after_seconds) for each in found] == [(Conflict, Code.BUSY, 1)] * 2
    assert asked >= 2


def test_a_write_that_breaks_again_and_again_is_refused_and_does_not_take_others_with_it(
    deployment: Deployment,
) -> None:
    def breaks() -> Any:
        raise IntegrityError("INSERT", {}, ValueError("the same row"))

    before = deployment.digest()
    found = outcomes(deployment, lambda _connection: breaks)
    assert [each.code for each in found] == [Code.BUSY, Code.BUSY]
    assert all(each.retry_after_seconds for each in found)
    assert deployment.digest() == before


async def test_no_journal_begins_with_a_statement_that_opens_none(three: World) -> None:
    context, nowhere = three.deployment.context, short("another engagement")
    bodies = {
        JournalKind.ESCALATIONS: escalation(three).body,  # of an engagement that is not there
        JournalKind.ENGAGEMENT: three.item().body,  # its engagement begins with a contract
    }
    with context.storage.writing() as connection:
        for kind, body in bodies.items():
            with pytest.raises(Refused, match="not-found"):
                open_tip(connection, JournalId(kind, nowhere), NO_PARTS, body)


async def test_a_statement_about_no_engagement_is_no_member_of_any(three: World) -> None:
    with pytest.raises(Refused, match="statement-malformed"):
        require_engagement(three.introduction("coach", "coachee").body)
