"""An engagement as its parties hold it: the contract in plain words, shelves of items, disclosures, the journal."""

from collections.abc import Iterator

from vault.client.acts import contracts, disclosures, identities
from vault.client.acts.acquaintance import Acquaintance, list_acquaintances
from vault.client.acts.choosing import choose_id, list_chosen
from vault.client.acts.contract_terms import ContractTerms, list_contract_terms, list_served_terms
from vault.client.acts.counter_proposing import read_terms
from vault.client.acts.proposing import prepare_next, send_proposal
from vault.client.acts.searching import read_words, search_engagement
from vault.client.acts.terms import Terms
from vault.client.device.names import name_of
from vault.client.device.session import Session
from vault.client.errors import UsageError, VerificationError
from vault.client.log.receipts import require_signed
from vault.client.network.calls import Act
from vault.client.network.transport import Driver
from vault.client.reading import views
from vault.client.reading.served import fetch_served
from vault.client.reading.views import View
from vault.client.sdk.reading_arguments import as_id, as_word
from vault.client.sdk.synchronous.disclosures import DisclosureHandle, ReceivedHandle
from vault.client.sdk.synchronous.items import ItemHandle, Shelf
from vault.client.sdk.synchronous.proposals import Proposal, show_prepared
from vault.client.sdk.values import JournalLine
from vault.protocol.problems import Code, Refused
from vault.protocol.vocabulary import ClosureReason, ItemKind, Role


class Engagement:
    """One coaching relationship. What stands here was verified when it was fetched; `reload` fetches again."""

    def __init__(self, session: Session, driver: Driver, engagement: bytes) -> None:
        """Made by `engagements` of a vault; `reload` before anything is read."""
        self._session, self._driver, self._engagement = session, driver, engagement
        self.role = ""
        self.closed = False
        self.contracts: tuple[ContractTerms, ...] = ()
        self.problem: VerificationError | None = None

        def shelf(kind: ItemKind, *others: ItemKind) -> Shelf:
            return Shelf(session, driver, engagement, kind, *others)

        self.notes = shelf(ItemKind.NOTE, ItemKind.PRIVATE)
        self.goals = shelf(ItemKind.GOAL)
        self.actions = shelf(ItemKind.ACTION)
        self.assessments = shelf(ItemKind.ASSESSMENT)
        self.drafts = shelf(ItemKind.DRAFT)
        self.summaries = shelf(ItemKind.SUMMARY)

    @property
    def id(self) -> str:
        """32 hex digits."""
        return self._engagement.hex()

    @property
    def contract(self) -> ContractTerms:
        """The contract that counts: the active one, and before that the newest proposal. Raises: Refused(not-found)."""
        if self.problem is not None:
            raise self.problem
        active = [each for each in self.contracts if each.state == "active"]
        proposed = [each for each in self.contracts if each.state == "proposed"]
        found = active or proposed or list(self.contracts)
        if not found:
            raise Refused(Code.NOT_FOUND)
        return found[-1]

    @property
    def proposal(self) -> ContractTerms | None:
        """The newest contract that still waits for assents."""
        proposed = [each for each in self.contracts if each.state == "proposed"]
        return proposed[-1] if proposed else None

    @property
    def active(self) -> bool:
        """Whether all who must have assented."""
        return self.contract.state == "active"

    def reload(self) -> "Engagement":
        """Fetch and verify what is new."""
        read = self._driver.run(_read(self._session, self._engagement))
        self.role, self.contracts, self.closed = read
        return self

    def assent(self, contract: str | None = None) -> None:
        """Say yes: to the newest proposal, else to the active contract under new keys, or to the one that is named.

        Raises: Refused(contract-superseded | already-assented); Unreachable.
        """
        chosen = contract or (self.proposal or self.contract).id
        self._driver.run(contracts.assent(self._session, self._engagement, as_id(chosen, 32)))
        self.reload()

    def words(self, contract: str | None = None) -> str:
        """What the author wrote beside the terms, for the parties' eyes; of the contract that counts unless named.

        Raises: Refused(not-found); VerificationError.
        """
        chosen = as_id(contract or self.contract.id, 32)
        content = self._driver.run(contracts.read_own_words(self._session, self._engagement, chosen))
        return content.body.decode("utf-8", errors="replace")

    def people(self, contract: str | None = None) -> tuple[Acquaintance, ...]:
        """Who the others of a contract are to this person: name, state, safety number; of the one that counts unless
        named.

        Raises: Refused(not-found); VerificationError; Unreachable.
        """
        chosen = as_id(contract or self.contract.id, 32)
        body = self._driver.run(contracts.read_contract(self._session, self._engagement, chosen))
        return self._driver.run(list_acquaintances(self._session, body))

    def terms(self, contract: str | None = None) -> Terms:
        """The terms of a contract, to be changed by `dataclasses.replace` and proposed again; people by account.

        Raises: Refused(not-found); VerificationError.
        """
        chosen = as_id(contract or self.contract.id, 32)
        return self._driver.run(read_terms(self._session, self._engagement, chosen))

    def prepare(self, terms: Terms) -> Proposal:
        """Terms that would take the place of the active ones, to be shown. Nothing is signed.

        Raises: UsageError for people who are not known; Unreachable.
        """
        prepared = self._driver.run(prepare_next(self._session, self._engagement, terms))
        return show_prepared(self._session, self._driver, prepared)

    def supersede(self, terms: Terms | Proposal) -> ContractTerms:
        """Propose terms that take the place of the active ones, or what `prepare` made of them.

        Raises: Refused; Unreachable.
        """
        shown = terms if isinstance(terms, Proposal) else self.prepare(terms)
        statement = self._driver.run(send_proposal(self._session, shown.prepared))
        self.reload()
        return next(each for each in self.contracts if each.id == statement.hex())

    def retract(self) -> None:
        """Take back the first contract here, which nobody else has assented to; the engagement ends with it.

        Raises: UsageError where somebody has; Refused; Unreachable.
        """
        self._driver.run(contracts.retract(self._session, self._engagement))
        self.reload()

    def close(self, reason: str = "completed") -> None:
        """End it: no note and no contract after that. Withdrawals and disclosures go on; no sponsor is told.

        Raises: Refused(engagement-closed); Unreachable.
        """
        self._driver.run(contracts.close(self._session, self._engagement, as_word(ClosureReason, reason)))

    def disclosures(self) -> list[DisclosureHandle]:
        """All disclosures, oldest first (coach and coachee)."""
        found = self._driver.run(disclosures.list_disclosures(self._session, self._engagement))
        return [
            DisclosureHandle(self._session, self._driver, self._engagement, state.held.statement.id) for state in found
        ]

    def disclosure(self, disclosure: str) -> DisclosureHandle:
        """One of them, by its id or the first digits of it. Raises: UsageError; Refused(not-found)."""
        found = {bytes.fromhex(each.id): each for each in self.disclosures()}
        chosen = choose_id(disclosure, 32, found)
        if chosen not in found:
            raise Refused(Code.NOT_FOUND)
        return found[chosen]

    def inbox(self) -> list[ReceivedHandle]:
        """What was disclosed to this sponsor and is live."""
        found = self._driver.run(disclosures.list_received(self._session, self._engagement))
        return [ReceivedHandle(self._session, self._driver, received) for received in found]

    def search(self, words: str) -> list[ItemHandle]:
        """What holds all of these words in title, text or tags, of all that this person can open here.

        It is looked through on this device, and nothing of it is kept. Raises: UsageError; VerificationError.
        """
        act = search_engagement(self._session, self._engagement, read_words(words))
        found = self._driver.run(act)
        return [ItemHandle(self._session, self._driver, self._engagement, item) for item in found]

    def journal(self) -> list[JournalLine]:
        """Every entry, verified, oldest first (coach and coachee)."""
        view: View = self._driver.run(views.refresh(self._session, self._engagement))
        contract = view.standing().body
        return [
            JournalLine(
                seq=held.seq,
                time=held.time,
                name=name_of(self._session, held.statement.body.by, contract),
                type=held.statement.body.type.value,
                statement=held.statement.id.hex(),
                members=held.statement.body.model_dump(mode="json"),
                receipt=require_signed(self._session, held.receipt),
            )
            for held in view.entries
        ]


