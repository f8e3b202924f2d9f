"""An identity's own changes: new keys, a new passphrase, and what waits in the outbox.

Source: docs/protocol.md sections 2, 4 rules 0 and 3, and 8.
"""

from collections.abc import Callable

from vault.client.asking import PAGE, get
from vault.client.calls import Act, Take
from vault.client.contracts import assent
from vault.client.crypto.identity import new_secret_keys
from vault.client.joining import enqueue_keys, require_passphrase
from vault.client.keyrings import store_keyring
from vault.client.keys_of import fetch_keys, keys_journal
from vault.client.session import Session
from vault.client.writing import flush, turn_of
from vault.protocol.api import EngagementRow, Engagements
from vault.protocol.problems import Refused
from vault.protocol.vocabulary import KeysReason, Role, StatementType


def rotate(session: Session, reason: KeysReason = KeysReason.ROTATE) -> Act[int]:
    """New keys, in the keyring first, then in the keys journal, then assented to in every engagement; its generation.

    The keyring comes first: keys that others seal to must never be lost. Raises: Refused; Unreachable.
    """
    journal = keys_journal(session.account)
    replay = yield from fetch_keys(session, session.account)
    yield Take(turn_of(journal))
    current = replay.find_current()
    session.published = 1 if current is None else current.generation
    generation = session.published + 1
    if generation not in session.generations:
        session.generations[generation] = new_secret_keys(session.random)
    session.changed = True
    session.save()
    yield from store_keyring(session)
    own = replay.find_newest(session.account)
    if own is not None:
        session.newest[journal] = own.statement
    enqueue_keys(session, generation, reason)
    session.save()
    yield from flush(session, journal)
    _require_written(session)
    session.published = None
    yield from fetch_keys(session, session.account)
    yield from assent_everywhere(session)
    return generation


def _require_written(session: Session) -> None:
    for waiting in session.waiting:
        if waiting.type is StatementType.KEYS and waiting.refused is not None:
            session.waiting = [each for each in session.waiting if each.statement != waiting.statement]
            session.save()
            raise Refused(waiting.refused)


def assent_everywhere(session: Session) -> Act[None]:
    """Bring the newest keys into every engagement that has a contract. Raises: Refused; Unreachable."""
    for row in (yield from list_engagements(session)):
        if row.contract is None or not row.active:
            continue
        try:
            yield from assent(session, row.engagement, row.contract)
        except Refused as refused:
            if refused.code not in ("already-assented", "contract-superseded", "role-refused"):
                raise


def list_engagements(session: Session) -> Act[list[EngagementRow]]:
    """The engagements that name this person, as the server lists them; nothing is believed before it is verified."""
    rows: list[EngagementRow] = []
    after: str | None = None
    while True:
        query: dict[str, str | int] = {"limit": PAGE} if after is None else {"limit": PAGE, "after": after}
        page = yield from get(session, "/v1/engagements", Engagements, **query)
        rows += page.data
        after = page.next
        if after is None:
            return rows


def list_joined(session: Session) -> Act[list[bytes]]:
    """The engagements in which this person is a party; a contact's letters are no engagement of its own."""
    rows = yield from list_engagements(session)
    return [row.engagement for row in rows if row.role in set(Role)]


def change_passphrase(session: Session, passphrase: Callable[[], str]) -> Act[None]:
    """A new passphrase, in a new keyring. Raises: UsageError; Unreachable, and then it holds on this device alone."""
    session.unlock.passphrase = require_passphrase(passphrase())
    session.changed = True
    yield from store_keyring(session)
