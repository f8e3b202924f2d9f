"""Challenges and tokens: what a server asks to be signed, and how long what it gives in return lasts.

Source: docs/protocol.md section 9.
"""

import json

from vault.client.device.memory import Token
from vault.client.device.session import Session
from vault.client.errors import WrongClock
from vault.client.network.answers import read_answer
from vault.client.network.calls import Act, Call
from vault.client.showing import moment
from vault.protocol.api import Challenge
from vault.protocol.api import Token as TokenAnswer
from vault.protocol.limits import CHALLENGE_SECONDS, CLOCK_SKEW_SECONDS


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
            f"this device's clock says {moment(here)} UTC, the deployment's says {moment(there)} UTC; "
            "set the one that is wrong, then run it again"
        )


def hold_token(session: Session, granted: TokenAnswer, challenge: Challenge) -> Token:
    """The token with its end by this device's clock: what counts is how long it lasts from its arrival on."""
    return Token(granted.token, session.now() + granted.expires - _issued_at(challenge))


def _issued_at(challenge: Challenge) -> int:
    """The deployment's time when it gave this challenge out, a moment ago."""
    return challenge.expires - CHALLENGE_SECONDS
