"""The recorded story of the vectors, told to the real server: its blobs and seals go in, its heads come out."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from tests.server import deployments
from tests.server.deployments import Deployment
from tests.server.replaying import compare_with_rows
from tests.support.authoring import sign, write
from tests.vectors.reading import raw, read_vectors
from vault.encoding import write_base64
from vault.protocol.statements import Login
from vault.protocol.submission import Submission
from vault.protocol.vocabulary import JOURNAL_KIND_CODES, StatementType
from vault.server.resources.engagements.rows.written import add_assent
from vault.server.resources.erasures.rows import erase
from vault.server.resources.escalations.rows import add_escalation
from vault.server.secrets_file import Secrets
from vault.server.sequencer.collections import Collection, Project
from vault.server.sequencer.submit import submit
from vault.server.storage.tables import journals

URL = "https://vault.example"
COLLECTIONS = {
    "contract": "", "assent": "/assents", "item": "/items", "reseal": "/reseals", "disclosure": "/disclosures",
    "opening": "/openings", "withdrawal": "/withdrawals", "closure": "/closures",
}  # fmt: skip
DIRECTLY: dict[str, Project] = {
    "request": lambda _connection, _written, _submission, _effects: None,
    "escalation": add_escalation,
    "erasure": erase,
    "assent": add_assent,
}

LATER = {"request", "escalation", "erasure"}
NOT_SERVED_YET = {"assent of otto"}
"""A contact is told of an engagement once an escalation to it stands; before that its route says not-found."""

STATEMENTS = {one["name"]: one for one in read_vectors("statements")["statements"]}
PEOPLE = {one["name"]: one for one in read_vectors("people")["people"]}
BLOBS = {one["statement"]: one["blob"] for one in read_vectors("blobs")["blobs"]}
SEALS = read_vectors("seals")["seals"]
ATTACHMENTS = {one["sha256"]: one["stored"] for one in read_vectors("attachments")["attachments"]}


def list_entries() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """(journal, entry) of all journals, in the order in which they were written."""
    journals = read_vectors("journals")["journals"]
    found = [(journal, entry) for journal in journals for entry in journal["entries"]]
    return sorted(found, key=lambda one: one[1]["time"])


def submission_of(journal: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    """The submission that carried the entry."""
    statement = STATEMENTS[entry["name"]]
    payload = json.loads(statement["payload"])
    body: dict[str, Any] = {"statement": statement["envelope"]}
    if "seals" in payload:
        by_account = {
            PEOPLE[seal["recipient"]]["account"]: seal for seal in SEALS if seal["statement"] == entry["name"]
        }
        body["seals"] = [by_account[seal["account"]]["seal"] for seal in payload["seals"]]
    if entry["name"] in BLOBS:
        body["blob"] = BLOBS[entry["name"]]
    if statement["type"] == "keyring":
        keyrings, slots = read_vectors("keyrings")["keyrings"], read_vectors("slots")["slots"]
        body["blob"] = next(one["keyring"] for one in keyrings if one["sequence"] == payload["sequence"])
        body["slots"] = [one["slot"] for one in slots if one["sequence"] == payload["sequence"]]
    if entry["seq"] == 1 and journal["kind"] in ("keyring", "engagement"):
        body["salt"] = write_base64(bytes.fromhex(journal["salt"]))
    return body


@pytest.fixture
def recorded(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """A server that is the deployment of the vectors."""
    seed = bytes.fromhex(PEOPLE["deployment"]["generations"][0]["sign_seed"])
    monkeypatch.setattr(deployments, "SECRETS", Secrets(bytes(32), seed, bytes(32)))
    with deployments.deployed(tmp_path, url=URL, database=database) as deployment:
        yield deployment
        with deployment.context.storage.reading() as connection:
            assert compare_with_rows(connection, deployment.context) > 30


async def log_in(http: httpx.AsyncClient, deployment: Deployment, name: str) -> str:
    """A token of the person, by the newest keys that the server has."""
    for keys in reversed(PEOPLE[name]["generations"]):
        account, seed = bytes.fromhex(PEOPLE[name]["account"]), bytes.fromhex(keys["sign_seed"])
        challenge = (await http.post("/v1/login/challenges", json={"account": account.hex()})).json()["challenge"]
        now = deployment.clock()
        body = write(
            Login, None, now, id=bytes(16), by=account, key=bytes.fromhex(keys["sign_key"]), url=URL,
            challenge=bytes.fromhex(challenge), expires=now + 60,
        )  # fmt: skip
        answer = await http.post("/v1/login/tokens", json={"statement": sign(body, seed).envelope.to_json()})
        if answer.status_code == 201:
            return str(answer.json()["token"])
    raise AssertionError(f"expected a login of {name}")


async def send(
    http: httpx.AsyncClient, deployment: Deployment, journal: dict[str, Any], entry: dict[str, Any]
) -> dict[str, Any]:
    """The answer to one recorded submission, sent to its own collection at its own time."""
    statement = STATEMENTS[entry["name"]]
    body = submission_of(journal, entry)
    subject, type_ = journal["subject"], statement["type"]
    if type_ in LATER or entry["name"] in NOT_SERVED_YET:
        return await submit_directly(deployment, body, type_, subject)
    if type_ == "keys" and entry["seq"] == 1:
        path, credential = "/v1/accounts", deployment.enrolment()
    else:
        credential = await log_in(http, deployment, statement["signer"])
        path = f"/v1/engagements/{subject}{COLLECTIONS.get(type_, '')}"
        if journal["kind"] in ("keys", "keyring"):
            path = f"/v1/accounts/{subject}/{journal['kind']}"
        elif type_ == "contract":
            path = "/v1/engagements"
    headers = {"Authorization": f"Bearer {credential}"}
    for attachment in json.loads(statement["payload"]).get("attachments", ()):
        stored = raw(ATTACHMENTS[attachment["sha256"]])
        digest = f"sha-256=:{write_base64(hashlib.sha256(stored).digest())}:"
        at = f"/v1/engagements/{subject}/attachments/{attachment['id']}/parts/1"
        put = await http.put(at, content=stored, headers={**headers, "Content-Digest": digest})
        assert put.status_code == 204, put.text
    answer = await http.post(path, json=body, headers=headers)
    assert answer.status_code == 201, (entry["name"], answer.text)
    members: dict[str, Any] = answer.json()
    return members


async def submit_directly(deployment: Deployment, body: dict[str, Any], type_: str, engagement: str) -> dict[str, Any]:
    """Types whose routes come later go through the same write path."""
    submission = Submission.from_json(body)
    collection = Collection(StatementType(type_), lambda _connection, _body: None, DIRECTLY[type_])
    queue = deployment.app.state.queue
    answer = await submit(deployment.context, queue, collection, submission, None, {"engagement": engagement})
    return answer.members


async def test_the_recorded_story_gives_the_recorded_heads(recorded: Deployment) -> None:
    newest: dict[tuple[str, str], str] = {}
    async with recorded.client() as http:
        for journal, entry in list_entries():
            if journal["subject"] == PEOPLE["deployment"]["account"]:
                continue  # the deployment's keys are in the trust policy, not in a journal
            recorded.clock.now = entry["time"]
            answer = await send(http, recorded, journal, entry)
            assert answer["statement"] == entry["statement"]
            assert answer["time"] == entry["time"]
            if answer["journal"] is not None:
                assert answer["journal"]["head"] == entry["head"]
            newest[journal["kind"], journal["subject"]] = entry["head"]
    with recorded.context.storage.reading() as connection:
        rows = connection.execute(select(journals.c.kind, journals.c.subject, journals.c.head)).all()
    codes = {code: kind.value for kind, code in JOURNAL_KIND_CODES.items()}
    assert {(codes[row.kind], row.subject.hex()): row.head.hex() for row in rows} == newest
