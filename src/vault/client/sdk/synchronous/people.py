"""The people whom this person knows, under local nicknames that are never sent."""

from vault.client.acts import people
from vault.client.device.keyring import Person
from vault.client.device.safety_number import SafetyNumber
from vault.client.device.session import Session
from vault.client.errors import Unreachable
from vault.client.network.transport import Driver
from vault.client.sdk.reading_arguments import as_id


class PersonHandle:
    """Somebody by a nickname: `state` is unverified, verified or changed."""

    def __init__(self, session: Session, driver: Driver, person: Person, number: SafetyNumber | None) -> None:
        """`number` is over the newest verified keys of both, None where nobody answered."""
        self._session, self._driver, self._person = session, driver, person
        self._number = number

    @property
    def safety_number(self) -> SafetyNumber:
        """The number that both see, over the newest verified keys of both. Raises: Unreachable."""
        if self._number is None:
            raise Unreachable("the deployment does not answer, and the newest keys are not known")
        return self._number

    @property
    def name(self) -> str:
        """The nickname."""
        return self._person.name

    @property
    def account(self) -> str:
        """The account, 64 hex digits."""
        return self._person.account.hex()

    @property
    def state(self) -> str:
        """What this person knows of the other's keys."""
        return self._person.state.value

    def confirm(self) -> None:
        """The numbers were compared, all of them, and are equal."""
        self._person = self._driver.run(people.confirm(self._session, self._person))

    def rename(self, name: str) -> None:
        """Another nickname. Raises: UsageError."""
        self._person = people.rename(self._session, self._person.account, name)


class People:
    """A mapping from nicknames to people."""

    def __init__(self, session: Session, driver: Driver) -> None:
        """The people of an open vault."""
        self._session, self._driver = session, driver

    def get(self, name: str) -> PersonHandle:
        """The person with this nickname or account; answers to invitations are fetched where they are waited for.

        Raises: UsageError for a name that nobody has; VerificationError for keys that do not verify.
        """
        person = self._driver.run(people.find_person(self._session, name))
        number = self._driver.run(people.compare(self._session, person))
        return PersonHandle(self._session, self._driver, self._session.identity.people[person.account], number)

    def __getitem__(self, name: str) -> PersonHandle:
        """As `get`."""
        return self.get(name)

    def list(self) -> list[PersonHandle]:
        """Everybody, by nickname; new introductions are fetched first, where anybody answers."""
        self._driver.run(people.hear_introductions(self._session))
        known = sorted(self._session.identity.people.values(), key=lambda person: person.name)
        try:
            return [self.get(person.name) for person in known]
        except Unreachable:
            return [PersonHandle(self._session, self._driver, person, None) for person in known]

    def add(self, name: str, account: str) -> None:
        """Give an account a nickname. It is unverified until the safety numbers are compared."""
        people.rename(self._session, as_id(account, 32), name)
