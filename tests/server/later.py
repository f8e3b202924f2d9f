"""Statements whose routes come later, given to the write path directly."""

from typing import Any

from tests.server.world import CONTACT, Draft, World
from tests.support.people import account
from vault.protocol.submission import Submission
from vault.protocol.vocabulary import BlobKind, ErasureReason, EscalationReason, ShareKind, StatementType
from vault.server.resources.erasures.rows import erase
from vault.server.resources.escalations.rows import add_escalation
from vault.server.sequencer.collections import Collection, Project
from vault.server.sequencer.members import admit_member
from vault.server.sequencer.submit import Answer, submit


def escalation(world: World, name: str = "coach", **changes: Any) -> Draft:
    """An escalation to the contact, shown to the coachee at once."""
    to = ["coach", "contact"] if "contact" in world.keys else ["coach"]
    ref, blob = world.blob(BlobKind.ESCALATION)
    seals, raw = world.seal(*to)
    members = {
        "engagement": world.engagement,
        "contract": world.contract,
        "contact": CONTACT,
        "reason": EscalationReason.HARM_TO_SELF,
        "delay": None,
        "blob": ref,
        "seals": seals,
    } | changes
    parts = {"blob": blob, "seals": raw}
    return world.draft(StatementType.ESCALATION, name, world.at("escalations"), parts, **members)


def erasure(world: World, *items: bytes, name: str = "coachee", **changes: Any) -> Draft:
    members = {"engagement": world.engagement, "items": tuple(sorted(items)), "reason": ErasureReason.ASKED} | changes
    return world.draft(StatementType.ERASURE, name, world.at("erasures"), **members)


def request(world: World, **changes: Any) -> Draft:
    members: dict[str, Any] = {
        "engagement": world.engagement,
        "contract": world.contract,
        "share_kind": ShareKind.PROGRESS,
        "expires": world.deployment.clock() + 86_400,
    } | changes
    return world.draft(StatementType.REQUEST, "sponsor", world.at("requests"), **members)


async def escalate(world: World, draft: Draft) -> Answer:
    return await _submit(world, draft, add_escalation)


async def destroy(world: World, draft: Draft) -> Answer:
    return await _submit(world, draft, erase)


async def ask(world: World, draft: Draft) -> Answer:
    return await _submit(world, draft, lambda _connection, _written, _submission, _effects: None)


async def _submit(world: World, draft: Draft, project: Project) -> Answer:
    statement = draft.statement
    submission = Submission.from_json(draft.json())
    collection = Collection(draft.body.type, admit_member, project)
    ids = {"engagement": world.engagement.hex()}
    deployment = world.deployment
    answer = await submit(
        deployment.context, deployment.app.state.queue, collection, submission, account(draft.name), ids
    )
    world.newest[draft.name, world.journal_of(draft.body)] = statement.id
    return answer
