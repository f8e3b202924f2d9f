"""Many statements: notes in many engagements, written as the server writes them, without asking policy.

What comes of it is a database like any other, and who checks it finds nothing. All notes of an engagement hold the same
bytes.
"""

from collections.abc import Iterator
from itertools import islice

from sqlalchemy import Connection

from tests.server.deployments import Deployment
from tests.server.world import Draft, World
from tests.support.authoring import sign
from tests.support.people import short
from vault.policy.facts import SealsAdded, VersionAdded, VersionFact
from vault.protocol.envelope import Statement
from vault.protocol.journal import JournalId, after_mark
from vault.protocol.leaf import leaf_entry
from vault.protocol.statements import Item
from vault.protocol.submission import Submission
from vault.protocol.vocabulary import JournalKind
from vault.server.resources.items.rows.written import add_item
from vault.server.sequencer.journal import append, find_tip
from vault.server.sequencer.parts import store_parts
from vault.server.sequencer.tlog import Leaf, append_leaves

AT_ONCE = 20
"""How many are written under one checkpoint."""


async def grow(deployment: Deployment, engagements: int, notes: int) -> int:
    """Three people, contracts between them, and so many notes in each engagement. The number of statements."""
    async with deployment.client() as http:
        world = World(deployment, http)
        await world.add("coach", "coachee", "sponsor", "contact")
        for number in range(engagements):
            world.engagement = short("engagement", number)
            await world.agree()
            _write_notes(world, notes)
    return 4 + engagements * (4 + notes)


def _write_notes(world: World, notes: int) -> None:
    draft = world.item("coach")
    sent = Submission.from_json(draft.json())
    statements = _list_notes(world, draft, notes)
    context = world.deployment.context
    while batch := list(islice(statements, AT_ONCE)):
        with context.storage.writing() as connection:
            leaves = [
                _write(connection, each, Submission(each.envelope, sent.parts), context.clock()) for each in batch
            ]
            append_leaves(connection, context.tlog, leaves)


def _list_notes(world: World, draft: Draft, notes: int) -> Iterator[Statement]:
    """So many notes of the coach, each standing on the one before."""
    salt = world.salt_of(JournalKind.ENGAGEMENT, "coach")
    after = draft.body.after
    for number in range(notes):
        names = {"id": short("note", number), "item": short("item of", number), "after": after}
        statement = sign(draft.body, *draft.seeds, **names)
        after = after_mark(salt, statement.id)
        yield statement


def _write(connection: Connection, statement: Statement, submission: Submission, now: int) -> Leaf:
    body = statement.body
    assert isinstance(body, Item)
    tip = find_tip(connection, JournalId(JournalKind.ENGAGEMENT, body.engagement))
    assert tip is not None
    written = append(connection, tip, statement, now, 0)
    version = VersionFact(body.item, body.version, statement.id, body.kind, body.by, erased=False)
    sealed = SealsAdded(body.item, body.version, tuple((seal.account, seal.key) for seal in body.seals))
    add_item(connection, written, submission, (VersionAdded(version), sealed))
    store_parts(connection, written, submission.parts)
    entry = leaf_entry(written.journal, written.salt, written.position, statement.id)
    return Leaf(written.journal, written.position.seq, entry)
