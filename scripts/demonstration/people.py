"""Four people, each with a folder and a line of their own: they join, compare numbers, and agree on a contract."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from scripts.demonstration.deployment import DemonstrationError, Deployment
from scripts.demonstration.wire import Tap
from vault.client import Vault, terms
from vault.client.device.session import Session
from vault.client.reading.logging_in import log_in
from vault.client.sdk.synchronous.engagements import Engagement

COACH, COACHEE, SPONSOR, CONTACT = "Lena", "Marek", "Ana", "Ilse"
ROLES = {COACH: "coach", COACHEE: "coachee", SPONSOR: "HR sponsor", CONTACT: "ombudsperson"}
WORDS = "We begin and end with half an hour for three. What is said between us two stays between us two."
_COMPARED = ((COACH, COACHEE), (COACH, SPONSOR), (COACH, CONTACT), (COACHEE, SPONSOR))


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an open vault."""

    name: str
    vault: Vault
    tap: Tap

    @property
    def title(self) -> str:
        """Name and role, for tables."""
        return f"{self.name}, {ROLES[self.name]}"

    @property
    def session(self) -> Session:
        """All that this person's client holds: what an insider can act with."""
        return self.vault._session

    @property
    def account(self) -> bytes:
        """The account."""
        return self.session.account

    def token(self) -> str:
        """A login token that is good now."""
        return self.vault._driver.run(log_in(self.session))


@dataclass(frozen=True, slots=True)
class Circle:
    """The four, and their engagement."""

    coach: Person
    coachee: Person
    sponsor: Person
    contact: Person
    engagement: bytes

    def people(self) -> tuple[Person, ...]:
        """All four."""
        return self.coach, self.coachee, self.sponsor, self.contact

    def engagement_of(self, person: Person) -> Engagement:
        """The engagement as this person's client has verified it now."""
        return person.vault.engagements.get(self.engagement.hex())


@contextmanager
def met(deployment: Deployment, homes: Path, say: Callable[[str], None]) -> Iterator[Circle]:
    """Four people who joined by invitation, compared safety numbers, and assented to one contract.

    Raises: DemonstrationError where two people read different numbers to each other.
    """
    with ExitStack() as stack:
        tokens = iter(deployment.enrolments)

        def join(name: str, invitation: str | None) -> Person:
            tap, passphrase = Tap(), secrets.token_hex(16)
            vault = Vault.join(
                deployment.url,
                homes / name.lower(),
                enrolment=next(tokens),
                invitation=invitation,
                inviter=COACH if invitation is not None else None,
                passphrase=lambda: passphrase,
                transport=tap,
            )
            say(f"{name}, {ROLES[name]}, made keys on a device of their own")
            return Person(name, stack.enter_context(vault), tap)

        people = {COACH: join(COACH, None)}
        for name in (COACHEE, SPONSOR, CONTACT):
            people[name] = join(name, people[COACH].vault.invite(name))
        people[SPONSOR].vault.accept(people[COACHEE].vault.invite(SPONSOR), COACHEE)
        for one, other in _COMPARED:
            _compare(people[one], people[other])
        say(f"{len(_COMPARED)} pairs read their safety numbers to each other: equal")
        engagement = _agree(people)
        say("the contract is signed by coach, coachee and sponsor; the only kind of sharing it allows: progress")
        yield Circle(people[COACH], people[COACHEE], people[SPONSOR], people[CONTACT], engagement)


def _compare(one: Person, other: Person) -> None:
    seen, read_aloud = one.vault.people[other.name], other.vault.people[one.name]
    if seen.safety_number != read_aloud.safety_number:
        raise DemonstrationError(f"{one.name} and {other.name} read different safety numbers")
    seen.confirm()
    read_aloud.confirm()


def _agree(people: dict[str, Person]) -> bytes:
    agreed = terms.three_way(
        coachee=COACHEE,
        sponsor=SPONSOR,
        contact=(CONTACT, "ombuds", "independent"),
        share_kinds={"progress"},
        retention=timedelta(days=365),
        words=WORDS,
    )
    proposed = people[COACH].vault.propose(agreed)
    for name in (COACHEE, SPONSOR):
        people[name].vault.engagements[proposed.id].assent()
    return bytes.fromhex(proposed.id)
