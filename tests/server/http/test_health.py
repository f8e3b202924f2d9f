"""What a probe is told: whether the process lives, and what a server that is not ready lacks, in closed words."""

import httpx
import pytest
from sqlalchemy import update

from tests.server.deployments import AUDIENCE, Deployment
from vault.protocol.problems import Code, Refused
from vault.server.storage.engine import Storage
from vault.server.storage.tables import tlog
from vault.tlog.checkpoint import Checkpoint, sign_checkpoint


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
async def test_a_probe_may_ask_for_the_headers_alone(http: httpx.AsyncClient, path: str) -> None:
    asked, told = await http.head(path), await http.get(path)
    assert (asked.status_code, asked.headers["content-length"]) == (200, told.headers["content-length"])


async def test_another_schema_is_named(deployment: Deployment, http: httpx.AsyncClient) -> None:
    with deployment.context.storage.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'other'")
    answer = await http.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "not-ready", "lacking": ["schema"]})
    assert (await http.head("/readyz")).status_code == 503


async def test_a_log_key_that_is_not_the_one_that_signed_is_named(
    deployment: Deployment, http: httpx.AsyncClient
) -> None:
    another = sign_checkpoint(Checkpoint(AUDIENCE, 1, bytes(32)), bytes(32)).to_bytes()
    with deployment.context.storage.writing() as connection:
        connection.execute(update(tlog).values(checkpoint=another))
    answer = await http.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "not-ready", "lacking": ["log-key"]})
    with deployment.context.storage.writing() as connection:
        connection.execute(update(tlog).values(checkpoint=None))


async def test_a_database_that_is_away_is_named(http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object) -> None:
        raise Refused(Code.STORAGE_AWAY)

    monkeypatch.setattr(Storage, "read", away)
    answer = await http.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "not-ready", "lacking": ["database"]})
    assert (await http.get("/livez")).status_code == 200
