"""Logging in: a signed answer to a challenge becomes a token that lives in memory for minutes.

Source: docs/protocol.md section 9.
"""

from vault.client.crypto.identity import SecretKeys
from vault.client.device.session import Session
from vault.client.errors import VerificationError
from vault.client.log.checkpoints import confirm, ensure_tlog_key
from vault.client.log.leaf_search import search_daily
from vault.client.network.answers import read_answer
from vault.client.network.calls import Act, Call
from vault.client.reading.by_slot import learn_newer_keys
from vault.client.reading.challenges import ask_challenge, hold_token
from vault.protocol.api import Challenge
from vault.protocol.api import Token as TokenAnswer
from vault.protocol.envelope import Statement, sign
from vault.protocol.journal import JournalId
from vault.protocol.limits import SUITE
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Login
from vault.protocol.submission import spell
from vault.protocol.vocabulary import JournalKind, StatementType

RENEW_BEFORE_SECONDS = 30


def log_in(session: Session) -> Act[str]:
    """A token that is good for some seconds yet.

    With each new one the log is looked at: what an earlier run left unconfirmed, and once a day the search. Where no
    own keys of this device log in any more, another device of this person has made new ones: they are looked for.

    Raises: Refused(login-refused | too-many); LogError.
    """
    token = session.memory.token
    if token is not None and token.expires > session.now() + RENEW_BEFORE_SECONDS:
        return token.text
    found = yield from _answer_with_known_keys(session)
    if found is None and (yield from learn_newer_keys(session)):
        found = yield from _answer_with_known_keys(session)
    if found is None:
        raise Refused(Code.LOGIN_REFUSED)
    granted, challenge = found
    if granted.scope != "person":
        raise VerificationError("schema", "expected a token of a person")
    yield from ensure_tlog_key(session)
    if session.verified.tlog.unconfirmed:
        yield from confirm(session)
    yield from search_daily(session)
    session.memory.token = hold_token(session, granted, challenge)
    return granted.token


def _answer_with_known_keys(session: Session) -> Act[tuple[TokenAnswer, Challenge] | None]:
    """The newest own keys log in; where a rotation was cut off they are not known yet, and those before them do.

    None where none of them do.
    """
    known = session.verified.pinned(JournalId(JournalKind.KEYS, session.account))[0]
    for generation in sorted(session.identity.generations, reverse=True)[:2]:
        if generation < known:  # the journal has newer ones: whoever refuses those wants the old ones in use again
            break
        challenge = yield from ask_challenge(session)
        keys = session.identity.generations[generation]
        answer = yield Call("POST", "/v1/login/tokens", spell(_answer_challenge(session, keys, challenge)))
        try:
            granted = read_answer(answer, TokenAnswer)
        except Refused as refused:
            if refused.code != Code.LOGIN_REFUSED:
                raise
            continue
        session.memory.accepted = generation
        return granted, challenge
    return None


def _answer_challenge(session: Session, keys: SecretKeys, challenge: Challenge) -> Statement:
    """Only a `login` statement is ever signed for a server's bytes, and these stand in it as one member."""
    now = session.now()
    body = Login(
        suite=SUITE,
        type=StatementType.LOGIN,
        audience=session.deployment.audience,
        id=session.random(16),
        by=session.account,
        key=keys.sign_key,
        at=now,
        after=None,
        seen=None,
        url=session.deployment.url,
        challenge=challenge.challenge,
        expires=challenge.expires,
    )
    return sign(body, [keys.sign_seed])
