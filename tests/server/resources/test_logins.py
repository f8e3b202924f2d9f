from pathlib import Path

import httpx
import pytest

from tests.server.deployments import NOW, Deployment, deployed
from tests.server.joining import ask_challenge, bearer, join, log_in, login_statement, send_login
from tests.support.people import account, seed, sign_key
from vault.protocol.limits import CHALLENGE_SECONDS, PERSON_TOKEN_SECONDS
from vault.server.credentials import credential_sha256
from vault.server.settings import LimitSettings
from vault.server.storage.credentials import find_token

STRANGER = account("Nobody")


@pytest.fixture
async def lena(deployment: Deployment, http: httpx.AsyncClient) -> bytes:
    assert (await join(http, deployment, "Lena")).status_code == 201
    return account("Lena")


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_login_is_worth_a_token_of_fifteen_minutes(
    deployment: Deployment, http: httpx.AsyncClient, lena: bytes
) -> None:
    challenge = await ask_challenge(http, lena)
    answer = await send_login(http, login_statement("Lena", challenge, NOW))
    assert answer.status_code == 201
    made = answer.json()
    assert made == {"token": made["token"], "scope": "person", "expires": NOW + PERSON_TOKEN_SECONDS}
    headers = bearer(made["token"])
    assert (await http.get("/v1/engagements", headers=headers)).status_code == 200
    deployment.clock.move(PERSON_TOKEN_SECONDS - 1)
    assert (await http.get("/v1/engagements", headers=headers)).status_code == 200
    deployment.clock.move(1)
    assert code(await http.get("/v1/engagements", headers=headers)) == (401, "credential-ended")


async def test_a_challenge_tells_nothing_about_the_account(http: httpx.AsyncClient, lena: bytes) -> None:
    known, unknown = [
        await http.post("/v1/login/challenges", json={"account": each.hex()}) for each in (lena, STRANGER)
    ]
    assert known.status_code == unknown.status_code == 201
    assert known.json().keys() == unknown.json().keys() == {"challenge", "expires"}
    assert known.json()["expires"] == unknown.json()["expires"] == NOW + CHALLENGE_SECONDS
    assert len(known.content) == len(unknown.content)
    assert known.json()["challenge"] != unknown.json()["challenge"]


@pytest.mark.parametrize("text", ["", "ab", "AB" * 32, "ab" * 33, 7, None, ["ab" * 32]])
async def test_a_challenge_is_asked_with_an_account(http: httpx.AsyncClient, text: object) -> None:
    answer = await http.post("/v1/login/challenges", json={"account": text})
    assert code(answer) == (422, "schema")
    assert answer.json()["errors"][0]["pointer"] == "/account"


async def test_a_challenge_is_taken_once(http: httpx.AsyncClient, lena: bytes) -> None:
    statement = login_statement("Lena", await ask_challenge(http, lena), NOW)
    assert (await send_login(http, statement)).status_code == 201
    assert code(await send_login(http, statement)) == (401, "challenge-ended")


async def test_a_refused_login_takes_the_challenge_too(http: httpx.AsyncClient, lena: bytes) -> None:
    challenge = await ask_challenge(http, lena)
    refused = await send_login(http, login_statement("Lena", challenge, NOW, url="https://other.example"))
    assert code(refused) == (401, "login-refused")
    assert code(await send_login(http, login_statement("Lena", challenge, NOW))) == (401, "challenge-ended")


async def test_a_challenge_ends_after_a_minute(deployment: Deployment, http: httpx.AsyncClient, lena: bytes) -> None:
    challenge = await ask_challenge(http, lena)
    deployment.clock.move(CHALLENGE_SECONDS)
    statement = login_statement("Lena", challenge, deployment.clock())
    assert code(await send_login(http, statement)) == (401, "challenge-ended")


async def test_a_login_that_has_ended_by_its_own_word_is_refused(http: httpx.AsyncClient, lena: bytes) -> None:
    statement = login_statement("Lena", await ask_challenge(http, lena), NOW, expires=NOW)
    assert code(await send_login(http, statement)) == (401, "challenge-ended")


async def test_a_challenge_that_was_never_made_has_ended(http: httpx.AsyncClient, lena: bytes) -> None:
    assert code(await send_login(http, login_statement("Lena", bytes(32), NOW))) == (401, "challenge-ended")


