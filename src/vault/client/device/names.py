"""How an account is called here: by this person's own nickname for it, else by its role."""

from vault.client.device.session import Session
from vault.policy.facts import find_role
from vault.protocol.ids import Account
from vault.protocol.statements import Contract
from vault.protocol.vocabulary import Role

YOU = "you"


def name_of(
    session: Session, account: bytes, contract: Contract | None = None, otherwise: str = "somebody else"
) -> str:
    """A nickname, `you`, the role with an article, or `otherwise`."""
    if account == session.account:
        return YOU
    person = session.identity.people.get(account)
    if person is not None:
        return person.name
    role = None if contract is None else find_role(contract, Account(account))
    if role is not None:
        return f"the {role}"
    if contract is not None and any(contact.account == account for contact in contract.contacts):
        return "a contact"
    return otherwise


def names_in(session: Session, contract: Contract) -> dict[bytes, str]:
    """The names of all that a contract names."""
    return {account: name_of(session, account, contract) for account in list_accounts(contract)}


def list_accounts(contract: Contract) -> list[Account]:
    """All accounts that a contract names: its parties, then its contacts."""
    accounts = [party.account for party in contract.parties]
    return accounts + [contact.account for contact in contract.contacts if contact.account is not None]


def find_role_word(text: str) -> Role | None:
    """The role that a word of the interface means, such as `sponsor` or `the sponsor`."""
    word = text.removeprefix("the ")
    return Role(word) if word in set(Role) else None
