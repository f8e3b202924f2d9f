"""Open the identity of a folder for one command, and find the engagement that the command is about."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import typer

from vault.client.acts.choosing import CLOSED, Choice, choose_item, list_chosen, list_known, look
from vault.client.acts.joining import ACCOUNTS_PATH, unlock_session
from vault.client.cli.choices import Choices, choices_of
from vault.client.cli.columns import shorten
from vault.client.cli.passphrases import read_passphrase
from vault.client.cli.refusals import Unfinished
from vault.client.cli.speaking import one_line, tell, tell_search
from vault.client.device.deployment import find_deployment
from vault.client.device.names import name_of
from vault.client.device.session import Session
from vault.client.errors import Unreachable, UsageError
from vault.client.network.calls import Act
from vault.client.network.transport import Driver
from vault.client.outbox.sent import forget_old
from vault.client.reading.recalling import remember
from vault.client.sdk.synchronous.engagements import Engagement
from vault.client.sdk.synchronous.vault import Vault
from vault.errors import VaultError
from vault.policy.parties import JOURNAL_READERS
from vault.protocol.problems import Code, Refused
from vault.protocol.vocabulary import Role

Value = TypeVar("Value")
SEVERAL = "there are several engagements; choose one by a name, or by the first digits, with --with NAME|ID:"


@dataclass(frozen=True, slots=True)
class OpenHome:
    """An identity that is open: the objects of the SDK, and what they stand on."""

    vault: Vault
    session: Session
    driver: Driver

    def run(self, act: Act[Value]) -> Value:
        """What the act returns."""
        return self.driver.run(act)

    def find_engagement(self, named: str | None) -> Engagement:
        """The engagement that was named, or the only one, or the only open one.

        Raises: UsageError, which lists them; Refused(not-found).
        """
        return self.vault.engagements.get(self._find(named).hex())

    def find_engagement_to_write(self, named: str | None) -> Engagement:
        """The same, without asking what is new in it: a write is signed and kept even while nobody answers."""
        return Engagement(self.session, self.driver, self._find(named))

    def list_engagements_to_write(self, named: str | None) -> list[bytes]:
        """Those that were named, or all: while nobody answers, those that this device knows. Raises: Unreachable."""
        return self.run(list_known(self.session) if named is None else list_chosen(self.session, named))

    def list_journal_readers(self, engagement: bytes) -> list[str]:
        """Coach and coachee of an engagement that was read, by name: whoever can open its notes."""
        contract = self.session.verified.views[engagement].standing().body
        readers = (party.account for party in contract.parties if party.role in JOURNAL_READERS)
        return [name_of(self.session, account, contract) for account in readers]

    def find_item(self, engagement: Engagement, named: str) -> bytes:
        """The item of the engagement, by its id or its first digits. Raises: UsageError; Refused(not-found)."""
        return self.run(choose_item(self.session, bytes.fromhex(engagement.id), named))

    def _find(self, named: str | None) -> bytes:
        found = self.list_engagements_to_write(named)
        if not found:
            raise UsageError("there is no engagement yet; propose a contract with `coach-vault contract new`")
        if len(found) == 1:
            return found[0]
        choices = [self.run(look(self.session, each)) for each in found]
        is_open = [each for each in choices if each.state != CLOSED]
        if len(is_open) == 1:
            return is_open[0].engagement
        raise UsageError("\n  ".join([SEVERAL, *self._describe(is_open or choices)]))

    def _describe(self, choices: list[Choice]) -> list[str]:
        """One line each: the first digits of the id, the state, and who the others are."""
        digits = shorten(each.engagement.hex() for each in choices)
        rows = [
            (f"{digits[each.engagement.hex()]}  {each.state:8}", with_others(self._others(each))) for each in choices
        ]
        return [f"{row}  {names}" for row, names in sorted(rows, key=lambda row: row[1])]

    def list_others(self, engagement: bytes) -> list[tuple[str, str]]:
        """Role and name of everybody else in an engagement; nothing where this device has not read it."""
        return self._others(self.run(look(self.session, engagement)))

    def _others(self, choice: Choice) -> list[tuple[str, str]]:
        parties = () if choice.contract is None else choice.contract.parties
        return [
            (party.role, name_of(self.session, party.account, choice.contract))
            for party in sorted(parties, key=lambda party: list(Role).index(party.role))
            if party.account != self.session.account
        ]


def with_others(parties: Iterable[tuple[str, str]]) -> str:
    """Who they are, by role and name: "with Marek (coachee), Ana (sponsor)", or "with the sponsor"."""
    shown = (one_line(name) if name == f"the {role}" else f"{one_line(name)} ({role})" for role, name in parties)
    return f"with {', '.join(shown) or 'nobody that this device knows'}"


@contextmanager
def opened(context: typer.Context) -> Iterator[OpenHome]:
    """The identity of the chosen folder, open until the command ends. Raises: UsageError; WrongPassphrase."""
    choices = choices_of(context)
    session = unlock_session(choices.home, lambda: read_passphrase(choices))
    session.verified.tlog.report = tell_search(choices)
    with held(session) as home:
        require_same_server(session, choices)
        yield home


@contextmanager
def held(session: Session) -> Iterator[OpenHome]:
    """The session with its network. At the end the keyring is stored; after an error this device's file alone is."""
    driver = Driver(session.deployment.url)
    home = OpenHome(Vault(session, driver), session, driver)
    try:
        yield home
    except BaseException as error:
        if session.identity.generations:  # a device that is not recovered yet has nothing to keep
            remember(session)
            forget_old(session)
            session.save()
        session.home.close()
        driver.close()
        if isinstance(error, KeyboardInterrupt | typer.Abort):
            tell_stopped(session)
        if isinstance(error, VaultError):
            raise explain(session, error) from error
        raise
    home.vault.close()


def tell_stopped(session: Session) -> None:
    """Say to whoever stopped a command what is left of it, where anything is."""
    waiting = sum(each.refused is None for each in session.outbox.waiting)
    if waiting:
        tell(f"\n{waiting} signed and waiting in the outbox: `coach-vault outbox send`")


def explain(session: Session, error: VaultError) -> VaultError:
    """The error, with what is kept and what to do next."""
    cause, members, hint = error, {}, None
    if isinstance(error, Unfinished):
        cause, members, hint = error.cause, error.members, error.hint
    if isinstance(cause, Unreachable):
        waiting = sum(each.is_unsent for each in session.outbox.waiting)
        kept = f"{waiting} waiting in the outbox: `coach-vault outbox send`" if waiting else "nothing was signed"
        return Unfinished(cause, hint or f"{kept}; run it again later", waiting=waiting, **members)
    is_new = any(each.path == ACCOUNTS_PATH for each in session.outbox.waiting)
    if is_new and isinstance(cause, Refused) and cause.code in (Code.LOGIN_REFUSED, Code.ENROLMENT_ENDED):
        hint = "this identity waits to be enrolled: `coach-vault outbox send --enrolment TOKEN`"
        return Unfinished(cause, hint, **members)
    return error


def require_same_server(session: Session, choices: Choices) -> None:
    """Return unless another server was named than the one that this identity lives on. Raises: UsageError."""
    if choices.server is not None and find_deployment(choices.server, "x").url != session.deployment.url:
        raise UsageError(
            f"this identity lives on {session.deployment.url}; leave --server out, or choose another --home"
        )
