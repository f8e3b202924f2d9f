"""Disclosures from both sides: the coachee who gave and may take back, the sponsor who was given."""

from vault.client.acts import disclosures
from vault.client.acts.disclosures import DisclosureState, Received
from vault.client.device.names import name_of
from vault.client.device.session import Session
from vault.client.log.receipts import Receipt, require_signed
from vault.client.network.transport import Driver
from vault.client.sdk.values import Disclosed, Opened, OpeningReceipt, WithdrawalReceipt, withdrawal_limits
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Disclosure


class DisclosureHandle:
    """A disclosure of this coachee's."""

    def __init__(self, session: Session, driver: Driver, engagement: bytes, statement: bytes) -> None:
        """Made by `disclose`, or by the list of an engagement."""
        self._session, self._driver, self._engagement, self._statement = session, driver, engagement, statement

    @property
    def id(self) -> str:
        """The statement, 64 hex digits."""
        return self._statement.hex()

    def describe(self) -> Disclosed:
        """What it is, to whom, until when, and who opened it. Raises: VerificationError; Unreachable."""
        state = self._find()
        contract = self._session.verified.standing[self._engagement]
        return Disclosed(
            id=self.id,
            title=self._driver.run(disclosures.read_own_title(self._session, state)),
            recipient=name_of(self._session, state.body.recipient, contract),
            share_kind=state.body.share_kind.value,
            purpose=state.body.purpose.value,
            given=state.held.time,
            expires=state.body.expires,
            state=state.state_at(self._session.now()),
            openings=tuple(self.openings()),
        )

    def read_state(self) -> str:
        """live, withdrawn, expired or erased, by this device's clock and the verified journal."""
        return (self._find()).state_at(self._session.now())

    def openings(self) -> list[OpeningReceipt]:
        """Who fetched it and when, oldest first. That nobody did cannot be proven without the server's help."""
        state = self._find()
        contract = self._session.verified.standing[self._engagement]
        return [
            OpeningReceipt(name_of(self._session, held.statement.body.by, contract), held.time)
            for held in state.openings
        ]

    def read(self) -> Opened:
        """What was disclosed, read back."""
        state = self._find()
        content = self._driver.run(disclosures.read_own_disclosure(self._session, state))
        return opened(state.body, content.header.title, content.header.media_type, content.body)

    def withdraw(self) -> WithdrawalReceipt:
        """Serve it no more. No reason is asked, and it works after the engagement has ended.

        Raises: Refused(already-withdrawn); Unreachable, and then the withdrawal waits in the outbox.
        """
        self._driver.run(disclosures.withdraw(self._session, self._engagement, self._statement))
        count = len((self._find()).openings)
        return WithdrawalReceipt(count, withdrawal_limits(count))

    def _find(self) -> DisclosureState:
        for state in self._driver.run(disclosures.list_disclosures(self._session, self._engagement)):
            if state.held.statement.id == self._statement:
                return state
        raise Refused(Code.NOT_FOUND)


class ReceivedHandle:
    """A text that a coachee sealed for this sponsor; nothing of it is open yet."""

    def __init__(self, session: Session, driver: Driver, received: Received) -> None:
        """Made by the inbox."""
        self._session, self._driver, self._received = session, driver, received

    @property
    def id(self) -> str:
        """The statement, 64 hex digits."""
        return self._received.statement.id.hex()

    @property
    def engagement(self) -> str:
        """The engagement, 32 hex digits."""
        return self._received.engagement.hex()

    @property
    def sender(self) -> str:
        """The coachee, by this person's nickname; `sender_account` tells those without one apart."""
        return name_of(self._session, self._received.body.by, otherwise="the coachee")

    @property
    def sender_account(self) -> str:
        """The coachee's account, 64 hex digits."""
        return self._received.body.by.hex()

    @property
    def given(self) -> int:
        """When it was disclosed, Unix seconds of the server."""
        return self._received.time

    @property
    def opened(self) -> int | None:
        """When this device has opened it, Unix seconds; None where it has not in the last month."""
        return disclosures.list_own_openings(self._session).get(self._received.statement.id)

    @property
    def share_kind(self) -> str:
        """What it is about."""
        return self._received.body.share_kind.value

    @property
    def purpose(self) -> str:
        """What it is for."""
        return self._received.body.purpose.value

    @property
    def expires(self) -> int | None:
        """When it ends by itself, Unix seconds."""
        return self._received.body.expires

    @property
    def receipt(self) -> Receipt:
        """What shows that the log holds it. Raises: NoReceipt."""
        return require_signed(self._session, self._received.receipt)

    def open(self) -> Opened:
        """Sign an opening, which the coachee will see, and read the text.

        Raises: Refused(disclosure-ended), the same whatever ended it; VerificationError.
        """
        content = self._driver.run(disclosures.open_received(self._session, self._received))
        return opened(self._received.body, content.header.title, content.header.media_type, content.body)


def opened(body: Disclosure, title: str, media_type: str, content: bytes) -> Opened:
    """The value of an opened disclosure."""
    return Opened(
        title=title,
        body=content.decode("utf-8", errors="replace"),
        content=content,
        media_type=media_type,
        share_kind=body.share_kind.value,
        purpose=body.purpose.value,
        expires=body.expires,
    )
