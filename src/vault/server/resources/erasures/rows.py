"""What an erasure destroys: blobs, seals and attachments of all versions of an item, and of a disclosure.

Statements stay.
"""

from sqlalchemy import Connection, delete, select, update

from vault.policy.facts import Effect, Erased
from vault.protocol.submission import Submission
from vault.server.sequencer.attachments import discard_attachments
from vault.server.sequencer.journal import Written
from vault.server.storage.tables import blobs, disclosures, holdings, items, seals


def erase(connection: Connection, written: Written, _submission: Submission, effects: tuple[Effect, ...]) -> None:
    """All that the erasure names is gone for every reader."""
    (erased,) = effects
    assert isinstance(erased, Erased)
    engagement = written.journal.subject
    for item in erased.items:
        here = (items.c.engagement == engagement, items.c.item == item)
        versions = connection.execute(select(items.c.statement).where(*here)).scalars().all()
        connection.execute(update(items).where(*here).values(erased=1))
        connection.execute(delete(holdings).where(holdings.c.engagement == engagement, holdings.c.item == item))
        for statement in versions:
            _destroy(connection, engagement, statement)
        discard_attachments(connection, engagement, item)
    for statement in erased.disclosures:
        connection.execute(
            update(disclosures)
            .where(disclosures.c.engagement == engagement, disclosures.c.statement == statement)
            .values(erased=1)
        )
        _destroy(connection, engagement, statement)


def _destroy(connection: Connection, engagement: bytes, statement: bytes) -> None:
    connection.execute(delete(blobs).where(blobs.c.engagement == engagement, blobs.c.statement == statement))
    connection.execute(delete(seals).where(seals.c.engagement == engagement, seals.c.of == statement))
