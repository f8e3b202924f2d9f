"""The facts of an engagement's escalations journal, read from rows."""

from typing import Literal

from sqlalchemy import Connection, bindparam, select

from vault.policy.facts import EscalationFact
from vault.protocol.journal import JournalId
from vault.protocol.vocabulary import JournalKind
from vault.server.sequencer.facts_engagement import EngagementRows
from vault.server.sequencer.facts_journal import JournalRows
from vault.server.storage.prepared import Prepared
from vault.server.storage.tables import escalations

_ESCALATION = Prepared(
    select(escalations.c.statement, escalations.c.contract, escalations.c.contact, escalations.c.account).where(
        escalations.c.engagement == bindparam("engagement"), escalations.c.statement == bindparam("statement")
    )
)


class EscalationRows(JournalRows):
    """An escalations journal beside the rows of its engagement, whose salt it shares."""

    kind: Literal[JournalKind.ESCALATIONS] = JournalKind.ESCALATIONS

    def __init__(self, engagement: EngagementRows) -> None:
        """The escalations journal of an engagement."""
        journal = JournalId(JournalKind.ESCALATIONS, engagement.journal.subject)
        super().__init__(engagement.connection, journal, engagement.salt)
        self.engagement = engagement

    def find_escalation(self, statement: bytes) -> EscalationFact | None:
        """The escalation with this id."""
        values = {"engagement": self.journal.subject, "statement": statement}
        row = _ESCALATION.find(self.connection, values)
        return None if row is None else EscalationFact(*row)


def is_escalation(connection: Connection, engagement: bytes, statement: bytes) -> bool:
    """Whether the engagement has an escalation with this id."""
    values = {"engagement": engagement, "statement": statement}
    return _ESCALATION.find(connection, values) is not None