async def test_a_challenge_of_somebody_else_is_neither_answered_nor_taken(http: httpx.AsyncClient, lena: bytes) -> None:
    challenge = await ask_challenge(http, lena)
    assert code(await send_login(http, login_statement("Marek", challenge, NOW))) == (401, "challenge-ended")
    assert (await send_login(http, login_statement("Lena", challenge, NOW))).status_code == 201


async def test_unknown_account_wrong_key_wrong_url_and_wrong_signature_are_one_refusal(
    http: httpx.AsyncClient, lena: bytes
) -> None:
    challenges = [await ask_challenge(http, each) for each in (STRANGER, lena, lena, lena, lena, lena)]
    statements = [
        login_statement("Nobody", challenges[0], NOW),
        login_statement("Lena", challenges[1], NOW, key=sign_key("Marek").key, seeds=[seed("Marek")]),
        login_statement("Lena", challenges[2], NOW, seeds=[seed("Marek")]),
        login_statement("Lena", challenges[3], NOW, url="http://127.0.0.1:8002"),
        login_statement("Lena", challenges[4], NOW, key=sign_key("Marek").key),
        login_statement("Lena", challenges[5], NOW, seeds=[seed("Lena"), seed("Lena")]),
    ]
    answers = [await send_login(http, statement) for statement in statements]
    assert {code(answer) for answer in answers} == {(401, "login-refused")}
    assert len({answer.content for answer in answers}) == 1


async def test_a_login_for_another_deployment_is_refused_by_name(http: httpx.AsyncClient, lena: bytes) -> None:
    statement = login_statement("Lena", await ask_challenge(http, lena), NOW, audience="other.example/log")
    assert code(await send_login(http, statement)) == (422, "audience")


async def test_a_login_has_no_parts(http: httpx.AsyncClient, lena: bytes) -> None:
    statement = login_statement("Lena", await ask_challenge(http, lena), NOW)
    body = {"statement": statement.envelope.to_json(), "blob": "AAAA"}
    assert code(await http.post("/v1/login/tokens", json=body)) == (422, "part-surplus")


async def test_logging_out_ends_the_token_at_once(deployment: Deployment, http: httpx.AsyncClient, lena: bytes) -> None:
    token, other = await log_in(http, deployment, "Lena"), await log_in(http, deployment, "Lena")
    answer = await http.delete("/v1/login/tokens/current", headers=bearer(token))
    assert (answer.status_code, answer.content) == (204, b"")
    assert code(await http.delete("/v1/login/tokens/current", headers=bearer(token))) == (401, "credential-ended")
    assert (await http.get("/v1/engagements", headers=bearer(other))).status_code == 200


async def test_tokens_and_challenges_that_have_ended_do_not_stay(
    deployment: Deployment, http: httpx.AsyncClient, lena: bytes
) -> None:
    token = await log_in(http, deployment, "Lena")
    await ask_challenge(http, lena)
    deployment.clock.move(PERSON_TOKEN_SECONDS)
    await log_in(http, deployment, "Lena")
    with deployment.context.storage.reading() as connection:
        assert find_token(connection, credential_sha256(token), 0) is None
        assert connection.exec_driver_sql("SELECT count(*) FROM challenges").scalar_one() == 0
        assert connection.exec_driver_sql("SELECT count(*) FROM tokens").scalar_one() == 1


async def test_whoever_asks_for_too_many_challenges_keeps_nobody_else_out(tmp_path: Path, database: str) -> None:
    limits = LimitSettings(challenges_per_minute=2, challenges_of_peer_per_minute=3)
    with deployed(tmp_path, limits, database=database) as deployment:
        body = {"account": STRANGER.hex()}
        async with deployment.client("192.0.2.1") as attacker, deployment.client("2001:db8::1") as owner:
            statuses = [(await attacker.post("/v1/login/challenges", json=body)).status_code for _ in range(3)]
            assert statuses == [201, 201, 429]
            assert (await owner.post("/v1/login/challenges", json=body)).status_code == 201
            other = {"account": account("Lena").hex()}
            answer = await attacker.post("/v1/login/challenges", json=other)
            assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
        async with deployment.client("2001:db8::2") as neighbour:
            statuses = [(await neighbour.post("/v1/login/challenges", json=body)).status_code for _ in range(2)]
            assert statuses == [201, 429]
