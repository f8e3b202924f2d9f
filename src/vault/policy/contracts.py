"""Who may propose a contract and assent to it, and when it becomes the active one.

Source: docs/protocol.md section 4 rules 1, 2, 3 and 9.
"""

from vault.policy.facts import (
    Assented,
    AssentFact,
    Closed,
    ContractActivated,
    ContractFact,
    ContractProposed,
    EngagementFacts,
    find_party,
    find_role,
)
from vault.policy.parties import (
    JOURNAL_READERS,
    find_current_keys,
    find_standing_contract,
    require_current_key,
    require_role,
    require_sealed_to_exactly,
    require_standing,
)
from vault.protocol.ids import Account, StatementId
from vault.protocol.journal import salt_sha256
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Assent, Closure, Contract
from vault.protocol.vocabulary import MANDATED_SHARE_KINDS, SPONSOR_CLAUSES, Affiliation, KeysReason, Origin, Role


def decide_contract(facts: EngagementFacts, statement: StatementId, body: Contract) -> tuple[ContractProposed]:
    """A proposal.

    Raises: Refused(role-refused | engagement-closed | contract-superseded | parties-refused | contact-not-independent |
    share-kind-refused | statement-malformed | key-stale | seals-refused).
    """
    standing = find_standing_contract(facts)
    active = facts.find_active_contract()
    if standing is not None:
        require_role(standing.body, body.by, *JOURNAL_READERS)
    _require_parties(facts, body)
    require_role(body, body.by, *JOURNAL_READERS)
    if facts.closed_at is not None:
        raise Refused(Code.ENGAGEMENT_CLOSED)
    if body.supersedes != (None if active is None else active.statement):
        raise Refused(Code.CONTRACT_SUPERSEDED)
    if standing is not None:
        _require_continues(standing.body, body)
    _require_no_other_side(facts, body)
    if body.salt_sha256 != salt_sha256(facts.salt):
        raise Refused(Code.STATEMENT_MALFORMED)
    _require_keys(facts, body)
    require_current_key(facts, body, body)
    accounts = frozenset(party.account for party in body.parties)
    require_sealed_to_exactly(facts, body.seals, accounts, body)
    return (ContractProposed(ContractFact(statement, body, activated_at=None, superseded_at=None)),)


def _require_parties(facts: EngagementFacts, body: Contract) -> None:
    roles = [party.role for party in body.parties]
    accounts = {party.account for party in body.parties}
    contacts = [contact.account for contact in body.contacts if contact.account is not None]
    if (
        roles.count(Role.COACHEE) != 1
        or roles.count(Role.COACH) != 1
        or roles.count(Role.SPONSOR) > 1
        or roles.count(Role.SUPERVISOR) > 1
        or accounts.intersection(contacts)
        or len(set(contacts)) != len(contacts)
        or facts.deployment.account in accounts.union(contacts)
    ):
        raise Refused(Code.PARTIES_REFUSED)
    if Role.SPONSOR in roles:
        if not any(contact.affiliation is Affiliation.INDEPENDENT for contact in body.contacts):
            raise Refused(Code.CONTACT_NOT_INDEPENDENT)
        if not SPONSOR_CLAUSES.issubset(body.clauses):
            raise Refused(Code.PARTIES_REFUSED)
    if body.origin is Origin.MANDATED and not MANDATED_SHARE_KINDS.issuperset(body.share_kinds):
        raise Refused(Code.SHARE_KIND_REFUSED)


def _require_continues(standing: Contract, body: Contract) -> None:
    """Another coach, coachee, sponsor or origin is another engagement; dropping the sponsor is not."""
    for role in (Role.COACH, Role.COACHEE):
        if find_party(standing, role) != find_party(body, role):
            raise Refused(Code.PARTIES_REFUSED)
    if find_party(body, Role.SPONSOR) not in (None, find_party(standing, Role.SPONSOR)):
        raise Refused(Code.PARTIES_REFUSED)
    if body.origin is not standing.origin:
        raise Refused(Code.PARTIES_REFUSED)


