"""The rows of disclosures, withdrawals, openings and escalations.

Source: docs/protocol.md section 4 rules 6, 7, 8 and 10.
"""

from vault.policy.facts import Disclosed, Effect, Erased, Escalated, Opened, Requested, Withdrawn
from vault.protocol.statements import Escalation
from vault.reconcile.expected import Expected
from vault.reconcile.journals import Entry

HOUR_SECONDS = 3_600


class DisclosureRows:
    """What the disclosures and escalations of one engagement make."""

    TABLES = ("disclosures", "withdrawals", "openings", "escalations")

    def __init__(self, engagement: bytes, expected: Expected) -> None:
        """The rows go into `expected`."""
        self._engagement = engagement
        self._expected = expected

    def take(self, entry: Entry, effect: Effect) -> bool:
        """Whether the effect is about these rows, which have taken it over then."""
        here, seq = self._engagement, entry.position.seq
        match effect:
            case Disclosed(fact):
                self._expected.put(
                    "disclosures",
                    engagement=here,
                    statement=fact.statement,
                    seq=seq,
                    recipient=fact.recipient,
                    expires=fact.expires,
                    withdrawn=0,
                    erased=0,
                )
            case Withdrawn(disclosure):
                self._expected.put("withdrawals", engagement=here, disclosure=disclosure, seq=seq)
                if self._expected.holds("disclosures", (here, disclosure)):
                    self._expected.change("disclosures", (here, disclosure), withdrawn=1)
            case Opened(of, by):
                self._expected.put("openings", engagement=here, of=of, signer=by, statement=entry.statement.id, seq=seq)
            case Erased():
                for statement in effect.disclosures:
                    self._expected.change("disclosures", (here, statement), erased=1)
            case Escalated(fact):
                body = entry.statement.body
                assert isinstance(body, Escalation)
                hours = 0 if body.delay is None else body.delay.hours
                self._expected.put(
                    "escalations",
                    engagement=here,
                    statement=fact.statement,
                    seq=seq,
                    contract=fact.contract,
                    contact=fact.contact,
                    account=fact.account,
                    shown=entry.position.time + hours * HOUR_SECONDS,
                )
            case Requested():
                pass  # it stands in its journal alone, and is counted there
            case _:
                return False
        return True
