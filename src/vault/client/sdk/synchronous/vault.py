"""The vault: one person's identity on one device, open."""

import secrets
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from vault.client.acts import again, disclosures, identities, joining, keyrings, people, recovering, rollback
from vault.client.acts.choosing import choose_id
from vault.client.acts.joining import Passphrase
from vault.client.acts.proposing import prepare_new, send_proposal
from vault.client.acts.rollback import Rollback
from vault.client.acts.terms import Terms
from vault.client.device.clock import unix_seconds
from vault.client.device.session import Session
from vault.client.errors import LogError, Unreachable
from vault.client.log import checkpoints
from vault.client.network.transport import Driver
from vault.client.outbox.sent import forget_old
from vault.client.reading import recalling
from vault.client.sdk.checkpoint import LogCheckpoint, newest_checkpoint
from vault.client.sdk.synchronous.disclosures import ReceivedHandle
from vault.client.sdk.synchronous.engagements import Engagement, Engagements
from vault.client.sdk.synchronous.items import ItemHandle
from vault.client.sdk.synchronous.people import People
from vault.client.sdk.synchronous.proposals import Proposal, show_prepared
from vault.client.sdk.values import Opened, WaitingStatement
from vault.protocol.problems import Code, Refused
from vault.protocol.vocabulary import Role


