"""A coach's word about serious danger: its own text only, to one contact, always before the coachee's eyes in the end.

Escalations stand in a journal of their own, ordered against the engagement's journal by time alone; so what stood in
the second of the escalation counts, on either side of it. Source: docs/protocol.md section 4 rule 8.
"""

from itertools import zip_longest

from vault.policy.facts import (
    ContractFact,
    EngagementFacts,
    Escalated,
    EscalationFact,
    EscalationFacts,
    KeysFact,
    Opened,
    find_party,
)
from vault.policy.parties import find_named_keys, require_role
from vault.protocol.ids import Account, StatementId
from vault.protocol.limits import BLOB_OVERHEAD_BYTES, ESCALATION_BUCKET_BYTES
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Contract, Escalation, Opening
from vault.protocol.vocabulary import Role

ESCALATION_BLOB_BYTES = ESCALATION_BUCKET_BYTES + BLOB_OVERHEAD_BYTES
"""The one stored length of an escalation's blob, whatever it says."""


def decide_escalation(facts: EscalationFacts, statement: StatementId, body: Escalation, time: int) -> tuple[Escalated]:
    """An escalation.

    Raises: Refused(contract-inactive | role-refused | key-stale | contact-refused | too-large | blob-shape |
    seals-refused).
    """
    engagement = facts.engagement
    contract = engagement.find_contract(body.contract)
    if contract is None or not _was_active_in(contract, time):
        raise Refused(Code.CONTRACT_INACTIVE)
    require_role(contract.body, body.by, Role.COACH)
    _require_key_at(engagement, contract.body, body.by, body.key, time)
    contact = next((contact for contact in contract.body.contacts if contact.contact == body.contact), None)
    if contact is None:
        raise Refused(Code.CONTACT_REFUSED)
    if body.blob.size > ESCALATION_BLOB_BYTES:
        raise Refused(Code.TOO_LARGE)
    if body.blob.size < ESCALATION_BLOB_BYTES:
        raise Refused(Code.BLOB_SHAPE)
    needed = frozenset(account for account in (body.by, contact.account) if account is not None)
    coachee = find_party(contract.body, Role.COACHEE)
    sealed = frozenset(seal.account for seal in body.seals)
    if sealed not in (needed, needed | {coachee}):
        raise Refused(Code.SEALS_REFUSED)
    for seal in body.seals:
        keys = list_keys_at(engagement, contract.body, seal.account, time)
        if seal.key not in {each.seal_key for each in keys}:
            raise Refused(Code.KEY_STALE)
    return (Escalated(EscalationFact(statement, body.contract, body.contact, contact.account)),)


def decide_escalation_opening(facts: EscalationFacts, body: Opening, time: int) -> tuple[Opened]:
    """The contact's access receipt. Raises: Refused(not-found | key-stale)."""
    escalation = facts.find_escalation(body.of)
    contract = None if escalation is None else facts.engagement.find_contract(escalation.contract)
    if escalation is None or contract is None or escalation.account != body.by:
        raise Refused(Code.NOT_FOUND)
    _require_key_at(facts.engagement, contract.body, body.by, body.key, time)
    return (Opened(body.of, body.by),)


def _was_active_in(contract: ContractFact, time: int) -> bool:
    return (
        contract.activated_at is not None
        and contract.activated_at <= time
        and (contract.superseded_at is None or time <= contract.superseded_at)
    )


def list_keys_at(facts: EngagementFacts, contract: Contract, account: Account, time: int) -> list[KeysFact]:
    """The keys that were the account's current ones at some moment of the second `time`."""
    assents = facts.list_assents(account)
    named = [
        assent.keys
        for assent, following in zip_longest(assents, assents[1:])
        if assent.time <= time and (following is None or time <= following.time)
    ]
    if not assents or time <= assents[0].time:
        place = find_named_keys(contract, account)
        named += [] if place is None else [place]
    return [keys for statement in named if (keys := facts.find_keys(statement)) is not None]


def _require_key_at(facts: EngagementFacts, contract: Contract, account: Account, key: bytes, time: int) -> None:
    if key not in {keys.sign_key for keys in list_keys_at(facts, contract, account, time)}:
        raise Refused(Code.KEY_STALE)
