import httpx
import pytest

from tests.server.deployments import AUDIENCE, NOW, SECRETS, URL
from vault.encoding import write_base64
from vault.protocol.problems import PROBLEMS


async def test_a_deployment_tells_its_names_key_limits_and_clock(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/deployment")
    said = answer.json()
    assert (said["audience"], said["url"], said["suite"], said["time"]) == (AUDIENCE, URL, 1, NOW)
    assert said["deployment_key"] == write_base64(SECRETS.deployment().sign_public)
    assert said["limits"] == {
        "body_bytes": 524_288, "blob_bytes": 262_224, "page": 200, "part_bytes": 8_388_608, "upload_bytes": 5 * 1024**3
    }  # fmt: skip


async def test_every_problem_type_leads_to_its_page(http: httpx.AsyncClient) -> None:
    for code, problem in PROBLEMS.items():
        told = (await http.get(f"/problems/{code}")).json()
        assert told == {
            "code": code, "status": problem.status, "title": problem.title, "what_to_do": problem.what_to_do
        }  # fmt: skip
        page = await http.get(f"/problems/{code}", headers={"Accept": "text/html,*/*;q=0.8"})
        assert page.headers["content-type"].startswith("text/html")
        assert page.headers["content-security-policy"] == "default-src 'none'"
        assert code in page.text


async def test_all_problems_are_listed_as_json_or_as_a_page(http: httpx.AsyncClient) -> None:
    listed = (await http.get("/problems")).json()["data"]
    assert [each["code"] for each in listed] == list(PROBLEMS)
    page = await http.get("/problems", headers={"Accept": "text/html"})
    assert all(f'"/problems/{code}"' in page.text for code in PROBLEMS)
    assert (await http.get("/problems", headers={"Accept": "application/json, text/html"})).json()["data"]


@pytest.mark.parametrize("code", ["nothing", "Busy", "%3Cscript%3E", "busy%00"])
async def test_an_unknown_problem_is_not_found(http: httpx.AsyncClient, code: str) -> None:
    answer = await http.get(f"/problems/{code}", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_a_query_that_is_not_known_is_refused_on_every_read(http: httpx.AsyncClient) -> None:
    for path in ("/v1/deployment", "/problems", "/problems/busy", "/livez", "/readyz", "/openapi.json"):
        answer = await http.get(path, params={"private": "1"})
        assert (answer.status_code, answer.json()["code"]) == (422, "schema")
        assert "private" not in answer.text
