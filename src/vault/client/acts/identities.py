"""An identity's own changes: new keys, a new passphrase, and what waits in the outbox.

Source: docs/protocol.md sections 2, 4 rules 0 and 3, and 8.
"""

from collections.abc import Callable
from dataclasses import replace

from vault.client.acts.contracts import assent
from vault.client.acts.joining import enqueue_keys, require_passphrase
from vault.client.acts.keyrings import catch_up_keyring, enqueue_keyring, keyring_journal, store_keyring
from vault.client.acts.people import fetch_introductions
from vault.client.acts.strangers import is_joined
from vault.client.crypto.identity import new_secret_keys
from vault.client.device.session import Session
from vault.client.errors import VerificationError, WithheldError
from vault.client.network.calls import Act, Take
from vault.client.outbox.writing import flush, turn_of
from vault.client.reading.asking import PAGE, get, goes_on
from vault.client.reading.keys_of import current_keys, fetch_keys, keys_journal
from vault.client.reading.served import fetch_served
from vault.client.reading.views import engagement_journal, refresh
from vault.errors import VaultError
from vault.protocol.api import EngagementRow, Engagements
from vault.protocol.problems import Code, Refused
from vault.protocol.vocabulary import JournalKind, KeysReason, Role, StatementType


def rotate(session: Session, reason: KeysReason = KeysReason.ROTATE) -> Act[int]:
    """New keys, in the keyring first, then in the keys journal, then assented to in every engagement; its generation.

    The keyring comes first: keys that others seal to must never be lost. Where it ends early, `outbox.renewing` says in
    which engagements the given-up keys still act, and `renew_everywhere` goes on.

    Raises: PassphraseChanged, before anything is made; Refused; VerificationError; Unreachable.
    """
    journal = keys_journal(session.account)
    yield from catch_up_keyring(session)
    replay = yield from fetch_keys(session, session.account)
    yield Take(turn_of(journal))
    current = replay.find_current()
    generation = 1 if current is None else current.generation + 1
    if generation not in session.identity.generations:
        with session.change() as draft:
            draft.identity = draft.identity.with_generation(generation, new_secret_keys(session.random))
    yield from store_keyring(session)
    listed = [row.engagement for row in (yield from list_engagements(session))]
    own = replay.find_newest(session.account)
    with session.change() as draft:
        if own is not None:
            draft.verified.saw_own(journal, own.statement)
        enqueue_keys(draft, generation, reason)
        draft.outbox = draft.outbox.renew({*listed, *list_known_engagements(draft)})
    yield from flush(session, journal)
    _require_written(session)
    yield from fetch_keys(session, session.account)
    yield from renew_everywhere(session)
    return generation


def _require_written(session: Session) -> None:
    for waiting in session.outbox.of_type(StatementType.KEYS):
        if waiting.refused is not None:
            with session.change() as draft:
                draft.outbox = replace(draft.outbox.drop(waiting.statement), renewing=frozenset())
            raise Refused(waiting.refused)


def list_known_engagements(session: Session) -> set[bytes]:
    """Every engagement that this device or another one of this person has verified, whatever a server lists."""
    pinned = {journal.subject for journal in session.verified.pins if journal.kind is JournalKind.ENGAGEMENT}
    return pinned | session.verified.contracts.keys()


def renew_everywhere(session: Session) -> Act[None]:
    """Bring the newest keys into every engagement where they are not in force yet.

    One that fails stops no other; the first failure is raised at the end.

    Raises: Refused; VerificationError; Unreachable.
    """
    if session.outbox.of_type(StatementType.KEYS):
        return  # they are not published yet
    failure: VaultError | None = None
    for engagement in sorted(session.outbox.renewing):
        try:
            yield from _renew(session, engagement)
        except VaultError as error:
            failure = failure or error
            continue
        with session.change() as draft:
            draft.outbox = draft.outbox.renewed(engagement)
    if failure is not None:
        raise failure


