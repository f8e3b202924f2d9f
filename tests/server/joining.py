"""People with fixed keys who join a deployment over its own routes; nothing of a client is used."""

from typing import Any

import httpx

from tests.server.deployments import AUDIENCE, URL, Deployment
from tests.support.authoring import FIRST_KEYS, by, sign, write
from tests.support.people import account, seal_key, short, sign_key
from vault.protocol.envelope import Statement
from vault.protocol.limits import CHALLENGE_SECONDS
from vault.protocol.statements import Fetch, Keys, Login
from vault.protocol.vocabulary import KeysReason


def bearer(credential: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {credential}"}


def first_keys(name: str, at: int, **changes: Any) -> Statement:
    """The `keys` statement with which `name` begins."""
    body = write(
        Keys, FIRST_KEYS, at, audience=AUDIENCE, id=short("keys", name), **by(name), account=account(name),
        generation=1, sign=sign_key(name), seal=seal_key(name), reason=KeysReason.CREATE, minimum_suite=1,
    )  # fmt: skip
    return sign(body, name, **changes)


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
    signers = changes.pop("seeds", [name])
    members = {
        "audience": AUDIENCE, "id": short("login", challenge.hex()), **by(name), "url": URL, "challenge": challenge,
        "expires": at + CHALLENGE_SECONDS,
    }  # fmt: skip
    model = Fetch if "slot" in changes else Login
    return sign(write(model, None, at, **members | changes), *signers)


async def send_login(http: httpx.AsyncClient, statement: Statement) -> httpx.Response:
    return await http.post("/v1/login/tokens", json={"statement": statement.envelope.to_json()})


async def log_in(http: httpx.AsyncClient, deployment: Deployment, name: str) -> str:
    """A `person` token of somebody who has joined."""
    challenge = await ask_challenge(http, account(name))
    answer = await send_login(http, login_statement(name, challenge, deployment.clock()))
    assert answer.status_code == 201
    return str(answer.json()["token"])
