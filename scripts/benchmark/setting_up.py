"""Bring people, engagements and logins about, over the service's own routes."""

import json
import time
from collections.abc import Iterable
from typing import Any

from scripts.benchmark.load import LoadError, Talk, post, talk
from scripts.benchmark.notes import Engagement, Person, make_login
from scripts.benchmark.servers import Server
from vault.protocol.submission import spell

Tokens = dict[bytes, str]
"""Login tokens by account."""


def set_up(server: Server, app_key: str, people: list[Person], engagements: list[Engagement]) -> None:
    """Let everybody join, and every engagement begin."""
    talk(server.port, [_join(app_key, person) for person in people])
    tokens = log_in(server, people)
    talk(server.port, [_begin(engagement, tokens) for engagement in engagements])


def log_in(server: Server, people: Iterable[Person]) -> Tokens:
    """A new token for each."""
    tokens: Tokens = {}
    talk(server.port, [logging_in(server, person, tokens) for person in people])
    return tokens


def logging_in(server: Server, person: Person, tokens: Tokens, times: int = 1) -> Talk:
    """One person logging in again and again; the newest token stands in `tokens`."""
    for _ in range(times):
        asked = json.dumps({"account": person.account.hex()}).encode()
        challenge = _read(201, (yield post("/v1/login/challenges", None, asked)))
        body = make_login(
            person, server.url, bytes.fromhex(challenge["challenge"]), challenge["expires"], int(time.time())
        )
        tokens[person.account] = _read(201, (yield post("/v1/login/tokens", None, body)))["token"]


def _join(app_key: str, person: Person) -> Talk:
    enrolment = _read(201, (yield post("/v1/enrolments", app_key, b"{}")))["token"]
    _read(201, (yield post("/v1/accounts", enrolment, spell(person.first))))


def _begin(engagement: Engagement, tokens: Tokens) -> Talk:
    for path, sender, body in engagement.setup:
        _read(201, (yield post(path, tokens[sender.account], body)))


def _read(expected: int, answer: tuple[int, bytes]) -> dict[str, Any]:
    status, body = answer
    if status != expected:
        raise LoadError(f"expected {expected}, got {status}: {body[:300]!r}")
    members: dict[str, Any] = json.loads(body)
    return members
