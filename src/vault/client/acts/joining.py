"""Begin, and open again: a new identity, and a folder unlocked.

All secrets of an identity are made on this device, and are durable here before anything is sent.
Source: docs/protocol.md sections 2 and 8.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from vault.client.acts.keyrings import (
    enqueue_keyring,
    keyring_journal,
)
from vault.client.acts.people import enqueue_introduction
from vault.client.crypto.identity import new_secret_keys
from vault.client.device.clock import unix_seconds
from vault.client.device.codes import KIT, RECOVERY, TypedCode, read_code, write_code
from vault.client.device.deployment import find_deployment
from vault.client.device.home import Home
from vault.client.device.identity import HeldKeyring, Identity
from vault.client.device.session import Session
from vault.client.device.tlog_state import TlogState
from vault.client.device.verified import Verified
from vault.client.errors import SlotCommitmentError, UsageError, WrongPassphrase
from vault.client.log.checkpoints import confirm, ensure_tlog_key, learn_tlog_key, read_tlog_key
from vault.client.network.calls import Act, Take
from vault.client.outbox.writing import Unsigned, common_members, enqueue, flush, turn_of
from vault.client.reading.keyring_slots import unwrap
from vault.client.reading.keys_of import fetch_keys, keys_journal
from vault.protocol.ids import account_id
from vault.protocol.limits import SUITE
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Keys, SealKey, SignKey
from vault.protocol.vocabulary import (
    SLOT_PASSPHRASE_KIT,
    KeysReason,
    StatementType,
)

PASSPHRASE_MINIMUM_CHARACTERS = 8
ACCOUNTS_PATH = "/v1/accounts"
ENROLMENT_PREFIX = "cve_"

Passphrase = Callable[[], str]
"""Asks for a passphrase, or reads it: a passphrase never stands in code."""


def require_passphrase(text: str) -> str:
    """The passphrase. With a kit beside it, it need not withstand guessing by whoever steals a database.

    Raises: UsageError for fewer than eight characters.
    """
    if len(text) < PASSPHRASE_MINIMUM_CHARACTERS:
        raise UsageError(f"expected a passphrase of at least {PASSPHRASE_MINIMUM_CHARACTERS} characters")
    return text


def require_enrolment(token: str) -> str:
    """The enrolment token. Raises: UsageError for what cannot be one, before anything is made for it."""
    if not (token.startswith(ENROLMENT_PREFIX) and token.isascii() and token.isprintable() and " " not in token):
        raise UsageError(f"expected an enrolment token, which begins with {ENROLMENT_PREFIX}; your coaching app has it")
    return token


def new_session(
    url: str,
    folder: Path | str,
    passphrase: Passphrase,
    *,
    enrolment: str | None = None,
    invitation: str | None = None,
    inviter: str | None = None,
    audience: str | None = None,
    log_key: str | None = None,
    now: Callable[[], int] = unix_seconds,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> Session:
    """A new identity in an empty folder, with its first keys and keyring in the outbox, and with what it joins by.

    All of that becomes durable together. With `log_key`, which the operator prints, no other key of the log is ever
    taken; without it, the one that the deployment names the first time.

    Raises: UsageError where somebody lives there already, or the URL, passphrase or enrolment is not good; CodeError
    for the invitation; LogKeyError.
    """
    deployment = find_deployment(url, audience)
    key = None if log_key is None else read_tlog_key(log_key, deployment.audience)
    home = Home(folder)
    try:
        if home.exists():
            raise UsageError("somebody lives in this folder already; open it, or choose another one")
        keys = new_secret_keys(random)
        identity = Identity(
            generations={1: keys},
            passphrase=require_passphrase(passphrase()),
            kit=random(32),
            salt=random(32),
            recovery=random(32),
        )
        verified = Verified(tlog=TlogState(key=key, searched_at=now()))
        session = Session(home, deployment, account_id(keys.sign_public), identity, verified, now=now, random=random)
        with session.change() as draft:
            enqueue_keys(draft, 1, KeysReason.CREATE)
            if enrolment is not None:
                give_enrolment(draft, enrolment)
            if invitation is not None:
                enqueue_introduction(draft, invitation, inviter or "inviter")
            enqueue_keyring(draft)
            home.write_kit(kit_text(draft))  # it is there whenever the file is
    except BaseException:
        home.close()
        raise
    return session


def enqueue_keys(session: Session, generation: int, reason: KeysReason) -> None:
    """Put a `keys` statement into the outbox: of the newest own keys, signed by those before them too."""
    keys, before = session.identity.generations[generation], session.identity.generations.get(generation - 1)
    signer = keys if before is None else before
    journal = keys_journal(session.account)
    body = Keys(
        **common_members(session, StatementType.KEYS, journal, signer),
        account=session.account,
        generation=generation,
        sign=SignKey(key=keys.sign_key, public=keys.sign_public),
        seal=SealKey(key=keys.seal_key, public=keys.seal_public),
        reason=reason,
        minimum_suite=SUITE,
    )
    seeds = (keys.sign_seed,) if signer.sign_key == keys.sign_key else (signer.sign_seed, keys.sign_seed)
    path = ACCOUNTS_PATH if before is None else f"/v1/accounts/{session.account.hex()}/keys"
    enqueue(session, path, Unsigned(body), journal, seeds)


def give_enrolment(draft: Session, enrolment: str) -> None:
    """Have the first keys go with this token, also after another one was refused. Raises: UsageError."""
    require_enrolment(enrolment)
    for each in draft.outbox.waiting:
        if each.path == ACCOUNTS_PATH:
            draft.outbox = draft.outbox.put(each.statement, replace(each.wait_again(), enrolment=enrolment))


def join(session: Session, enrolment: str | None = None) -> Act[None]:
    """Send what a new identity has waiting: keys with the enrolment token, then the keyring, then the introduction.

    `enrolment` takes the place of the token that waits with the keys. Raises: Refused(enrolment-ended); Unreachable,
    and then all of it waits in the outbox; UsageError.
    """
    if enrolment is not None:
        with session.change() as draft:
            give_enrolment(draft, enrolment)
    if session.verified.tlog.key is not None:  # from outside: the deployment has to name the same
        yield from learn_tlog_key(session)
    yield from flush_all(session)


def flush_all(session: Session) -> Act[int]:
    """Send everything that waits, keys and keyring first; how many were sent.

    Raises: Unreachable; Refused(enrolment-ended | login-refused) while the account is not on the deployment.
    """
    count = len(session.outbox.waiting)
    yield from settle_tlog_key(session)
    yield from settle_first_keys(session)
    order = [keys_journal(session.account)]
    for waiting in session.outbox.waiting:
        journal = waiting.journal
        if journal is not None and journal not in order:
            order.append(journal)
    for journal in order:
        yield Take(turn_of(journal))
        try:
            yield from flush(session, journal)
        except Refused as refused:
            if refused.code == Code.ENROLMENT_ENDED:
                drop_enrolment(session)
            raise
        require_first_keys_not_refused(session)
    yield Take(turn_of(None))
    yield from flush(session, None)
    return count - len(session.outbox.waiting)


def settle_tlog_key(session: Session) -> Act[None]:
    """Know the log's key and its newest checkpoint before anything is sent: nothing of a new identity is before that.

    Both stand in the first keyring. Raises: LogError; Unreachable.
    """
    if session.verified.tlog.pinned is not None or all(each.path != ACCOUNTS_PATH for each in session.outbox.waiting):
        return (yield from ensure_tlog_key(session))
    yield from confirm(session)
    session.verified.tlog.begin(keys_journal(session.account))
    session.verified.tlog.begin(keyring_journal(session.account))
    with session.change() as draft:
        if draft.identity.sequence == 1 and draft.outbox.of_type(StatementType.KEYRING):
            draft.outbox = draft.outbox.keep(lambda each: each.type is not StatementType.KEYRING)
            draft.identity = draft.identity.at_sequence(0)
            enqueue_keyring(draft)


def drop_enrolment(session: Session) -> None:
    """Forget a token that is good for nothing, so that the next try looks whether the keys are there already."""
    with session.change() as draft:
        for each in draft.outbox.waiting:
            draft.outbox = draft.outbox.put(each.statement, replace(each, enrolment=None))


def require_first_keys_not_refused(session: Session) -> None:
    """Nothing of an account is taken before its first keys. Raises: Refused."""
    waiting = session.outbox.waiting
    refused = next((each.refused for each in waiting if each.path == ACCOUNTS_PATH and each.refused), None)
    if refused is not None:
        raise Refused(refused)


def settle_first_keys(session: Session) -> Act[None]:
    """First keys that wait without an enrolment token may have been sent by something else: then they wait no more.

    Raises: Refused(login-refused) where the deployment does not know the account.
    """
    waiting = session.outbox.waiting
    first = next((each for each in waiting if each.path == ACCOUNTS_PATH and each.enrolment is None), None)
    if first is None:
        return
    session.verified.tlog.marks.clear()  # nobody here knows since when they are in the log
    yield from fetch_keys(session, session.account)
    journal = keys_journal(session.account)
    with session.change() as draft:
        draft.outbox = draft.outbox.drop(first.statement)
        draft.verified.saw_own(journal, first.statement)


def unlock_session(
    folder: Path | str,
    passphrase: Passphrase,
    *,
    kit: str | None = None,
    now: Callable[[], int] = unix_seconds,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> Session:
    """Open the identity that lives in a folder; nothing is asked of a server.

    Raises: UsageError; WrongPassphrase.
    """
    home = Home(folder)
    try:
        contents = home.read()
        text = kit if kit is not None else home.find_kit()
        if text is None:
            raise UsageError("this folder has no kit; give the kit's text, or recover with the recovery code")
        secret = read_code(text, KIT).secret
        session = Session(
            home,
            find_deployment(contents.url, contents.audience),
            contents.account,
            Identity(passphrase=passphrase(), kit=secret),
            Verified(),
            now=now,
            random=random,
        )
        slot = contents.slots.get(SLOT_PASSPHRASE_KIT)
        if slot is None:
            raise UsageError("this folder has no slot for a passphrase; recover with the recovery code")
        keyring_sha256 = hashlib.sha256(contents.keyring).digest()
        try:
            key = unwrap(session, slot, keyring_sha256)
        except SlotCommitmentError:
            raise WrongPassphrase from None
        session.restore(HeldKeyring(0, key, contents.keyring, contents.slots), contents.state)
    except BaseException:
        home.close()
        raise
    return session


def kit_text(session: Session) -> str:
    """The kit: kept on each device and on paper; with the passphrase it opens the keyring on a new one."""
    if session.identity.kit is None:
        raise UsageError("this identity has no kit")
    return write_code(TypedCode(KIT, session.account, session.identity.kit))


def recovery_text(session: Session) -> str:
    """The recovery code: alone it opens everything, so it lives on paper in a safe place."""
    if session.identity.recovery is None:
        raise UsageError("this identity has no recovery code")
    return write_code(TypedCode(RECOVERY, session.account, session.identity.recovery))
