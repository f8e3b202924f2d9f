"""Coming back on a new device: the newest keyring, fetched by a slot, opened, verified and settled.

Source: docs/protocol.md section 8.
"""

import hashlib
import secrets
from collections.abc import Callable
from pathlib import Path

from vault.client.acts.joining import Passphrase, kit_text, require_passphrase
from vault.client.acts.keyrings import (
    adopt_position,
    enqueue_keyring,
    fetch_keyring,
    open_newest,
    read_slot_kind,
    replay_keyring,
    slot_ikm,
    store_keyring,
)
from vault.client.crypto.slots import fetch_seed, open_slot, read_slot_header
from vault.client.device.clock import unix_seconds
from vault.client.device.codes import KIT, RECOVERY, read_code
from vault.client.device.deployment import find_deployment
from vault.client.device.home import Home
from vault.client.device.identity import HeldKeyring, Identity
from vault.client.device.keyring import KeyringContent, open_keyring
from vault.client.device.session import Session
from vault.client.device.tlog_state import TlogState
from vault.client.device.verified import Verified
from vault.client.errors import UsageError, VerificationError
from vault.client.log.checkpoints import read_tlog_key
from vault.client.log.leaf_search import search
from vault.client.log.verifying import require_not_withheld
from vault.client.network.answers import read_answer
from vault.client.network.calls import Act, Call
from vault.client.reading.keys_of import fetch_keys
from vault.client.reading.logging_in import ask_challenge, hold_token
from vault.ed25519 import public_key
from vault.encoding import read_base64
from vault.errors import FormatError
from vault.protocol.api import Challenge, KeyringView, SlotHeader
from vault.protocol.api import Token as TokenAnswer
from vault.protocol.envelope import sign
from vault.protocol.ids import Account, key_id
from vault.protocol.limits import SLOT_BYTES, SLOT_HEADER_BYTES, SUITE
from vault.protocol.statements import Fetch
from vault.protocol.submission import spell
from vault.protocol.vocabulary import (
    KEY_ALGORITHM_ED25519,
    SLOT_PASSPHRASE_KIT,
    SLOT_RECOVERY_CODE,
    StatementType,
)


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
        identity = Identity(
            passphrase=require_passphrase(passphrase()),
            kit=code.secret if kit is not None else None,
            recovery=code.secret if kit is None else None,
        )
    except BaseException:
        home.close()
        raise
    verified = Verified(tlog=TlogState(key=key, searched_at=now()))
    return Session(home, deployment, Account(code.account), identity, verified, now=now, random=random)


def recover(session: Session) -> Act[None]:
    """Fetch, verify and open the newest keyring, and settle on this device.

    Raises: Refused(login-refused) where passphrase, kit or code are wrong; VerificationError; Unreachable.
    """
    kind = SLOT_RECOVERY_CODE if session.identity.recovery is not None else SLOT_PASSPHRASE_KIT
    answer = yield Call("GET", f"/v1/accounts/{session.account.hex()}/slots/{kind}")
    header_answer = read_answer(answer, SlotHeader)
    try:
        header = read_base64(header_answer.header, SLOT_HEADER_BYTES)
    except FormatError as error:
        raise VerificationError("schema", str(error)) from error
    ikm = slot_ikm(session, header, kind)
    seed = fetch_seed(ikm, read_slot_header(header, session.account, kind))
    challenge = yield from ask_challenge(session)
    granted = yield Call("POST", "/v1/login/tokens", spell(sign(_fetch(session, seed, challenge, kind), [seed])))
    token = read_answer(granted, TokenAnswer)
    session.memory.token = hold_token(session, token, challenge)
    view = yield from fetch_keyring(session)
    yield from _open_and_settle(session, view)


def _fetch(session: Session, seed: bytes, challenge: Challenge, kind: int) -> Fetch:
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
        challenge=challenge.challenge,
        expires=challenge.expires,
        slot=kind,
    )


def _open_and_settle(session: Session, view: KeyringView) -> Act[None]:
    """The token reads the keyring alone, so it is opened first; its seeds log in, and the keys journal confirms all.

    The log is searched for a newer keyring and newer keys: nobody else could say that these are the newest. Nothing is
    kept on this device before all of it is verified.
    """
    content, header = open_unverified(session, view)
    with session.change() as draft:
        draft.adopt(content)
    session.memory.token = None
    keys = yield from fetch_keys(session, session.account)
    replay = replay_keyring(session, view, keys)
    if open_newest(session, view, replay) != content:
        raise VerificationError("keyring", "expected the keyring that the newest statement names")
    yield from search(session, [keys.journal, replay.journal])
    for each in (keys, replay):
        require_not_withheld(session, each.journal, each.position, session.verified.tlog.owed(each.journal))
    newest = keys.find_newest(session.account)
    if newest is not None:
        session.verified.saw_own(keys.journal, newest.statement)
    if session.identity.kit is not None:
        session.home.write_kit(kit_text(session))
    with session.change() as draft:
        draft.identity = draft.identity.hold(HeldKeyring(0, b"", b"", header))
        adopt_position(draft, replay)
        enqueue_keyring(draft)
    yield from store_keyring(session)


def open_unverified(session: Session, view: KeyringView) -> tuple[KeyringContent, dict[int, bytes]]:
    """The keyring by its own slot, before its journal could be checked, and that slot by its kind.

    Nothing of it is used but to log in.
    """
    try:
        raw, slot = read_base64(view.blob), read_base64(view.slots[0], SLOT_BYTES)
    except (FormatError, IndexError) as error:
        raise VerificationError("schema", "expected a keyring and a slot") from error
    kind = read_slot_kind(slot)
    keyring_key = open_slot(slot, slot_ikm(session, slot, kind), hashlib.sha256(raw).digest())
    return open_keyring(raw, session.account, int.from_bytes(raw[8:16], "big"), keyring_key), {kind: slot}
