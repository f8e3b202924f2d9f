"""Disclosures: preview and seal for the sponsor, see who opened, take back; and the other side, open what was given.

Source: docs/protocol.md section 4 rules 6 and 7.
"""

from dataclasses import dataclass

from vault.client.acts.consent import consent_sha256, consent_text
from vault.client.acts.contracts import require_coachee
from vault.client.acts.items import ItemView, read_item
from vault.client.crypto.content import Content, Header
from vault.client.device.session import Session
from vault.client.errors import KeysNotInForce, Unreachable, VerificationError
from vault.client.log.leaf_search import search
from vault.client.log.receipts import Receipt, verify_served_receipt
from vault.client.log.verifying import read_envelope
from vault.client.network.calls import Act, Take
from vault.client.outbox.sealing_to import current_keys_of, seal_to
from vault.client.outbox.sent import list_sent
from vault.client.outbox.writing import Done, Unsigned, common_members, flush, kept, turn_of, write
from vault.client.reading.asking import PAGE, get, goes_on
from vault.client.reading.keys_of import current_keys, keys_journal
from vault.client.reading.reading import blaming, find_own_seal, open_blob, read_key
from vault.client.reading.recalling import ensure_view
from vault.client.reading.served import Served, fetch_served, verify_disclosure
from vault.client.reading.views import Held, View, engagement_journal, refresh
from vault.encoding import read_base64
from vault.errors import FormatError
from vault.policy.facts import DisclosureFact, find_party
from vault.policy.parties import find_current_keys
from vault.protocol.api import DisclosureContent, Disclosures
from vault.protocol.blob import BlobContext
from vault.protocol.envelope import Statement
from vault.protocol.ids import Account, StatementId
from vault.protocol.limits import ZERO32
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Contract, Disclosure, Opening, Withdrawal
from vault.protocol.submission import Parts
from vault.protocol.times import floor_to_day
from vault.protocol.vocabulary import BlobKind, KeysReason, Locale, Purpose, Role, SealPurpose, ShareKind, StatementType


@dataclass(frozen=True, slots=True)
class PreviewTerms:
    """All that a disclosure will say: the text, for whom, about what, what for, until when (Unix seconds or None).

    `identifier` (16 bytes) is its own from here on: however often it is disclosed, it is one statement.
    """

    engagement: bytes
    summary: ItemView
    recipient: Account
    share_kind: ShareKind
    purpose: Purpose
    expires: int | None
    locale: Locale
    identifier: bytes

    @property
    def consent(self) -> str:
        """What the coachee reads before sealing; its hash is signed."""
        return consent_text(self.locale)


@dataclass(frozen=True, slots=True)
class DisclosureState:
    """A disclosure as its coachee sees it: verified, with its openings, oldest first (times of the server)."""

    held: Held
    fact: DisclosureFact
    openings: tuple[Held, ...]

    @property
    def body(self) -> Disclosure:
        """The signed members."""
        body = self.held.statement.body
        if not isinstance(body, Disclosure):
            raise TypeError("expected a disclosure")
        return body

    def state_at(self, time: int) -> str:
        """live, withdrawn, expired or erased."""
        if self.fact.withdrawn:
            return "withdrawn"
        if self.fact.erased:
            return "erased"
        return "live" if self.fact.is_live_at(time) else "expired"


@dataclass(frozen=True, slots=True)
class Received:
    """A disclosure as its recipient sees it before opening: verified."""

    engagement: bytes
    statement: Statement
    time: int
    receipt: Receipt

    @property
    def body(self) -> Disclosure:
        """The signed members."""
        body = self.statement.body
        if not isinstance(body, Disclosure):
            raise TypeError("expected a disclosure")
        return body


def preview(
    session: Session,
    engagement: bytes,
    summary: ItemView,
    share_kind: ShareKind,
    purpose: Purpose,
    expires: int | None,
    locale: Locale,
    recipient: bytes | None = None,
) -> Act[PreviewTerms]:
    """What would be disclosed, after the rules that can be checked before anything is sealed.

    Raises: Refused(contract-inactive | role-refused | class-refused | recipient-refused | share-kind-refused |
    disclosure-past).
    """
    view = yield from refresh(session, engagement)
    active = view.replay.find_active_contract()
    if active is None:
        raise Refused(Code.CONTRACT_INACTIVE)
    require_coachee(session, active.body)
    require_summary(summary)
    sponsor = find_party(active.body, Role.SPONSOR)
    if sponsor is None or recipient not in (None, sponsor):
        raise Refused(Code.RECIPIENT_REFUSED)
    if share_kind not in active.body.share_kinds:
        raise Refused(Code.SHARE_KIND_REFUSED)
    if expires is not None and expires <= session.now():
        raise Refused(Code.DISCLOSURE_PAST)
    return PreviewTerms(engagement, summary, sponsor, share_kind, purpose, expires, locale, session.random(16))


def require_summary(item: ItemView) -> None:
    """Return for a summary: nothing of the session class is ever disclosed. Raises: Refused(class-refused)."""
    if not item.opens or item.content.header.kind is not BlobKind.SUMMARY:
        raise Refused(Code.CLASS_REFUSED)


