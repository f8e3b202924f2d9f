"""The rows of engagements, contracts, parties, assents and memberships.

Source: docs/protocol.md section 4 rules 1 to 3.
"""

from vault.policy.facts import Assented, Closed, ContractActivated, ContractProposed, Effect
from vault.protocol.statements import Contract
from vault.reconcile.expected import Expected
from vault.reconcile.journals import Entry

CONTACT = "contact"
"""What the role of a contact is called, who is no party."""


class ContractRows:
    """What the contracts of one engagement make."""

    TABLES = ("engagements", "contracts", "parties", "assents", "memberships")

    def __init__(self, engagement: bytes, expected: Expected) -> None:
        """The rows go into `expected`."""
        self._engagement = engagement
        self._expected = expected

    def take(self, entry: Entry, effect: Effect) -> bool:
        """Whether the effect is about these rows, which have taken it over then."""
        match effect:
            case ContractProposed(contract):
                self._propose(entry, contract.body)
            case Assented(account, assent):
                self._expected.put(
                    "assents",
                    engagement=self._engagement,
                    account=account,
                    seq=entry.position.seq,
                    contract=assent.contract,
                    keys=assent.keys,
                    time=assent.time,
                )
            case ContractActivated():
                self._activate(effect)
            case Closed(time):
                self._expected.change("engagements", (self._engagement,), closed=time)
            case _:
                return False
        return True

    def _propose(self, entry: Entry, body: Contract) -> None:
        here, statement, seq = self._engagement, entry.statement.id, entry.position.seq
        if not self._expected.holds("engagements", (here,)):
            self._expected.put(
                "engagements", engagement=here, first_contract=statement, active_contract=None, closed=None
            )
        self._expected.put(
            "contracts",
            engagement=here,
            statement=statement,
            seq=seq,
            supersedes=body.supersedes,
            activated=None,
            superseded=None,
        )
        named = [(party.account, party.role.value) for party in body.parties]
        contacts = [(contact.account, CONTACT) for contact in body.contacts if contact.account is not None]
        for account, role in named + contacts:
            self._expected.put("parties", engagement=here, account=account, contract=statement, seq=seq, role=role)
        for account, role in named:  # the newest contract that names an account as a party says its role
            self._expected.put("memberships", account=account, engagement=here, role=role)

    def _activate(self, activated: ContractActivated) -> None:
        here, time = self._engagement, activated.time
        self._expected.change("contracts", (here, activated.statement), activated=time)
        if activated.supersedes is not None:
            self._expected.change("contracts", (here, activated.supersedes), superseded=time)
        self._expected.change("engagements", (here,), active_contract=activated.statement)

    def add_contact(self, account: bytes) -> None:
        """An escalation to this account stands: it is a member from then on, if it is none already."""
        if not self._expected.holds("memberships", (account, self._engagement)):
            self._expected.put("memberships", account=account, engagement=self._engagement, role=CONTACT)
