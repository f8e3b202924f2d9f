"""Whose signatures a statement needs at its place in a journal: the keys come from the journal, never from a hint.

Source: docs/protocol.md sections 3 and 4 rule 3.
"""

from vault.policy.escalations import list_keys_at
from vault.policy.facts import EngagementFacts, EscalationFacts, Facts, KeysFact
from vault.policy.keys import list_key_signers
from vault.policy.parties import find_current_keys, find_standing_contract
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Assent, Body, Contract, Escalation, Keyring, Keys, Opening
from vault.protocol.vocabulary import JournalKind


def list_signers(facts: Facts, body: Body, time: int) -> tuple[bytes, ...]:
    """The Ed25519 public keys whose signatures `body` must carry, in order.

    Raises: Refused(key-stale) where `key` is not the key under which `by` acts here, Refused(not-found) where `by` has
    no place here, or `of` or `contract` is not here, Refused(role-refused) where a contract does not name its signer.
    """
    if facts.kind is JournalKind.KEYS:
        return list_key_signers(facts.find_current(), body) if isinstance(body, Keys) else _none()
    if facts.kind is JournalKind.KEYRING:
        keys = facts.find_key(body.key) if isinstance(body, Keyring) else None
    elif facts.kind is JournalKind.ENGAGEMENT:
        keys = _find_in_engagement(facts, body)
    else:
        keys = _find_in_escalations(facts, body, time)
    if keys is None or keys.sign_key != body.key:
        return _none()
    return (keys.sign_public,)


def _none() -> tuple[bytes, ...]:
    raise Refused(Code.KEY_STALE)


def _find_in_engagement(facts: EngagementFacts, body: Body) -> KeysFact | None:
    if body.by == facts.deployment.account:
        return facts.deployment
    if isinstance(body, Assent):
        keys = facts.find_keys(body.keys)
        return keys if keys is not None and keys.account == body.by else None
    if isinstance(body, Contract):
        keys = find_current_keys(facts, body.by, body)
        if keys is None:
            raise Refused(Code.ROLE_REFUSED)
        return keys
    standing = find_standing_contract(facts)
    keys = None if standing is None else find_current_keys(facts, body.by, standing.body)
    if keys is None:
        raise Refused(Code.NOT_FOUND)
    return keys


def _find_in_escalations(facts: EscalationFacts, body: Body, time: int) -> KeysFact | None:
    if isinstance(body, Escalation):
        named = body.contract
    elif isinstance(body, Opening):
        escalation = facts.find_escalation(body.of)
        if escalation is None:
            raise Refused(Code.NOT_FOUND)
        named = escalation.contract
    else:
        return None
    contract = facts.engagement.find_contract(named)
    candidates = [] if contract is None else list_keys_at(facts.engagement, contract.body, body.by, time)
    if not candidates:
        raise Refused(Code.NOT_FOUND)
    return next((keys for keys in candidates if keys.sign_key == body.key), None)