def disclose(session: Session, terms: PreviewTerms) -> Act[StatementId]:
    """Seal what was previewed, under a blob and key of its own, for the recipient and the coachee; the statement.

    What an earlier call has signed, and whose answer may have been lost, is sent again as it is. The log is searched
    for newer keys of the recipient first: what is sealed to keys that were given up is lost to whoever holds those.

    Raises: Refused; WithheldError; LogError; Unreachable, and then it waits in the outbox.
    """
    journal = engagement_journal(terms.engagement)
    yield Take(turn_of(journal))
    yield from _send_again(session, terms)
    view = yield from refresh(session, terms.engagement)
    before = _find_disclosed(session, view, terms)
    if before is not None:
        return before
    yield from current_keys(session, terms.recipient)
    yield from search(session, [keys_journal(terms.recipient)])
    yield from require_not_retired(session, terms.recipient)
    yield from require_keys_in_force(session, view, Account(terms.recipient))

    def build() -> Unsigned:
        active = view.replay.find_active_contract()
        if active is None:
            raise Refused(Code.CONTRACT_INACTIVE)
        require_agreed(active.body, terms)
        identifier = terms.identifier
        context = BlobContext(
            BlobKind.DISCLOSURE, terms.engagement, active.statement, identifier, 1, session.account, ZERO32
        )
        header = Header(
            engagement=terms.engagement,
            item=identifier,
            version=1,
            kind=BlobKind.DISCLOSURE,
            media_type=terms.summary.header.media_type,
            title=terms.summary.header.title,
            created=floor_to_day(session.now()),
        )
        readers = current_keys_of(view.replay, active.body, {session.account, terms.recipient})
        sealed = seal_to(session, SealPurpose.DISCLOSURE, context, header, terms.summary.content.body, readers)
        keys = find_current_keys(view.replay, session.account, active.body)
        signer = session.keys_of(keys)
        body = Disclosure(
            **common_members(session, StatementType.DISCLOSURE, journal, signer, identifier),
            engagement=terms.engagement,
            contract=active.statement,
            share_kind=terms.share_kind,
            purpose=terms.purpose,
            recipient=terms.recipient,
            blob=sealed.ref,
            seals=sealed.refs,
            consent_sha256=consent_sha256(terms.locale),
            locale=terms.locale,
            expires=terms.expires,
        )
        return Unsigned(body, Parts(seals=sealed.seals, blob=sealed.blob))

    def remember(draft: Session, statement: Statement) -> None:
        summary = terms.summary.body
        draft.identity = draft.identity.with_source(statement.id, summary.item, summary.version)

    path = f"/v1/engagements/{terms.engagement.hex()}/disclosures"
    done = yield from write(session, path, journal, build, remember)
    return done.statement.id


def _send_again(session: Session, terms: PreviewTerms) -> Act[None]:
    """Send what waits of this very disclosure, the same bytes.

    Raises: Refused, and then it waits no more; Unreachable.
    """
    for waiting in session.outbox.of(engagement_journal(terms.engagement)):
        if waiting.signed.body.id != terms.identifier:
            continue
        try:
            yield from flush(session, waiting.journal)
        except Unreachable as error:
            raise kept(error, waiting) from error.__cause__
        left = next((each for each in session.outbox.of(waiting.journal) if each.statement == waiting.statement), None)
        if left is not None and left.refused is not None:
            with session.change() as draft:
                draft.outbox = draft.outbox.drop(left.statement)
            raise Refused(left.refused)


def _find_disclosed(session: Session, view: View, terms: PreviewTerms) -> StatementId | None:
    """The statement that this preview became in the verified journal."""
    for held in reversed(view.entries):
        if held.statement.body.by == session.account and held.statement.body.id == terms.identifier:
            return held.statement.id
    return None


def require_agreed(contract: Contract, terms: PreviewTerms) -> None:
    """Return if the contract still is what was previewed under: a server has the seal before it could refuse it.

    Raises: Refused(recipient-refused | share-kind-refused).
    """
    if find_party(contract, Role.SPONSOR) != terms.recipient:
        raise Refused(Code.RECIPIENT_REFUSED)
    if terms.share_kind not in contract.share_kinds:
        raise Refused(Code.SHARE_KIND_REFUSED)


def require_keys_in_force(session: Session, view: View, account: Account) -> Act[None]:
    """Return if the account's newest keys are those of its newest assent: others may be in somebody else's hands.

    Raises: KeysNotInForce.
    """
    newest = yield from current_keys(session, account)
    active = view.replay.find_active_contract()
    sealed_to = None if active is None else find_current_keys(view.replay, account, active.body)
    if sealed_to is not None and sealed_to.statement != newest.statement:
        raise KeysNotInForce


def require_not_retired(session: Session, account: bytes) -> Act[None]:
    """Return if something may be sealed to the account. Raises: Refused(recipient-refused) after it was retired."""
    keys = yield from current_keys(session, account)
    if keys.reason is KeysReason.RETIRE:
        raise Refused(Code.RECIPIENT_REFUSED)


