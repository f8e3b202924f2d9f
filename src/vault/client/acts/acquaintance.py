"""Who the people of a contract are to this person: under which name, whether their keys were compared, or have changed.

A contract says which accounts take part. That the account of "the sponsor" is the sponsor, only people can tell.
"""

from dataclasses import dataclass

from vault.client.acts.people import notice_change
from vault.client.device.keyring import PersonState
from vault.client.device.names import list_accounts, name_of
from vault.client.device.safety_number import SafetyNumber, safety_number
from vault.client.device.session import Session
from vault.client.network.calls import Act
from vault.client.reading.keys_of import current_keys
from vault.policy.facts import find_role
from vault.protocol.ids import Account
from vault.protocol.statements import Contract
from vault.protocol.vocabulary import Role

NOT_INTRODUCED = "not introduced"
CONTACT = "contact"


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """Somebody whom a contract names beside this person; `role` is that of a party, or `contact`.

    `name` is this person's own nickname for the account, else the role; `state` is verified, unverified, changed or
    not introduced. `safety_number` is over the newest verified keys of both.
    """

    role: str
    name: str
    account: str
    state: str
    safety_number: SafetyNumber

    @property
    def is_changed(self) -> bool:
        """Whether the keys are not the ones that this person confirmed."""
        return self.state == PersonState.CHANGED


def list_acquaintances(session: Session, contract: Contract) -> Act[tuple[Acquaintance, ...]]:
    """Everybody with an account whom the contract names, but this person. Raises: VerificationError; Unreachable."""
    found: list[Acquaintance] = []
    for account in list_accounts(contract):
        if account == session.account:
            continue
        one = yield from meet(session, contract, account)
        found.append(one)
    order = [*Role, CONTACT]
    return tuple(sorted(found, key=lambda one: order.index(one.role)))


def meet(session: Session, contract: Contract, account: bytes) -> Act[Acquaintance]:
    """One of them. Raises: VerificationError; Unreachable."""
    keys = yield from current_keys(session, account)
    state: str = NOT_INTRODUCED
    person = session.identity.people.get(account)
    if person is not None:
        state = notice_change(session, person, keys.sign_key).state.value
    return Acquaintance(
        role=find_role(contract, Account(account)) or CONTACT,
        name=name_of(session, account, contract),
        account=account.hex(),
        state=state,
        safety_number=safety_number(session.account, session.current.sign_public, account, keys.sign_public),
    )
