"""What a sponsor gets to see, how it ends, and what a sponsor may do: the coachee's signature decides, nobody else's.

Source: docs/protocol.md section 4 rules 6, 7 and 10.
"""

from vault.policy.facts import (
    Disclosed,
    DisclosureFact,
    EngagementFacts,
    Erased,
    Opened,
    Requested,
    Withdrawn,
    find_party,
)
from vault.policy.parties import (
    find_standing_contract,
    require_active,
    require_current_key,
    require_role,
    require_sealed_to_exactly,
    require_standing,
)
from vault.protocol.ids import StatementId
from vault.protocol.limits import DAY_SECONDS
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Disclosure, Erasure, Opening, Request, Withdrawal
from vault.protocol.vocabulary import ErasureReason, Role


def decide_disclosure(facts: EngagementFacts, statement: StatementId, body: Disclosure, time: int) -> tuple[Disclosed]:
    """A disclosure; it goes on after closure.

    Raises: Refused(contract-inactive | role-refused | key-stale | recipient-refused | share-kind-refused |
    seals-refused | disclosure-past | disclosure-ended).
    """
    active = require_active(facts, body.contract)
    require_role(active.body, body.by, Role.COACHEE)
    require_current_key(facts, body, active.body)
    if find_party(active.body, Role.SPONSOR) != body.recipient:
        raise Refused(Code.RECIPIENT_REFUSED)
    if body.share_kind not in active.body.share_kinds:
        raise Refused(Code.SHARE_KIND_REFUSED)
    require_sealed_to_exactly(facts, body.seals, frozenset({body.by, body.recipient}), active.body)
    if body.expires is not None and body.expires <= time:
        raise Refused(Code.DISCLOSURE_PAST)
    if facts.is_withdrawn(statement):
        raise Refused(Code.DISCLOSURE_ENDED)
    disclosure = DisclosureFact(statement, body.id, body.recipient, body.expires, withdrawn=False, erased=False)
    return (Disclosed(disclosure),)


def decide_withdrawal(facts: EngagementFacts, body: Withdrawal) -> tuple[Withdrawn]:
    """The end of a disclosure, at once, without a reason, after closure too, for ever.

    Raises: Refused(role-refused | key-stale | already-withdrawn).
    """
    standing = require_standing(facts, body, Role.COACHEE)
    require_current_key(facts, body, standing)
    if facts.is_withdrawn(body.disclosure):
        raise Refused(Code.ALREADY_WITHDRAWN)
    return (Withdrawn(body.disclosure),)


def decide_request(facts: EngagementFacts, body: Request, time: int) -> tuple[Requested]:
    """A sponsor's request within its budget, whether or not the engagement was closed.

    Raises: Refused(contract-inactive | role-refused | key-stale | request-refused | budget-spent).
    """
    active = require_active(facts, body.contract)
    require_role(active.body, body.by, Role.SPONSOR)
    require_current_key(facts, body, active.body)
    if body.share_kind not in active.body.share_kinds or not time < body.expires <= active.body.ends:
        raise Refused(Code.REQUEST_REFUSED)
    budget = active.body.request_budget
    if facts.count_requests(body.by, time - budget.days * DAY_SECONDS) >= budget.count:
        raise Refused(Code.BUDGET_SPENT)
    return (Requested(body.by, time),)


def decide_opening(facts: EngagementFacts, body: Opening, time: int) -> tuple[Opened]:
    """The recipient's access receipt of a live disclosure.

    Raises: Refused(not-found | key-stale | disclosure-ended).
    """
    disclosure = facts.find_disclosure(body.of)
    standing = find_standing_contract(facts)
    if disclosure is None or standing is None or disclosure.recipient != body.by:
        raise Refused(Code.NOT_FOUND)
    require_current_key(facts, body, standing.body)
    if not disclosure.is_live_at(time):
        raise Refused(Code.DISCLOSURE_ENDED)
    return (Opened(body.of, body.by),)


def decide_erasure(facts: EngagementFacts, body: Erasure, time: int) -> tuple[Erased]:
    """The end of items and disclosures: what the coachee can read, when she asks; all, once retention has passed.

    Raises: Refused(role-refused | key-stale | held | not-found).
    """
    if body.by == facts.deployment.account:
        _require_retention_passed(facts, body, time)
    else:
        standing = require_standing(facts, body, Role.COACHEE)
        if body.reason is not ErasureReason.ASKED:
            raise Refused(Code.ROLE_REFUSED)
        require_current_key(facts, body, standing)
    items = tuple(item for item in body.items if _may_erase_item(facts, body, item))
    named = [(item, facts.find_disclosure_by_id(item)) for item in body.items]
    disclosures = {item: found.statement for item, found in named if found is not None and not found.erased}
    if any(item not in items and item not in disclosures for item in body.items):
        raise Refused(Code.NOT_FOUND)
    return (Erased(items, tuple(disclosures.values())),)


def _may_erase_item(facts: EngagementFacts, body: Erasure, item: bytes) -> bool:
    version = facts.find_version(item)
    if version is None or version.erased:
        return False
    return body.reason is ErasureReason.RETENTION or facts.is_sealed_to(item, None, body.by)


def _require_retention_passed(facts: EngagementFacts, body: Erasure, time: int) -> None:
    if body.reason is not ErasureReason.RETENTION:
        raise Refused(Code.ROLE_REFUSED)
    if body.key != facts.deployment.sign_key:
        raise Refused(Code.KEY_STALE)
    active = facts.find_active_contract()
    if active is None:
        raise Refused(Code.HELD)
    ended = active.body.ends if facts.closed_at is None else min(active.body.ends, facts.closed_at)
    if time < ended + active.body.retention_days * DAY_SECONDS:
        raise Refused(Code.HELD)
