"""Logging in: a signed answer to a challenge becomes a token that lives in memory for minutes.

Source: docs/protocol.md section 9.
"""

import json

from vault.client.crypto.identity import SecretKeys
from vault.client.device.memory import Token
from vault.client.device.moments import show_moment
from vault.client.device.session import Session
from vault.client.errors import VerificationError, WrongClock
from vault.client.log.checkpoints import confirm, ensure_tlog_key
from vault.client.log.leaf_search import search_daily
from vault.client.network.answers import read_answer
from vault.client.network.calls import Act, Call
from vault.protocol.api import Challenge
from vault.protocol.api import Token as TokenAnswer
from vault.protocol.envelope import Statement, sign
from vault.protocol.journal import JournalId
from vault.protocol.limits import CHALLENGE_SECONDS, CLOCK_SKEW_SECONDS, SUITE
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Login
from vault.protocol.submission import spell
from vault.protocol.vocabulary import JournalKind, StatementType

RENEW_BEFORE_SECONDS = 30


def log_in(session: Session) -> Act[str]:
    """A token that is good for some seconds yet.

    With each new one the log is looked at: what an earlier run left unconfirmed, and once a day the search.

    Raises: Refused(login-refused | too-many); LogError.
    """
    token = session.memory.token
    if token is not None and token.expires > session.now() + RENEW_BEFORE_SECONDS:
        return token.text
    granted, challenge = yield from _answer_with_known_keys(session)
    if granted.scope != "person":
        raise VerificationError("schema", "expected a token of a person")
    yield from ensure_tlog_key(session)
    if session.verified.tlog.unconfirmed:
        yield from confirm(session)
    yield from search_daily(session)
    session.memory.token = hold_token(session, granted, challenge)
    return granted.token


def hold_token(session: Session, granted: TokenAnswer, challenge: Challenge) -> Token:
    """The token with its end by this device's clock: what counts is how long it lasts from its arrival on."""
    return Token(granted.token, session.now() + granted.expires - _issued_at(challenge))


def _issued_at(challenge: Challenge) -> int:
    """The deployment's time when it gave this challenge out, a moment ago."""
    return challenge.expires - CHALLENGE_SECONDS


def _answer_with_known_keys(session: Session) -> Act[tuple[TokenAnswer, Challenge]]:
    """The newest own keys log in; where a rotation was cut off they are not known yet, and those before them do."""
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
    raise Refused(Code.LOGIN_REFUSED)


def ask_challenge(session: Session) -> Act[Challenge]:
    """32 bytes to answer within a minute, and when that is over by the deployment's clock.

    Raises: WrongClock where that clock and this device's are more than five minutes apart.
    """
    body = json.dumps({"account": session.account.hex()}).encode("ascii")
    answer = yield Call("POST", "/v1/login/challenges", body)
    challenge = read_answer(answer, Challenge)
    require_same_clock(session.now(), _issued_at(challenge))
    return challenge


def require_same_clock(here: int, there: int) -> None:
    """Return if two clocks are within five minutes of each other, Unix seconds. Raises: WrongClock."""
    if abs(here - there) > CLOCK_SKEW_SECONDS:
        raise WrongClock(
            f"this device's clock says {show_moment(here)}, the deployment's says {show_moment(there)}; "
            "set the one that is wrong, then run it again"
        )


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