def _renew(session: Session, engagement: bytes) -> Act[None]:
    """Assent under the newest keys, and see in what was verified that they are in force."""
    journal = engagement_journal(engagement)
    contract = yield from find_agreed(session, engagement)
    yield Take(turn_of(journal))
    yield from flush(session, journal)  # the assent may have been signed before, and not answered
    if contract is None or (yield from _is_in_force(session, engagement)):
        return
    try:
        yield from assent(session, engagement, contract)
    except Refused as refused:
        if refused.code == Code.ROLE_REFUSED:  # whoever reads no journal and needs no assent
            return
        raise
    if not (yield from _is_in_force(session, engagement)):
        raise VerificationError("own keys", "expected the newest own keys in the newest own assent")


def _is_in_force(session: Session, engagement: bytes) -> Act[bool]:
    """Whether the newest own assent there names the newest own keys. Raises: VerificationError; Unreachable."""
    own = yield from current_keys(session, session.account)
    try:
        view = yield from refresh(session, engagement)
    except Refused as refused:
        if refused.code != Code.ROLE_REFUSED:
            raise
        yield from fetch_served(session, engagement)
        return session.verified.acting.get(engagement) == own.sign_key
    assents = view.replay.list_assents(session.account)
    return bool(assents) and assents[-1].keys == own.statement


def find_agreed(session: Session, engagement: bytes) -> Act[bytes | None]:
    """The contract that this person's keys act under, by what was verified, never by what a server says is active.

    New keys are no new agreement: to a contract that waits for this person's yes, a person says yes or nothing.

    Raises: VerificationError.
    """
    try:
        view = yield from refresh(session, engagement)
    except Refused as refused:
        if refused.code == Code.NOT_FOUND and engagement not in list_known_engagements(session):
            return None  # a contact is no party
        if refused.code != Code.ROLE_REFUSED:
            raise
        served = yield from fetch_served(session, engagement)
        agreed = served.find_agreed(session.account)
        return None if agreed is None else agreed.statement.id
    active = view.replay.find_active_contract()
    return None if active is None else active.statement


def list_engagements(session: Session) -> Act[list[EngagementRow]]:
    """The engagements that name this person, as the server lists them; nothing is believed before it is verified."""
    rows: list[EngagementRow] = []
    seen: set[str] = set()
    after: str | None = None
    while True:
        query: dict[str, str | int] = {"limit": PAGE} if after is None else {"limit": PAGE, "after": after}
        page = yield from get(session, "/v1/engagements", Engagements, **query)
        rows += page.data
        if not goes_on(page, seen):
            require_known_engagements(session, rows)
            return rows
        after = page.next


def require_known_engagements(session: Session, rows: list[EngagementRow]) -> None:
    """Every engagement that this device has seen is listed: nobody ever leaves one. Raises: WithheldError."""
    if not session.verified.contracts.keys() <= {row.engagement for row in rows}:
        raise WithheldError("journal", "expected every engagement that this device has seen")


def list_joined(session: Session) -> Act[list[bytes]]:
    """The engagements in which this person is a party; a contact's letters are no engagement of its own."""
    return (yield from _list_by(session, True))


def list_strangers(session: Session) -> Act[list[bytes]]:
    """Proposals in which nobody whom this person knows has signed anything, and which are not ignored here."""
    found = yield from _list_by(session, False)
    ignored = session.home.list_ignored()
    return [engagement for engagement in found if engagement.hex() not in ignored]


def _list_by(session: Session, joined: bool) -> Act[list[bytes]]:
    rows = [row.engagement for row in (yield from list_engagements(session)) if row.role in set(Role)]
    found: list[bytes] = []
    asked = False
    for engagement in rows:
        is_here = yield from is_joined(session, engagement)
        if not is_here and not asked and session.identity.invitations:
            asked = True  # who was invited may have answered, and proposed, since
            yield from fetch_introductions(session)
            is_here = yield from is_joined(session, engagement)
        if is_here is joined:
            found.append(engagement)
    return found


def change_passphrase(session: Session, passphrase: Callable[[], str]) -> Act[None]:
    """A new passphrase, in a new keyring, whose slots stand on this device with it, and whose old slot goes with it.

    Raises: UsageError; Unreachable, and then it holds on this device alone until the outbox is sent.
    """
    text = require_passphrase(passphrase())
    yield Take(turn_of(keyring_journal(session.account)))
    with session.change() as draft:
        draft.identity = draft.identity.with_passphrase(text)
        enqueue_keyring(draft)
    yield from store_keyring(session)
