"""The newest keyring by one of its slots: for a new device, and for one whose keys another device has replaced.

A key that is derived from the slot's secret logs in for this alone, and the server serves the keyring and that slot.
Source: docs/protocol.md sections 8 and 9.
"""

from vault.client.crypto.identity import SecretKeys
from vault.client.crypto.slots import fetch_seed, read_slot_header
from vault.client.device.keyring import KeyringContent
from vault.client.device.session import Session
from vault.client.errors import SlotCommitmentError, VerificationError
from vault.client.network.answers import read_answer
from vault.client.network.calls import Act, Call
from vault.client.reading.challenges import ask_challenge
from vault.client.reading.keyring_slots import can_open, open_unverified, slot_ikm
from vault.ed25519 import public_key
from vault.encoding import read_base64
from vault.errors import FormatError
from vault.protocol.api import Challenge, KeyringView, SlotHeader, Token
from vault.protocol.envelope import sign
from vault.protocol.ids import account_id, key_id
from vault.protocol.limits import SLOT_HEADER_BYTES, SUITE
from vault.protocol.problems import Refused
from vault.protocol.statements import Fetch
from vault.protocol.submission import spell
from vault.protocol.vocabulary import (
    KEY_ALGORITHM_ED25519,
    SLOT_PASSPHRASE_KIT,
    SLOT_RECOVERY_CODE,
    StatementType,
)

_KEYRING_ANSWER_BYTES = 4 * 1024 * 1024


def fetch_by_slot(session: Session, kind: int) -> Act[KeyringContent]:
    """The newest keyring that the server shows, opened by the slot of that kind; nothing of its journal is verified.

    Raises: Refused(login-refused) where passphrase, kit or code are not that slot's; VerificationError; Unreachable.
    """
    answer = yield Call("GET", f"/v1/accounts/{session.account.hex()}/slots/{kind}")
    try:
        header = read_base64(read_answer(answer, SlotHeader).header, SLOT_HEADER_BYTES)
    except FormatError as error:
        raise VerificationError("schema", str(error)) from error
    ikm = slot_ikm(session, header, kind)
    seed = fetch_seed(ikm, read_slot_header(header, session.account, kind))
    challenge = yield from ask_challenge(session)
    granted = yield Call("POST", "/v1/login/tokens", spell(sign(_fetch(session, seed, challenge, kind), [seed])))
    token = read_answer(granted, Token).token
    path = f"/v1/accounts/{session.account.hex()}/keyring?after=0&limit=1"
    shown = yield Call("GET", path, None, token, _KEYRING_ANSWER_BYTES)
    return open_unverified(session, read_answer(shown, KeyringView))


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


def learn_newer_keys(session: Session) -> Act[bool]:
    """Take over the keys that another device of this person has made since; False where there are none.

    Only somebody who holds this person's recovery code or passphrase could have put them there. All else of that
    keyring is taken over when it is verified.
    """
    for kind in (SLOT_RECOVERY_CODE, SLOT_PASSPHRASE_KIT):
        if not can_open(session, kind):
            continue
        try:
            content = yield from fetch_by_slot(session, kind)
        except (Refused, SlotCommitmentError):
            continue
        own = session.identity.generations
        shown = {each.generation: SecretKeys(each.sign, each.seal) for each in content.generations}
        if account_id(shown[1].sign_public) != session.account or any(shown.get(one) != own[one] for one in own):
            continue
        if len(shown) > len(own):
            with session.change() as draft:
                for generation, keys in shown.items():
                    draft.identity = draft.identity.with_generation(generation, keys)
            return True
    return False
