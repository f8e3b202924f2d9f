"""Open the identity of a folder for one command, and find the engagement that the command is about."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import typer

from vault.client.acts.identities import list_joined
from vault.client.acts.joining import ACCOUNTS_PATH, unlock_session
from vault.client.cli.choices import Choices, choices_of
from vault.client.cli.passphrases import read_passphrase
from vault.client.cli.refusals import Unfinished
from vault.client.cli.speaking import tell_search
from vault.client.device.deployment import find_deployment
from vault.client.device.session import Session
from vault.client.errors import Unreachable, UsageError
from vault.client.network.calls import Act
from vault.client.network.transport import Driver
from vault.client.outbox.sent import forget_old
from vault.client.reading.recalling import remember
from vault.client.sdk.reading_arguments import as_id
from vault.client.sdk.synchronous.engagements import Engagement
from vault.client.sdk.synchronous.vault import Vault
from vault.errors import VaultError
from vault.protocol.problems import Code, Refused

Value = TypeVar("Value")


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
        """The engagement that was named, or the only one. Raises: UsageError, which lists them; Refused(not-found)."""
        return self.vault.engagements.get(self._find(named).hex())

    def find_engagement_to_write(self, named: str | None) -> Engagement:
        """The same, without asking what is new in it: a write is signed and kept even while nobody answers."""
        return Engagement(self.session, self.driver, self._find(named))

    def list_engagements_to_write(self, named: str | None) -> list[bytes]:
        """The one that was named, or all: while nobody answers, those that this device knows. Raises: Unreachable."""
        if named is not None:
            return [as_id(named, 16)]
        try:
            return self.run(list_joined(self.session))
        except Unreachable:
            if not self.session.verified.contracts:
                raise
            return sorted(self.session.verified.contracts)

    def _find(self, named: str | None) -> bytes:
        joined = self.list_engagements_to_write(named)
        if len(joined) != 1:
            raise UsageError(_which([each.hex() for each in joined]))
        return joined[0]


def _which(lines: list[str]) -> str:
    if not lines:
        return "there is no engagement yet; propose a contract with `coach-vault contract new`"
    return "\n  ".join(["there are several engagements; choose one with --engagement ID:", *lines])


@contextmanager
def opened(context: typer.Context) -> Iterator[OpenHome]:
    """The identity of the chosen folder, open until the command ends. Raises: UsageError; SlotCommitmentError."""
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
        if isinstance(error, VaultError):
            raise explain(session, error) from error
        raise
    home.vault.close()


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