def _require_no_other_side(facts: EngagementFacts, body: Contract) -> None:
    """Who was sponsor or contact does not become supervisor, nor a supervisor contact.

    Items are resealed to a supervisor and never to the other two; a change of place would carry them across.
    """
    supervisor = find_party(body, Role.SUPERVISOR)
    if supervisor is not None and facts.list_past_roles(supervisor).intersection((Role.SPONSOR, None)):
        raise Refused(Code.PARTIES_REFUSED)
    for contact in body.contacts:
        if contact.account is not None and Role.SUPERVISOR in facts.list_past_roles(contact.account):
            raise Refused(Code.PARTIES_REFUSED)


def _require_keys(facts: EngagementFacts, body: Contract) -> None:
    """Each party and contact joins with keys of its own, not retired, and not older than its current ones here."""
    named = [(party.account, party.keys) for party in body.parties]
    named += [(contact.account, contact.keys) for contact in body.contacts if contact.account and contact.keys]
    for account, statement in named:
        keys = facts.find_keys(statement)
        if keys is None or keys.account != account or keys.reason is KeysReason.RETIRE:
            raise Refused(Code.PARTIES_REFUSED)
        current = find_current_keys(facts, account, body)
        if current is None or keys.generation < current.generation:
            raise Refused(Code.KEY_STALE)


def decide_assent(
    facts: EngagementFacts, body: Assent, time: int
) -> tuple[Assented] | tuple[Assented, ContractActivated]:
    """A party's yes; the last one that is needed makes the contract active.

    A closure stops no assent: a sponsor's answer would differ by it, and closure is never served to a sponsor.

    Raises: Refused(not-found | role-refused | contract-superseded | already-assented | key-stale).
    """
    contract = facts.find_contract(body.contract)
    if contract is None:
        raise Refused(Code.NOT_FOUND)
    contacts = {contact.account for contact in contract.body.contacts}
    if find_role(contract.body, body.by) is None and body.by not in contacts:
        raise Refused(Code.ROLE_REFUSED)
    active = facts.find_active_contract()
    is_active = active is not None and active.statement == contract.statement
    if not is_active and contract.body.supersedes != (None if active is None else active.statement):
        raise Refused(Code.CONTRACT_SUPERSEDED)
    assents = facts.list_assents(body.by)
    if assents and (assents[-1].contract, assents[-1].keys) == (body.contract, body.keys):
        raise Refused(Code.ALREADY_ASSENTED)
    _require_later_keys(facts, contract.body, body)
    assented = Assented(body.by, AssentFact(body.contract, body.keys, time))
    if is_active or not _is_complete(facts, contract, body.by):
        return (assented,)
    return (assented, ContractActivated(contract.statement, time, contract.body.supersedes))


def _require_later_keys(facts: EngagementFacts, contract: Contract, body: Assent) -> None:
    before = find_current_keys(facts, body.by, contract)
    keys = facts.find_keys(body.keys)
    if (
        keys is None
        or before is None
        or keys.account != body.by
        or keys.generation < before.generation
        or keys.reason is KeysReason.RETIRE
        or keys.sign_key != body.key
    ):
        raise Refused(Code.KEY_STALE)


def _is_complete(facts: EngagementFacts, contract: ContractFact, signer: Account) -> bool:
    """Whether coachee, coach and sponsor have their newest assent here, the signer's being this one."""
    needed = [party.account for party in contract.body.parties if party.role is not Role.SUPERVISOR]
    if signer not in needed:
        return False
    newest = [facts.list_assents(account)[-1:] for account in needed if account != signer]
    return all(assents and assents[0].contract == contract.statement for assents in newest)


def decide_closure(facts: EngagementFacts, body: Closure, time: int) -> tuple[Closed]:
    """The end of the engagement. Raises: Refused(role-refused | engagement-closed | key-stale)."""
    standing = require_standing(facts, body, *JOURNAL_READERS)
    if facts.closed_at is not None:
        raise Refused(Code.ENGAGEMENT_CLOSED)
    require_current_key(facts, body, standing)
    return (Closed(time, body.reason),)
