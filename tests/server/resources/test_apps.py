from pathlib import Path

import httpx
import pytest

from tests.server.deployments import APP, NOW, Deployment, deployed
from vault.protocol.limits import ENROLMENT_MAXIMUM_SECONDS
from vault.server.clock import random_bytes
from vault.server.resources.apps.actions import AppError, create_app, disable_app, require_slug, rotate_app
from vault.server.settings import LimitSettings


def bearer(credential: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {credential}"}


async def test_an_app_sees_its_slug_and_two_counts(deployment: Deployment, http: httpx.AsyncClient) -> None:
    deployment.enrolment()
    answer = await http.get("/v1/app", headers=bearer(deployment.app_key))
    assert answer.json() == {"app": APP, "enrolments": {"issued": 1, "used": 0}}


async def test_an_app_issues_a_token_for_seven_days(deployment: Deployment, http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/enrolments", json={}, headers=bearer(deployment.app_key))
    assert answer.status_code == 201
    made = answer.json()
    assert made.keys() == {"token", "expires"}
    assert made["token"].startswith("cve_")
    assert made["expires"] == NOW + 7 * 86_400


async def test_an_app_chooses_how_long_a_token_can_be_used(deployment: Deployment, http: httpx.AsyncClient) -> None:
    body = {"expires_in_seconds": 60}
    answer = await http.post("/v1/enrolments", json=body, headers=bearer(deployment.app_key))
    assert answer.json()["expires"] == NOW + 60


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"expires_in_seconds": 0}, ("/expires_in_seconds", "greater_than_equal")),
        ({"expires_in_seconds": ENROLMENT_MAXIMUM_SECONDS + 1}, ("/expires_in_seconds", "less_than_equal")),
        ({"expires_in_seconds": "60"}, ("/expires_in_seconds", "int_type")),
        ({"expires_in_seconds": True}, ("/expires_in_seconds", "int_type")),
        ({"expires_in_seconds": None}, ("/expires_in_seconds", "int_type")),
        ({"person": "Lena"}, ("", "extra_forbidden")),
    ],
)
async def test_a_wrong_body_issues_nothing(
    deployment: Deployment, http: httpx.AsyncClient, body: dict[str, object], error: tuple[str, str]
) -> None:
    before = deployment.digest()
    answer = await http.post("/v1/enrolments", json=body, headers=bearer(deployment.app_key))
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": error[0], "rule": error[1]}]
    assert "Lena" not in answer.text
    assert deployment.digest() == before


async def test_an_app_that_issues_too_many_waits(tmp_path: Path, database: str) -> None:
    with deployed(tmp_path, LimitSettings(enrolments_per_hour=2), database=database) as deployment:
        async with deployment.client() as http:
            for expected in (201, 201, 429):
                answer = await http.post("/v1/enrolments", json={}, headers=bearer(deployment.app_key))
                assert answer.status_code == expected
            assert answer.headers["retry-after"] == "3600"
            deployment.clock.move(3_600)
            answer = await http.post("/v1/enrolments", json={}, headers=bearer(deployment.app_key))
            assert answer.status_code == 201


@pytest.mark.parametrize("slug", ["", "Acme", "1acme", "-acme", "a b", "acmé", "a" * 41, "a\n"])
def test_a_slug_is_short_and_plain(slug: str) -> None:
    with pytest.raises(AppError):
        require_slug(slug)


def test_what_is_not_there_can_be_neither_rotated_nor_disabled(deployment: Deployment) -> None:
    before = deployment.digest()
    with pytest.raises(AppError, match="no app"):
        rotate_app(deployment.context.storage, "other", random_bytes)
    with pytest.raises(AppError, match="no app"):
        disable_app(deployment.context.storage, "other")
    with pytest.raises(AppError, match="already"):
        create_app(deployment.context.storage, APP, random_bytes, NOW)
    assert deployment.digest() == before
