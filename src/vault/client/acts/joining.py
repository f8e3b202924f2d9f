"""Begin, open again, and come back: a new identity, a folder unlocked, a new device recovered.

All secrets of an identity are made on this device, and are durable here before anything is sent.
Source: docs/protocol.md sections 2 and 8.
"""

import hashlib
import secrets
from collections.abc import Callable
from pathlib import Path

from vault.client.acts.keyrings import (
    adopt_position,
    enqueue_keyring,
    fetch_keyring,
    keyring_journal,
    open_newest,
    read_slot_kind,
    replay_keyring,
    slot_ikm,
    store_keyring,
)
from vault.client.acts.people import enqueue_introduction
from vault.client.crypto.identity import new_secret_keys
from vault.client.crypto.slots import fetch_seed, open_slot, read_slot_header
from vault.client.device.clock import unix_seconds
from vault.client.device.codes import KIT, RECOVERY, Code, read_code, write_code
from vault.client.device.deployment import find_deployment
from vault.client.device.home import Home
from vault.client.device.keyring import KeyringContent, open_keyring
from vault.client.device.session import Session, Token, Unlock
from vault.client.device.tlog_state import TlogState
from vault.client.errors import UsageError, VerificationError
from vault.client.log.checkpoints import confirm, ensure_tlog_key, learn_tlog_key, read_tlog_key
from vault.client.log.leaf_search import search
from vault.client.log.verifying import require_not_withheld
from vault.client.network.answers import read_answer
from vault.client.network.calls import Act, Call, Take
from vault.client.outbox.writing import Unsigned, common_members, enqueue, flush, journal_of, turn_of
from vault.client.reading.keys_of import fetch_keys, keys_journal
from vault.client.reading.logging_in import ask_challenge
from vault.ed25519 import public_key
from vault.encoding import read_base64
from vault.errors import FormatError
from vault.protocol.api import KeyringView, SlotHeader
from vault.protocol.api import Token as TokenAnswer
from vault.protocol.envelope import sign
from vault.protocol.ids import account_id, key_id
from vault.protocol.limits import CHALLENGE_SECONDS, SLOT_BYTES, SLOT_HEADER_BYTES, SUITE
from vault.protocol.problems import Refused
from vault.protocol.statements import Fetch, Keys, SealKey, SignKey
from vault.protocol.submission import spell
from vault.protocol.vocabulary import (
    KEY_ALGORITHM_ED25519,
    SLOT_PASSPHRASE_KIT,
    SLOT_RECOVERY_CODE,
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
    audience: str | None = None,
    log_key: str | None = None,
    now: Callable[[], int] = unix_seconds,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> Session:
    """A new identity in an empty folder, with its first keys and keyring in the outbox.

    With `log_key`, which the operator prints, no other key of the log is ever taken; without it, the one that the
    deployment names the first time. Raises: UsageError where somebody lives there already, or the URL or passphrase is
    not good; LogKeyError.
    """
    deployment = find_deployment(url, audience)
    key = None if log_key is None else read_tlog_key(log_key, deployment.audience)
    home = Home(folder)
    try:
        if home.exists():
            raise UsageError("somebody lives in this folder already; open it, or choose another one")
        keys = new_secret_keys(random)
        unlock = Unlock(require_passphrase(passphrase()), random(32))
        session = Session(home, deployment, account_id(keys.sign_public), now=now, random=random, unlock=unlock)
        session.tlog = TlogState(key=key, searched_at=now())
        session.generations = {1: keys}
        session.keyring_salt, session.recovery = random(32), random(32)
        enqueue_keys(session, 1, KeysReason.CREATE)
        enqueue_keyring(session)
        home.write_kit(kit_text(session))
        session.save()
    except BaseException:
        home.close()
        raise
    return session


def enqueue_keys(session: Session, generation: int, reason: KeysReason) -> None:
    """Put a `keys` statement into the outbox: of the newest own keys, signed by those before them too."""
    keys, before = session.generations[generation], session.generations.get(generation - 1)
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


def join(session: Session, enrolment: str, invitation: str | None = None, inviter: str | None = None) -> Act[None]:
    """Send what a new identity has waiting: keys with the enrolment token, then the keyring, then the introduction.

    Raises: Refused(enrolment-ended); Unreachable, and then all of it waits in the outbox; UsageError, CodeError.
    """
    require_enrolment(enrolment)
    if session.tlog.key is not None:  # from outside: the deployment has to name the same
        yield from learn_tlog_key(session)
    if invitation is not None:
        enqueue_introduction(session, invitation, inviter or "inviter")
    session.waiting = [
        each.model_copy(update={"enrolment": enrolment, "refused": None}) if each.path == ACCOUNTS_PATH else each
        for each in session.waiting
    ]
    session.save()
    yield from flush_all(session)


def flush_all(session: Session) -> Act[int]:
    """Send everything that waits, keys and keyring first; how many were sent.

    Raises: Unreachable; Refused(enrolment-ended | login-refused) while the account is not on the deployment.
    """
    count = len(session.waiting)
    yield from settle_tlog_key(session)
    yield from settle_first_keys(session)
    order = [keys_journal(session.account)]
    for waiting in session.waiting:
        journal = journal_of(waiting)
        if journal is not None and journal not in order:
            order.append(journal)
    for journal in order:
        yield Take(turn_of(journal))
        try:
            yield from flush(session, journal)
        except Refused as refused:
            if refused.code == "enrolment-ended":
                drop_enrolment(session)
            raise
        require_first_keys_not_refused(session)
    yield Take(turn_of(None))
    yield from flush(session, None)
    return count - len(session.waiting)


def settle_tlog_key(session: Session) -> Act[None]:
    """Know the log's key and its newest checkpoint before anything is sent: nothing of a new identity is before that.

    Both stand in the first keyring. Raises: LogError; Unreachable.
    """
    if session.tlog.pinned is not None or all(each.path != ACCOUNTS_PATH for each in session.waiting):
        return (yield from ensure_tlog_key(session))
    yield from confirm(session)
    session.tlog.begin(keys_journal(session.account))
    session.tlog.begin(keyring_journal(session.account))
    if session.sequence == 1 and any(each.type is StatementType.KEYRING for each in session.waiting):
        session.waiting = [each for each in session.waiting if each.type is not StatementType.KEYRING]
        session.sequence = 0
        enqueue_keyring(session)
    session.save()


def drop_enrolment(session: Session) -> None:
    """Forget a token that is good for nothing, so that the next try looks whether the keys are there already."""
    session.waiting = [each.model_copy(update={"enrolment": None}) for each in session.waiting]
    session.save()


def require_first_keys_not_refused(session: Session) -> None:
    """Nothing of an account is taken before its first keys. Raises: Refused."""
    refused = next((each.refused for each in session.waiting if each.path == ACCOUNTS_PATH and each.refused), None)
    if refused is not None:
        raise Refused(refused)


def settle_first_keys(session: Session) -> Act[None]:
    """First keys that wait without an enrolment token may have been sent by something else: then they wait no more.

    Raises: Refused(login-refused) where the deployment does not know the account.
    """
    first = next((each for each in session.waiting if each.path == ACCOUNTS_PATH and each.enrolment is None), None)
    if first is None:
        return
    session.tlog.marks.clear()  # nobody here knows since when they are in the log
    yield from fetch_keys(session, session.account)
    journal = keys_journal(session.account)
    session.waiting = [each for each in session.waiting if each.statement != first.statement]
    session.newest[journal] = first.statement
    session.save()


def unlock_session(
    folder: Path | str,
    passphrase: Passphrase,
    *,
    kit: str | None = None,
    now: Callable[[], int] = unix_seconds,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> Session:
    """Open the identity that lives in a folder; nothing is asked of a server.

    Raises: UsageError; SlotCommitmentError where the passphrase is wrong.
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
            now=now,
            random=random,
            unlock=Unlock(passphrase(), secret),
        )
        slot = contents.slots.get(SLOT_PASSPHRASE_KIT)
        if slot is None:
            raise UsageError("this folder has no slot for a passphrase; recover with the recovery code")
        keyring_sha256 = hashlib.sha256(contents.keyring).digest()
        session.keyring_key = open_slot(slot, slot_ikm(session, slot, SLOT_PASSPHRASE_KIT), keyring_sha256)
        session.keyring, session.slots = contents.keyring, contents.slots
        session.restore(contents.state)
    except BaseException:
        home.close()
        raise
    return session


def kit_text(session: Session) -> str:
    """The kit: kept on each device and on paper; with the passphrase it opens the keyring on a new one."""
    if session.unlock.kit is None:
        raise UsageError("this identity has no kit")
    return write_code(Code(KIT, session.account, session.unlock.kit))


def recovery_text(session: Session) -> str:
    """The recovery code: alone it opens everything, so it lives on paper in a safe place."""
    if session.recovery is None:
        raise UsageError("this identity has no recovery code")
    return write_code(Code(RECOVERY, session.account, session.recovery))


def recovering_session(
    url: str,
    folder: Path | str,
    *,
    passphrase: Passphrase,
    kit: str | None = None,
    recovery_code: str | None = None,
    audience: str | None = None,
    log_key: str | None = None,
    now: Callable[[], int] = unix_seconds,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> Session:
    """A session in an empty folder that knows an account and how to open its keyring; `recover` does the rest.

    With a recovery code, `passphrase` asks for the new one. With `log_key` a keyring that names another key of the log
    is refused. Raises: UsageError, CodeError, LogKeyError.
    """
    deployment = find_deployment(url, audience)
    key = None if log_key is None else read_tlog_key(log_key, deployment.audience)
    if (kit is None) == (recovery_code is None):
        raise UsageError("recover with the kit and its passphrase, or with the recovery code alone")
    code = read_code(kit, KIT) if kit is not None else read_code(recovery_code or "", RECOVERY)
    home = Home(folder)
    try:
        if home.exists():
            raise UsageError("somebody lives in this folder already; open it, or choose another one")
        unlock = Unlock(require_passphrase(passphrase()), code.secret if kit is not None else None)
    except BaseException:
        home.close()
        raise
    session = Session(home, deployment, code.account, now=now, random=random, unlock=unlock)
    session.tlog = TlogState(key=key, searched_at=now())
    session.recovery = code.secret if kit is None else None
    return session


def recover(session: Session) -> Act[None]:
    """Fetch, verify and open the newest keyring, and settle on this device.

    Raises: Refused(login-refused) where passphrase, kit or code are wrong; VerificationError; Unreachable.
    """
    kind = SLOT_RECOVERY_CODE if session.recovery is not None else SLOT_PASSPHRASE_KIT
    answer = yield Call("GET", f"/v1/accounts/{session.account.hex()}/slots/{kind}")
    header_answer = read_answer(answer, SlotHeader)
    try:
        header = read_base64(header_answer.header, SLOT_HEADER_BYTES)
    except FormatError as error:
        raise VerificationError("schema", str(error)) from error
    ikm = slot_ikm(session, header, kind)
    seed = fetch_seed(ikm, read_slot_header(header, session.account, kind))
    challenge = yield from ask_challenge(session.account)
    granted = yield Call("POST", "/v1/login/tokens", spell(sign(_fetch(session, seed, challenge, kind), [seed])))
    token = read_answer(granted, TokenAnswer)
    session.token = Token(token.token, token.expires)
    view = yield from fetch_keyring(session)
    yield from _open_and_settle(session, view)


def _fetch(session: Session, seed: bytes, challenge: bytes, kind: int) -> Fetch:
    now = session.now()
    return Fetch(
        suite=SUITE,
        type=StatementType.FETCH,
        audience=session.deployment.audience,
        id=session.random(16),
        by=session.account,
        key=key_id(KEY_ALGORITHM_ED25519, public_key(seed)),
        at=now,
        after=None,
        seen=None,
        url=session.deployment.url,
        challenge=challenge,
        expires=now + CHALLENGE_SECONDS,
        slot=kind,
    )


def _open_and_settle(session: Session, view: KeyringView) -> Act[None]:
    """The token reads the keyring alone, so it is opened first; its seeds log in, and the keys journal confirms all.

    The log is searched for a newer keyring and newer keys: nobody else could say that these are the newest.
    """
    content = open_unverified(session, view)
    session.take_over(content)
    session.token = None
    keys = yield from fetch_keys(session, session.account)
    replay = replay_keyring(session, view, keys)
    if open_newest(session, view, replay) != content:
        raise VerificationError("keyring", "expected the keyring that the newest statement names")
    adopt_position(session, replay)
    yield from search(session, [keys.journal, replay.journal])
    for each in (keys, replay):
        require_not_withheld(session, each.journal, each.position, session.tlog.owed(each.journal))
    if session.unlock.kit is not None:
        session.home.write_kit(kit_text(session))
    newest = keys.find_newest(session.account)
    if newest is not None:
        session.newest[keys.journal] = newest.statement
    session.changed = True
    yield from store_keyring(session)
    session.save()


def open_unverified(session: Session, view: KeyringView) -> KeyringContent:
    """The keyring by its own slot, before its journal could be checked; nothing of it is used but to log in."""
    try:
        raw, slot = read_base64(view.blob), read_base64(view.slots[0], SLOT_BYTES)
    except (FormatError, IndexError) as error:
        raise VerificationError("schema", "expected a keyring and a slot") from error
    kind = read_slot_kind(slot)
    keyring_key = open_slot(slot, slot_ikm(session, slot, kind), hashlib.sha256(raw).digest())
    session.slots[kind] = slot
    return open_keyring(raw, session.account, int.from_bytes(raw[8:16], "big"), keyring_key)
