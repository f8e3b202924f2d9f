"""People with fixed keys who join a deployment over its own routes; nothing of a client is used."""

from typing import Any

import httpx

from tests.policy.people import account, seal_key, seed, short, sign_key
from tests.server.deployments import AUDIENCE, URL, Deployment
from vault.protocol.envelope import Statement, sign
from vault.protocol.journal import after_mark, seen_mark
from vault.protocol.limits import CHALLENGE_SECONDS, ZERO32
from vault.protocol.statements import Fetch, Keys, Login
from vault.protocol.vocabulary import KeysReason, StatementType

FIRST_AFTER = after_mark(ZERO32, None)
SEEN_NOTHING = seen_mark(ZERO32, 0, ZERO32)


def bearer(credential: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {credential}"}


def first_keys(name: str, at: int, **changes: Any) -> Statement:
    """The `keys` statement with which `name` begins."""
    members = {
        "suite": 1, "type": StatementType.KEYS, "audience": AUDIENCE, "id": short("keys", name), "by": account(name),
        "key": sign_key(name).key, "at": at, "after": FIRST_AFTER, "seen": SEEN_NOTHING,
        "account": account(name), "generation": 1, "sign": sign_key(name), "seal": seal_key(name),
        "reason": KeysReason.CREATE, "minimum_suite": 1,
    }  # fmt: skip
    return sign(Keys.model_validate(members | changes), [seed(name)])


async def join(http: httpx.AsyncClient, deployment: Deployment, name: str) -> httpx.Response:
    """The answer to the first keys of `name`, sent with a new enrolment token."""
    statement = first_keys(name, deployment.clock())
    body = {"statement": statement.envelope.to_json()}
    return await http.post("/v1/accounts", json=body, headers=bearer(deployment.enrolment()))


async def ask_challenge(http: httpx.AsyncClient, of: bytes) -> bytes:
    answer = await http.post("/v1/login/challenges", json={"account": of.hex()})
    assert answer.status_code == 201
    return bytes.fromhex(answer.json()["challenge"])


def login_statement(name: str, challenge: bytes, at: int, **changes: Any) -> Statement:
    """The answer of `name` to a challenge, a `fetch` where a `slot` is named; `seeds` sign it, else the first."""
    seeds = changes.pop("seeds", [seed(name)])
    model = Fetch if "slot" in changes else Login
    members = {
        "suite": 1, "type": model.TYPE, "audience": AUDIENCE, "id": short("login", challenge.hex()),
        "by": account(name), "key": sign_key(name).key, "at": at, "after": None, "seen": None, "url": URL,
        "challenge": challenge, "expires": at + CHALLENGE_SECONDS,
    }  # fmt: skip
    return sign(model.model_validate(members | changes), seeds)


async def send_login(http: httpx.AsyncClient, statement: Statement) -> httpx.Response:
    return await http.post("/v1/login/tokens", json={"statement": statement.envelope.to_json()})


async def log_in(http: httpx.AsyncClient, deployment: Deployment, name: str) -> str:
    """A `person` token of somebody who has joined."""
    challenge = await ask_challenge(http, account(name))
    answer = await send_login(http, login_statement(name, challenge, deployment.clock()))
    assert answer.status_code == 201
    return str(answer.json()["token"])
