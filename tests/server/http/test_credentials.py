from pathlib import Path

import httpx
import pytest

from tests.server.deployments import APP, Deployment
from tests.support.databases import SQLITE, only_on
from vault.server.clock import random_bytes
from vault.server.credentials import APP_PREFIX, LOGIN_PREFIX, credential_sha256, new_credential
from vault.server.resources.apps.actions import disable_app, rotate_app


def bearer(credential: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {credential}"}


async def ask(http: httpx.AsyncClient, headers: dict[str, str]) -> str:
    answer = await http.get("/v1/app", headers=headers)
    assert answer.status_code in (200, 401, 403)
    assert (answer.headers.get("www-authenticate") == "Bearer") == (answer.status_code == 401)
    return str(answer.json().get("code", "ok"))


async def test_an_app_key_is_let_in(deployment: Deployment, http: httpx.AsyncClient) -> None:
    assert await ask(http, bearer(deployment.app_key)) == "ok"


async def test_the_word_bearer_has_any_case(deployment: Deployment, http: httpx.AsyncClient) -> None:
    assert await ask(http, {"Authorization": f"bEARER {deployment.app_key}"}) == "ok"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Basic YTpi"},
        {"Cookie": "token=cva_x"},
        {"Authorization": "Bearer"},
    ],
)
async def test_without_a_bearer_credential_one_is_asked_for(http: httpx.AsyncClient, headers: dict[str, str]) -> None:
    assert await ask(http, headers) == "credential-missing"


async def test_two_credentials_are_none(deployment: Deployment, http: httpx.AsyncClient) -> None:
    twice = [("Authorization", f"Bearer {deployment.app_key}")] * 2
    answer = await http.get("/v1/app", headers=twice)
    assert answer.json()["code"] == "credential-missing"


@pytest.mark.parametrize(
    "change", [lambda key: key[:-1], lambda key: key + "A", lambda key: key.upper(), lambda key: ""]
)
async def test_a_text_that_is_no_credential_has_ended(
    deployment: Deployment, http: httpx.AsyncClient, change: object
) -> None:
    assert callable(change)
    assert await ask(http, bearer(change(deployment.app_key))) == "credential-ended"


async def test_a_key_that_was_never_made_has_ended(http: httpx.AsyncClient) -> None:
    assert await ask(http, bearer(new_credential(APP_PREFIX, random_bytes)[0])) == "credential-ended"


async def test_another_kind_of_credential_is_wrong_here(deployment: Deployment, http: httpx.AsyncClient) -> None:
    assert await ask(http, bearer(deployment.enrolment())) == "credential-wrong"
    assert await ask(http, bearer(new_credential(LOGIN_PREFIX, random_bytes)[0])) == "credential-wrong"


async def test_a_disabled_app_is_let_in_no_more(deployment: Deployment, http: httpx.AsyncClient) -> None:
    disable_app(deployment.context.storage, APP)
    assert await ask(http, bearer(deployment.app_key)) == "credential-ended"


async def test_after_a_rotation_only_the_new_key_is_let_in(deployment: Deployment, http: httpx.AsyncClient) -> None:
    disable_app(deployment.context.storage, APP)
    key = rotate_app(deployment.context.storage, APP, random_bytes)
    assert await ask(http, bearer(deployment.app_key)) == "credential-ended"
    assert await ask(http, bearer(key)) == "ok"


def test_a_credential_carries_256_bits_and_is_stored_as_its_hash() -> None:
    text, sha256 = new_credential(APP_PREFIX, lambda size: bytes(range(size)))
    assert text == "cva_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    assert sha256 == credential_sha256(text)
    assert len(sha256) == 32


@only_on(SQLITE)
def test_no_credential_lies_in_the_database(deployment: Deployment) -> None:
    token = deployment.enrolment()
    stored = deployment.context.settings.database.removeprefix("sqlite:///")
    deployment.context.storage.sweep()
    raw = Path(stored).read_bytes()
    assert credential_sha256(token) in raw
    for credential in (token, deployment.app_key):
        assert credential.encode() not in raw
        assert credential[4:].encode() not in raw
