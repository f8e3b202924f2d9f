"""What disclosures, openings and withdrawals write."""

from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from vault.policy.facts import Disclosed, Effect, Opened, Withdrawn
from vault.protocol.statements import Withdrawal
from vault.protocol.submission import Submission
from vault.server.sequencer.journal import Written
from vault.server.storage.tables import disclosures, openings, withdrawals

_OPENINGS = select(func.count()).where(
    openings.c.engagement == bindparam("engagement"), openings.c.of == bindparam("disclosure")
)


def add_disclosure(
    connection: Connection, written: Written, _submission: Submission, effects: tuple[Effect, ...]
) -> None:
    """A disclosure that is live from now on."""
    (disclosed,) = effects
    assert isinstance(disclosed, Disclosed)
    fact = disclosed.disclosure
    connection.execute(
        insert(disclosures).values(
            engagement=written.journal.subject,
            statement=fact.statement,
            seq=written.position.seq,
            recipient=fact.recipient,
            expires=fact.expires,
            withdrawn=int(fact.withdrawn),
            erased=int(fact.erased),
        )
    )


def add_opening(connection: Connection, written: Written, _submission: Submission, effects: tuple[Effect, ...]) -> None:
    """An access receipt, of a disclosure or of an escalation."""
    (opened,) = effects
    assert isinstance(opened, Opened)
    connection.execute(
        insert(openings).values(
            engagement=written.journal.subject,
            of=opened.of,
            signer=opened.by,
            statement=written.statement.id,
            seq=written.position.seq,
        )
    )


def add_withdrawal(
    connection: Connection, written: Written, _submission: Submission, effects: tuple[Effect, ...]
) -> None:
    """The end of a disclosure, or of one that will never come to be."""
    (withdrawn,) = effects
    assert isinstance(withdrawn, Withdrawn)
    engagement, disclosure = written.journal.subject, withdrawn.disclosure
    connection.execute(
        insert(withdrawals).values(engagement=engagement, disclosure=disclosure, seq=written.position.seq)
    )
    connection.execute(
        update(disclosures)
        .where(disclosures.c.engagement == engagement, disclosures.c.statement == disclosure)
        .values(withdrawn=1)
    )


def count_openings(connection: Connection, written: Written) -> dict[str, Any]:
    """How often it was opened; nothing is opened any more after its withdrawal, so this never changes."""
    body = written.statement.body
    assert isinstance(body, Withdrawal)
    values = {"engagement": body.engagement, "disclosure": body.disclosure}
    return {"openings": connection.execute(_OPENINGS, values).scalar_one()}