class Vault:
    """Everything that one person does. Whatever it returns was verified first."""

    def __init__(self, session: Session, driver: Driver) -> None:
        """Use `join`, `unlock` or `recover`."""
        self._session, self._driver = session, driver
        self.people = People(session, driver)
        self.engagements = Engagements(session, driver)

    @classmethod
    def join(
        cls,
        url: str,
        home: Path | str,
        *,
        enrolment: str,
        passphrase: Passphrase,
        invitation: str | None = None,
        inviter: str | None = None,
        audience: str | None = None,
        log_key: str | None = None,
        transport: httpx.BaseTransport | None = None,
        now: Callable[[], int] = unix_seconds,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> Self:
        """A new identity in the empty folder `home`: keys, keyring and ways back are made on this device.

        `invitation` introduces the new person to the inviter, who is called `inviter` here. Show `kit` and
        `recovery_code` once, to be kept on paper. `log_key` is the key of the deployment's log, where the operator has
        given it; without it the one is held for ever that the deployment names now.

        Raises: UsageError; CodeError; LogKeyError; Refused(enrolment-ended); Unreachable, and then all of it waits in
        the outbox.
        """
        session = joining.new_session(
            url,
            home,
            passphrase,
            enrolment=enrolment,
            invitation=invitation,
            inviter=inviter,
            audience=audience,
            log_key=log_key,
            now=now,
            random=random,
        )
        vault = cls(session, Driver(session.deployment.url, transport))
        try:
            vault._driver.run(joining.join(session))
        except BaseException:
            vault._leave()
            raise
        return vault

    @classmethod
    def unlock(
        cls,
        home: Path | str,
        *,
        passphrase: Passphrase,
        kit: str | None = None,
        transport: httpx.BaseTransport | None = None,
        now: Callable[[], int] = unix_seconds,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> Self:
        """Open the identity that lives in `home`. Works without a network.

        Raises: UsageError; WrongPassphrase.
        """
        session = joining.unlock_session(home, passphrase, kit=kit, now=now, random=random)
        return cls(session, Driver(session.deployment.url, transport))

    @classmethod
    def recover(
        cls,
        url: str,
        home: Path | str,
        *,
        passphrase: Passphrase,
        kit: str | None = None,
        recovery_code: str | None = None,
        audience: str | None = None,
        log_key: str | None = None,
        transport: httpx.BaseTransport | None = None,
        now: Callable[[], int] = unix_seconds,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> Self:
        """Come back on a new device, into the empty folder `home`: with the kit and its passphrase, or with the
        recovery code and a new passphrase.

        Raises: UsageError; CodeError; Refused(login-refused) where they do not fit; VerificationError; Unreachable.
        """
        session = recovering.recovering_session(
            url,
            home,
            passphrase=passphrase,
            kit=kit,
            recovery_code=recovery_code,
            audience=audience,
            log_key=log_key,
            now=now,
            random=random,
        )
        vault = cls(session, Driver(session.deployment.url, transport))
        try:
            vault._driver.run(recovering.recover(session))
        except BaseException:
            vault._leave()
            raise
        return vault

    @property
    def account(self) -> str:
        """This person's account, 64 hex digits."""
        return self._session.account.hex()

    @property
    def kit(self) -> str:
        """The kit: with the passphrase it brings this identity back on a new device."""
        return joining.kit_text(self._session)

    @property
    def recovery_code(self) -> str:
        """The recovery code: it brings this identity back alone, so it lives on paper in a safe place."""
        return joining.recovery_text(self._session)

    def invite(self, name: str) -> str:
        """One string to hand to somebody who will be called `name` here. Raises: UsageError."""
        return people.invite(self._session, name)

    def accept(self, invitation: str, name: str) -> str:
        """Answer an invitation; the inviter is called `name` here, or keeps the nickname that there is. The nickname.

        Raises: CodeError; UsageError; Unreachable.
        """
        return (self._driver.run(people.introduce(self._session, invitation, name))).name

    def prepare(self, terms: Terms) -> Proposal:
        """The contract of a new engagement, to be shown. Nothing is signed.

        Raises: UsageError for people who are not known; Unreachable.
        """
        prepared = self._driver.run(prepare_new(self._session, terms))
        return show_prepared(self._session, self._driver, prepared)

    def propose(self, terms: Terms | Proposal) -> Engagement:
        """A new engagement under these terms, or what `prepare` made of them; this person assents to it at once.

        Raises: Refused; Unreachable.
        """
        shown = terms if isinstance(terms, Proposal) else self.prepare(terms)
        self._driver.run(send_proposal(self._session, shown.prepared))
        return self.engagements.get(shown.engagement)

    def search(self, words: str) -> list[ItemHandle]:
        """What holds all of these words in title, text or tags, of all that this person can open in any engagement.

        It is looked through on this device, and nothing of it is kept. Raises: UsageError; VerificationError.
        """
        return [item for engagement in self.engagements.list() for item in engagement.search(words)]

    def inbox(self) -> list[ReceivedHandle]:
        """What coachees have sealed for this sponsor and is live, in all engagements."""
        found: list[ReceivedHandle] = []
        for engagement in self._sponsored():
            received = self._driver.run(disclosures.list_received(self._session, engagement))
            found += [ReceivedHandle(self._session, self._driver, each) for each in received]
        return found

    def open(self, disclosure: str) -> Opened:
        """Sign an opening, which the coachee will see, and read the text with this id, or an id that begins so.

        Raises: UsageError; Refused(not-found | disclosure-ended); VerificationError.
        """
        waiting = {bytes.fromhex(handle.id): handle for handle in self.inbox()}
        statement = choose_id(disclosure, 32, waiting)
        if statement in waiting:
            return waiting[statement].open()
        for engagement in self._sponsored():
            try:
                self._driver.run(disclosures.open_statement(self._session, engagement, statement))
            except Refused as refused:
                if refused.code != Code.NOT_FOUND:
                    raise
        raise Refused(Code.NOT_FOUND)

    def _sponsored(self) -> list[bytes]:
        rows = self._driver.run(identities.list_engagements(self._session))
        return [row.engagement for row in rows if row.role == Role.SPONSOR and row.contract is not None]

    @property
    def outbox(self) -> list[WaitingStatement]:
        """What has no answer yet, and what was refused while nobody looked; oldest first."""
        return [
            WaitingStatement(each.type.value, each.statement.hex(), each.made, each.state.value, each.refused)
            for each in self._session.outbox.waiting
        ]

    def send(self) -> int:
        """Send what waits, the same bytes; how many got an answer. Raises: Unreachable."""
        count = self._driver.run(joining.flush_all(self._session))
        self._driver.run(again.write_stale_again(self._session))
        self._driver.run(identities.renew_everywhere(self._session))
        return count

    def rollback(self) -> Rollback:
        """What the deployment no longer shows of what this device has verified; `is_one` where anything has gone back.

        Changes nothing. Show it to the person, who decides. Raises: VerificationError; Unreachable; Refused.
        """
        return self._driver.run(rollback.look(self._session))

    def accept_rollback(self, found: Rollback) -> str:
        """Go on from the older state, after the person has said so; `send` then sends again what this device holds.

        The path of the file that proves it.
        """
        return rollback.accept(self._session, found)

    def send_again(self) -> int:
        """As `send`, also what was refused after a rollback, because others had to send theirs first."""
        self._driver.run(again.write_refused_again(self._session))
        return self.send()

    @property
    def unfinished_rotation(self) -> list[str]:
        """The engagements in which the newest keys of this person are not in force yet: there the old ones still act.

        `send` and `close` go on with it.
        """
        return sorted(each.hex() for each in self._session.outbox.renewing)

    def rotate(self) -> int:
        """New keys, in every engagement; the generation. Raises: Refused; Unreachable, and then call it again."""
        return self._driver.run(identities.rotate(self._session))

    def change_passphrase(self, passphrase: Passphrase) -> None:
        """A new passphrase for the keyring. Raises: UsageError; Unreachable, and then it is sent later."""
        self._driver.run(identities.change_passphrase(self._session, passphrase))

    def adopt_passphrase(self, passphrase: Passphrase) -> None:
        """Go on after the passphrase was changed on another device (`PassphraseChanged`): this one takes it too.

        Raises: PassphraseChanged where it is not the new one; Unreachable.
        """
        self._driver.run(keyrings.adopt_passphrase(self._session, passphrase))

    def checkpoint(self) -> LogCheckpoint:
        """The log's newest checkpoint, after all that this device was shown is proven to be in it.

        Raises: LogError; Unreachable.
        """
        self._driver.run(checkpoints.confirm(self._session))
        return newest_checkpoint(self._session)

    def store(self) -> None:
        """Put what has changed into the keyring, so that a new device finds it. `close` does it too.

        Raises: Refused; Unreachable, and then it waits in the outbox.
        """
        self._driver.run(keyrings.store_keyring(self._session))

    def close(self) -> None:
        """Store the keyring where it has changed, confirm what the log has said, and give the folder back.

        Without a network it waits. Raises: LogError, unless that was told before.
        """
        session = self._session
        was_told = session.verified.tlog.is_failing
        try:
            recalling.remember(session)
            forget_old(session)
            if session.verified.tlog.broken is None:  # else nothing is sent any more
                self._finish()
            session.save()
        except Unreachable:
            session.save()
        except LogError:
            session.save()
            if not was_told:
                raise
        finally:
            self._leave()

    def _finish(self) -> None:
        session = self._session
        if session.identity.is_due:
            self.store()
        if session.outbox.renewing:
            self._driver.run(identities.renew_everywhere(session))
        if session.verified.tlog.unconfirmed:
            self._driver.run(checkpoints.confirm(session))

    def _leave(self) -> None:
        self._session.home.close()
        self._driver.close()

    def __enter__(self) -> Self:
        """The vault."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """As `close`."""
        self.close()