def list_disclosures(session: Session, engagement: bytes) -> Act[list[DisclosureState]]:
    """All disclosures of an engagement with their openings, as the verified journal has them."""
    view = yield from refresh(session, engagement)
    openings: dict[bytes, list[Held]] = {}
    for held in view.entries:
        if isinstance(held.statement.body, Opening):
            openings.setdefault(held.statement.body.of, []).append(held)
    return [
        DisclosureState(view.by_statement[statement], fact, tuple(openings.get(statement, ())))
        for statement, fact in view.replay.disclosures.items()
    ]


def withdraw(session: Session, engagement: bytes, disclosure: bytes) -> Act[Done]:
    """End a disclosure. No reason is asked. Raises: Refused(already-withdrawn | role-refused); Unreachable."""
    view = yield from ensure_view(session, engagement)
    journal = engagement_journal(engagement)

    def build() -> Unsigned:
        keys = find_current_keys(view.replay, session.account, view.standing().body)
        signer = session.keys_of(keys)
        body = Withdrawal(
            **common_members(session, StatementType.WITHDRAWAL, journal, signer),
            engagement=engagement,
            disclosure=disclosure,
        )
        return Unsigned(body)

    return (yield from write(session, f"/v1/engagements/{engagement.hex()}/withdrawals", journal, build))


def read_own_disclosure(session: Session, state: DisclosureState) -> Act[Content]:
    """What the coachee has disclosed, read back. Raises: Refused(not-found); SignedBadlyError; VerificationError."""
    return (yield from _read_content(session, state.body, state.held.statement.id))


def read_own_title(session: Session, state: DisclosureState) -> Act[str | None]:
    """The title of what this coachee has disclosed; of what is served no more, that of its summary. None for a coach.

    Raises: VerificationError; Unreachable.
    """
    if state.body.by != session.account:
        return None
    try:
        return (yield from read_own_disclosure(session, state)).header.title
    except Refused:
        source = session.identity.sources.get(state.held.statement.id)
    if source is None:
        return None
    try:
        return (yield from read_item(session, state.body.engagement, *source)).header.title
    except Refused:
        return None


def list_own_openings(session: Session) -> dict[bytes, int]:
    """When this device has opened what was disclosed to it, in the last month, by disclosure; its own Unix seconds."""
    known = (*list_sent(session.home), *session.outbox.waiting)
    return {each.signed.body.of: each.made for each in known if isinstance(each.signed.body, Opening)}


def list_received(session: Session, engagement: bytes) -> Act[list[Received]]:
    """The live disclosures of one engagement to this person, verified."""
    served = yield from fetch_served(session, engagement)
    received: list[Received] = []
    seen: set[str] = set()
    after: str | None = None
    while True:
        query: dict[str, str | int] = {"limit": PAGE} if after is None else {"limit": PAGE, "after": after}
        page = yield from get(session, f"/v1/engagements/{engagement.hex()}/disclosures", Disclosures, **query)
        for row in page.data:
            statement = read_envelope(session, row.envelope, row.statement)
            yield from verify_disclosure(session, served, statement)
            receipt = verify_served_receipt(session, row.leaf, row.time, statement.id, row.receipt)
            received.append(Received(engagement, statement, row.time, receipt))
        if not goes_on(page, seen):
            return received
        after = page.next


def open_received(session: Session, received: Received) -> Act[Content]:
    """Sign an opening, which the coachee will see, and read the content.

    Raises: Refused(disclosure-ended); SignedBadlyError; VerificationError.
    """
    served: Served = yield from fetch_served(session, received.engagement)
    body = yield from verify_disclosure(session, served, received.statement)
    yield from open_statement(session, received.engagement, received.statement.id)
    return (yield from _read_content(session, body, received.statement.id))


def open_statement(session: Session, engagement: bytes, of: bytes) -> Act[Done]:
    """The access receipt alone. Raises: Refused(not-found | disclosure-ended); Unreachable."""
    journal = engagement_journal(engagement)

    def build() -> Unsigned:
        body = Opening(
            **common_members(session, StatementType.OPENING, journal, session.acting_in(engagement)),
            engagement=engagement,
            of=of,
        )
        return Unsigned(body)

    return (yield from write(session, f"/v1/engagements/{engagement.hex()}/openings", journal, build))


def _read_content(session: Session, body: Disclosure, statement: bytes) -> Act[Content]:
    path = f"/v1/engagements/{body.engagement.hex()}/disclosures/{statement.hex()}/content"
    answer = yield from get(session, path, DisclosureContent)
    ref = find_own_seal(session, body.seals)
    if ref is None:
        raise VerificationError("seals", "expected a seal for keys of the own keyring")
    try:
        blob, seal = read_base64(answer.blob), read_base64(answer.seal)
    except FormatError as error:
        raise VerificationError("schema", str(error)) from error
    with blaming(session, body.by):
        return open_blob(body, read_key(session, body, body, ref, seal), blob)
