"""Coming back on a new device: the newest keyring, fetched by a slot, opened, verified and settled.

Source: docs/protocol.md section 8.
"""

import secrets
from collections.abc import Callable
from pathlib import Path

from vault.client.acts.joining import Passphrase, kit_text, require_passphrase
from vault.client.acts.keyrings import (
    enqueue_keyring,
    merge,
    read_newest,
    store_keyring,
)
from vault.client.device.clock import unix_seconds
from vault.client.device.codes import KIT, RECOVERY, read_code
from vault.client.device.deployment import find_deployment
from vault.client.device.home import Home
from vault.client.device.identity import HeldKeyring, Identity
from vault.client.device.keyring import KeyringContent
from vault.client.device.session import Session
from vault.client.device.tlog_state import TlogState
from vault.client.device.verified import Verified
from vault.client.errors import UsageError
from vault.client.log.checkpoints import read_tlog_key
from vault.client.log.leaf_search import search
from vault.client.log.verifying import require_not_withheld
from vault.client.network.calls import Act
from vault.client.reading.by_slot import fetch_by_slot
from vault.client.reading.keys_of import fetch_keys
from vault.protocol.ids import Account
from vault.protocol.vocabulary import (
    SLOT_PASSPHRASE_KIT,
    SLOT_RECOVERY_CODE,
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
    content = yield from fetch_by_slot(session, kind)
    yield from _settle(session, content)


def _settle(session: Session, shown: KeyringContent) -> Act[None]:
    """The seeds of the keyring that was shown log in; then it is fetched with its journal, and verified.

    The log is searched for a newer keyring and newer keys: nobody else could say that these are the newest. Nothing is
    kept on this device before all of it is verified.
    """
    empty = session.identity
    with session.change() as draft:
        draft.adopt(shown)
    keys = yield from fetch_keys(session, session.account)
    newest = yield from read_newest(session)
    yield from search(session, [keys.journal, newest.replay.journal])
    for each in (keys, newest.replay):
        require_not_withheld(session, each.journal, each.position, session.verified.tlog.owed(each.journal))
    own = keys.find_newest(session.account)
    if own is not None:
        session.verified.saw_own(keys.journal, own.statement)
    with session.change() as draft:
        draft.identity = empty.hold(HeldKeyring(0, b"", b"", newest.slots_of(empty)))
        merge(draft, newest)
        if draft.identity.kit is not None:
            draft.home.write_kit(kit_text(draft))
        enqueue_keyring(draft)
    yield from store_keyring(session)