def _read(session: Session, engagement: bytes) -> Act[tuple[str, tuple[ContractTerms, ...], bool]]:
    """Role, contracts, and whether it is closed: from the journal, or from what is served to those who do not read it.

    No sponsor is told of a closure.
    """
    try:
        view = yield from views.refresh(session, engagement)
    except Refused as refused:
        if refused.code != Code.ROLE_REFUSED:
            raise
        served = yield from fetch_served(session, engagement)
        role = next(p.role for p in served.standing().body.parties if p.account == session.account)
        return role.value, list_served_terms(session, served), False
    role_here = view.find_role(session.account) or Role.COACH
    return role_here.value, list_contract_terms(session, view), view.replay.closed_at is not None


class Engagements:
    """A mapping from ids, their first digits or the nicknames of others to the engagements that name this person."""

    def __init__(self, session: Session, driver: Driver) -> None:
        """The engagements of an open vault."""
        self._session, self._driver = session, driver

    def get(self, engagement: str) -> Engagement:
        """The one with this id, with an id that begins so, or with this person, verified.

        Raises: UsageError where that is none or several; Refused(not-found); VerificationError.
        """
        found = self._driver.run(list_chosen(self._session, engagement))
        if len(found) != 1:
            raise UsageError("there are several such engagements; name the one that you mean by its id")
        return Engagement(self._session, self._driver, found[0]).reload()

    def __getitem__(self, engagement: str) -> Engagement:
        """As `get`."""
        return self.get(engagement)

    def strangers(self) -> list[Engagement]:
        """Proposals by accounts that are not among the people here, verified; they are in no list and no other act."""
        found = self._driver.run(identities.list_strangers(self._session))
        return [self.get(engagement.hex()) for engagement in found]

    def list(self) -> list[Engagement]:
        """All of them, verified, but proposals by strangers; one that does not verify has a `problem` and no more."""
        found: list[Engagement] = []
        for engagement in self._driver.run(identities.list_joined(self._session)):
            one = Engagement(self._session, self._driver, engagement)
            try:
                one.reload()
            except VerificationError as error:
                one.problem = error
            found.append(one)
        return found

    def ignore(self, engagement: str) -> None:
        """Hear nothing of a stranger's proposal any more, on this device; nothing is sent."""
        self._session.home.ignore(as_id(engagement, 16).hex())

    def only(self) -> Engagement:
        """The one there is. Raises: UsageError where there are none or several."""
        found = self.list()
        if len(found) != 1:
            raise UsageError("expected exactly one engagement; name the one that you mean")
        return found[0]

    def __iter__(self) -> Iterator[Engagement]:
        """As `list`."""
        for engagement in self.list():
            yield engagement
