"""Other people's keys: their keys journals, fetched, verified from the first key on, and pinned.

Source: docs/protocol.md sections 2 and 4 rule 0.
"""

from collections.abc import Callable, Iterable

from vault.client.device.session import Session
from vault.client.errors import KeyRollbackError, OwnKeyError, VerificationError
from vault.client.log.verifying import read_entry, take_entry
from vault.client.network.calls import Act
from vault.client.reading.by_slot import learn_newer_keys
from vault.client.reading.journals import read_on
from vault.policy.facts import KeysFact
from vault.policy.replay import ReplayedKeys
from vault.protocol.api import Entry
from vault.protocol.journal import JournalId
from vault.protocol.statements import Keys
from vault.protocol.vocabulary import JournalKind


def fetch_keys(session: Session, account: bytes) -> Act[ReplayedKeys]:
    """The account's keys journal, up to what the server has now. Raises: VerificationError, Refused(not-found)."""
    replay = session.verified.replaying(account)
    yield from read_on(session, replay, f"/v1/accounts/{account.hex()}/keys", _taking(replay))
    if replay.find_current() is None:
        raise VerificationError("keys", "expected at least the first keys of an account")
    if account == session.account and len(replay.generations) > len(session.identity.generations):
        yield from learn_newer_keys(session)  # another device of this person has made them
    require_own_keys(session, replay)
    session.verified.saw_keys(replay.generations)
    session.verified.pin(replay.journal, replay.position)
    return replay


def _taking(replay: ReplayedKeys) -> Callable[[Session, Entry], Act[None]]:
    def take(session: Session, entry: Entry) -> Act[None]:
        take_keys(session, replay, entry)
        yield from ()

    return take


def take_keys(session: Session, replay: ReplayedKeys, entry: Entry) -> None:
    """The next entry of a keys journal, and the public key that it brings. Raises: VerificationError."""
    statement = read_entry(session, replay.journal, entry)
    take_entry(session, replay, entry, statement)
    body = statement.body
    if isinstance(body, Keys):
        session.verified.saw_seal_key(body.seal.key, body.seal.public)


def require_own_keys(session: Session, replay: ReplayedKeys) -> None:
    """Own keys are compared with the keyring's, never adopted from a server. Raises: OwnKeyError."""
    if replay.journal.subject != session.account:
        return
    for keys in replay.generations:
        own = session.identity.generations.get(keys.generation)
        if own is None or (own.sign_public, own.seal_key) != (keys.sign_public, keys.seal_key):
            raise OwnKeyError("own keys", "expected the keys that stand in the own keyring")


def ensure_keys(session: Session, named: Iterable[tuple[bytes, bytes | None]]) -> Act[None]:
    """Fetch the keys journals of (account, keys statement) pairs whose statement is not known yet.

    Raises: VerificationError where the account has no such statement.
    """
    for account, statement in named:
        if statement is None or statement in session.verified.keys_by_statement:
            continue
        yield from fetch_keys(session, account)
        if statement not in session.verified.keys_by_statement:
            raise KeyRollbackError("keys", "expected the keys that the contract or assent names")


def current_keys(session: Session, account: bytes) -> Act[KeysFact]:
    """The newest keys of an account. Raises: as `fetch_keys`."""
    replay = yield from fetch_keys(session, account)
    keys = replay.find_current()
    if keys is None:
        raise VerificationError("keys", "expected at least the first keys of an account")
    return keys


def keys_journal(account: bytes) -> JournalId:
    """The keys journal of an account."""
    return JournalId(JournalKind.KEYS, account)
