"""The row of an escalation, and the contact's way to it."""

from sqlalchemy import Connection, bindparam, insert, select

from vault.policy.facts import Effect, Escalated
from vault.protocol.statements import Escalation
from vault.protocol.submission import Submission
from vault.server.sequencer.journal import Written
from vault.server.storage.tables import CONTACT, escalations, memberships

_HOUR_SECONDS = 3_600
_MEMBER = select(memberships.c.role).where(
    memberships.c.account == bindparam("account"), memberships.c.engagement == bindparam("engagement")
)


def add_escalation(
    connection: Connection, written: Written, _submission: Submission, effects: tuple[Effect, ...]
) -> None:
    """An escalation, when the coachee is shown it, and that its contact may see the engagement from now on."""
    (escalated,) = effects
    body = written.statement.body
    assert isinstance(escalated, Escalated)
    assert isinstance(body, Escalation)
    fact = escalated.escalation
    hours = 0 if body.delay is None else body.delay.hours
    connection.execute(
        insert(escalations).values(
            engagement=body.engagement,
            statement=fact.statement,
            seq=written.position.seq,
            contract=fact.contract,
            contact=fact.contact,
            account=fact.account,
            shown=written.position.time + hours * _HOUR_SECONDS,
        )
    )
    if fact.account is None:
        return
    key = {"account": fact.account, "engagement": body.engagement}
    if connection.execute(_MEMBER, key).one_or_none() is None:
        connection.execute(insert(memberships).values(**key, role=CONTACT))
