"""The current keys of a party, and checks of its role.

Source: docs/protocol.md section 4 rules 2 and 3.
"""

from collections.abc import Iterable

from vault.policy.facts import ContractFact, EngagementFacts, KeysFact, find_role
from vault.protocol.ids import Account, StatementId
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Body, Contract, SealRef
from vault.protocol.vocabulary import Role

JOURNAL_READERS = frozenset({Role.COACH, Role.COACHEE})
"""The roles that read an engagement's journal and hold its salt."""


def require_active(facts: EngagementFacts, contract: StatementId) -> ContractFact:
    """The active contract, if it is the one named. Raises: Refused(contract-inactive)."""
    active = facts.find_active_contract()
    if active is None or active.statement != contract:
        raise Refused(Code.CONTRACT_INACTIVE)
    return active


def find_standing_contract(facts: EngagementFacts) -> ContractFact | None:
    """The active contract, before that the first: who the coach and the coachee are stands in either."""
    return facts.find_active_contract() or facts.find_first_contract()


def require_role(contract: Contract, account: Account, *roles: Role) -> Role:
    """The account's role in the contract, if it is one of `roles`. Raises: Refused(role-refused)."""
    role = find_role(contract, account)
    if role is None or role not in roles:
        raise Refused(Code.ROLE_REFUSED)
    return role


def require_standing(facts: EngagementFacts, body: Body, *roles: Role) -> Contract:
    """The standing contract, in which the signer has one of `roles`. Raises: Refused(role-refused)."""
    standing = find_standing_contract(facts)
    if standing is None:
        raise Refused(Code.ROLE_REFUSED)
    require_role(standing.body, body.by, *roles)
    return standing.body


def find_current_keys(facts: EngagementFacts, account: Account, contract: Contract) -> KeysFact | None:
    """The keys of the account's newest assent here, before that of its place in `contract`."""
    assents = facts.list_assents(account)
    statement = assents[-1].keys if assents else find_named_keys(contract, account)
    return None if statement is None else facts.find_keys(statement)


def find_named_keys(contract: Contract, account: Account) -> StatementId | None:
    """The `keys` statement under which the contract names the account as a party or a contact."""
    named: dict[Account | None, StatementId | None] = {contact.account: contact.keys for contact in contract.contacts}
    named.update({party.account: party.keys for party in contract.parties})
    return named.get(account)


def require_current_key(facts: EngagementFacts, body: Body, contract: Contract) -> None:
    """Return if the statement names the sign key under which its signer acts here. Raises: Refused(key-stale)."""
    keys = find_current_keys(facts, body.by, contract)
    if keys is None or keys.sign_key != body.key:
        raise Refused(Code.KEY_STALE)


def require_sealed_to_exactly(
    facts: EngagementFacts, seals: Iterable[SealRef], accounts: frozenset[bytes], contract: Contract
) -> None:
    """Return if the seals are for these accounts, each for its current seal key.

    Raises: Refused(seals-refused) for another set of accounts, Refused(key-stale) for another key.
    """
    listed = {seal.account: seal.key for seal in seals}
    if listed.keys() != accounts:
        raise Refused(Code.SEALS_REFUSED)
    for account, key in listed.items():
        keys = find_current_keys(facts, account, contract)
        if keys is None or keys.seal_key != key:
            raise Refused(Code.KEY_STALE)
