"""Who may do what: one pure function over the facts of one journal.

The server enforces it, every client checks the server with it, and the auditor checks both. It does no I/O and knows no
clock; `time` is the time with which the entry is appended. Source: docs/protocol.md section 4.
"""

from vault.policy import contracts, disclosures, escalations, items, keys
from vault.policy.facts import Effect, EngagementFacts, EscalationFacts, Facts, find_role
from vault.policy.parties import JOURNAL_READERS, find_standing_contract
from vault.policy.place import require_newest, require_seen
from vault.protocol.envelope import Statement
from vault.protocol.ids import StatementId
from vault.protocol.naming import find_engagement
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import (
    Assent,
    Body,
    Closure,
    Contract,
    Disclosure,
    Erasure,
    Escalation,
    Item,
    Keyring,
    Keys,
    Opening,
    Request,
    Reseal,
    Withdrawal,
)
from vault.protocol.vocabulary import JournalKind


def decide(facts: Facts, statement: Statement, time: int) -> tuple[Effect, ...]:
    """The effects of appending `statement` to the journal of `facts` at Unix second `time`.

    Signatures are verified by the caller, with the keys that `list_signers` names.

    Raises: Refused, with the code of the first rule that does not hold.
    """
    body = statement.body
    if facts.kind is JournalKind.KEYS:
        if isinstance(body, Keys):
            return keys.decide_keys(facts, statement.id, body)
    elif facts.kind is JournalKind.KEYRING:
        if isinstance(body, Keyring):
            return keys.decide_keyring(facts, statement.id, body)
    else:
        _require_engagement(facts, body)
        if facts.kind is JournalKind.ENGAGEMENT:
            effects = _decide_engagement(facts, statement.id, body, time)
        else:
            effects = _decide_escalations(facts, statement.id, body, time)
        require_newest(facts, body, holds_salt(facts, body))
        return effects
    raise Refused(Code.STATEMENT_MALFORMED)


def _require_engagement(facts: EngagementFacts | EscalationFacts, body: Body) -> None:
    """Return if the statement is about this journal's engagement. Raises: Refused(path-mismatch).

    Some types name nothing else that would tie them here, and one pair of people may share several engagements.
    """
    engagement = find_engagement(body)
    if engagement is not None and engagement != facts.journal.subject:
        raise Refused(Code.PATH_MISMATCH)


def _decide_engagement(facts: EngagementFacts, statement: StatementId, body: Body, time: int) -> tuple[Effect, ...]:
    match body:
        case Contract():
            return contracts.decide_contract(facts, statement, body)
        case Assent():
            return contracts.decide_assent(facts, body, time)
        case Closure():
            return contracts.decide_closure(facts, body, time)
        case Item():
            return items.decide_item(facts, statement, body, time)
        case Reseal():
            return items.decide_reseal(facts, body)
        case Disclosure():
            return disclosures.decide_disclosure(facts, statement, body, time)
        case Withdrawal():
            return disclosures.decide_withdrawal(facts, body)
        case Request():
            return disclosures.decide_request(facts, body, time)
        case Opening():
            return disclosures.decide_opening(facts, body, time)
        case Erasure():
            return disclosures.decide_erasure(facts, body, time)
        case _:
            raise Refused(Code.STATEMENT_MALFORMED)


def _decide_escalations(facts: EscalationFacts, statement: StatementId, body: Body, time: int) -> tuple[Effect, ...]:
    match body:
        case Escalation():
            return escalations.decide_escalation(facts, statement, body, time)
        case Opening():
            return escalations.decide_escalation_opening(facts, body, time)
        case _:
            raise Refused(Code.STATEMENT_MALFORMED)


def holds_salt(facts: Facts, body: Body) -> bool:
    """Whether the signer of `body` knows the journal's salt: its readers and the deployment do, nobody else."""
    if facts.kind is JournalKind.ESCALATIONS:
        return holds_salt(facts.engagement, body)
    if facts.kind is not JournalKind.ENGAGEMENT:
        return True
    if body.by == facts.deployment.account:
        return True
    standing = find_standing_contract(facts)
    contract = standing.body if standing is not None else body if isinstance(body, Contract) else None
    return contract is not None and find_role(contract, body.by) in JOURNAL_READERS


def require_seen_entry(facts: Facts, body: Body) -> int | None:
    """The seq of the entry that `seen` names, None for a signer without the salt. Raises: Refused(seen-unknown)."""
    return require_seen(facts, body, holds_salt(facts, body))
