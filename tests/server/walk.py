"""A walk over every operation of the API, once, with the same bytes in every run.

What it sent and what came back are the examples of the API's description: they are real, and whoever sends them to a
deployment in the same state gets the same answers.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from tests.policy.worlds import ENGAGEMENT, FULL, START
from tests.server.deployments import Deployment, deployed
from tests.server.served_world import ServedWorld, fetch_seed
from tests.support.authoring import by, sign, write
from tests.support.noise import noise
from tests.support.people import account, short
from vault import ed25519
from vault.encoding import write_base64
from vault.protocol.envelope import Statement
from vault.protocol.ids import key_id
from vault.protocol.limits import CHALLENGE_SECONDS
from vault.protocol.statements import AttachmentRef, Fetch, Introduction, Login
from vault.protocol.vocabulary import ItemKind, KeysReason, StatementType

URL = "https://vault.example"
AUDIENCE = "vault.example/log"
PEOPLE = ("coach", "coachee", "sponsor")
STRANGER = "stranger"
"""Somebody who has an account and no part in the engagement."""

Examples = dict[str, dict[str, Any]]


def counted() -> Callable[[int], bytes]:
    """Bytes that look random, the same ones in every run."""
    calls = iter(range(10**9))
    return lambda size: noise(size, "random", next(calls))


class Walk:
    """One client of one deployment that keeps what it sent and got, by operation."""

    def __init__(self, deployment: Deployment, http: httpx.AsyncClient) -> None:
        self.deployment, self.http = deployment, http
        self.world = ServedWorld((*PEOPLE, STRANGER))
        self.tokens: dict[str, str] = {}
        self.examples: Examples = {}

    async def step(
        self, operation: str, method: str, path: str, body: Any = None, credential: str | None = None
    ) -> Any:
        """The answer of one operation, which must succeed; the first time it is kept as the example."""
        headers = {} if credential is None else {"Authorization": f"Bearer {credential}"}
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body)
        answer = await self.http.request(method, path, content=content, headers=headers)
        assert answer.is_success, (operation, answer.status_code, answer.text)
        is_json = answer.headers.get("content-type") == "application/json"
        value = answer.json() if is_json else None
        example = {"path": path, "status": answer.status_code}
        if body is not None:
            example["request"] = body
        if is_json and operation != "openapi":
            example["answer"] = value
        self.examples.setdefault(operation, example)
        return value

    async def put(self, operation: str, by: str, path: str, content: bytes) -> None:
        """Bytes that are not JSON; the description shows none of them."""
        headers = {
            "Authorization": f"Bearer {self.tokens[by]}",
            "Content-Digest": f"sha-256=:{write_base64(sha256(content).digest())}:",
        }
        answer = await self.http.put(path, content=content, headers=headers)
        assert answer.is_success, (operation, answer.status_code, answer.text)
        self.examples.setdefault(operation, {"path": path, "status": answer.status_code})

    async def write(self, operation: str, by: str, path: str, statement: Statement) -> Any:
        """The answer to a statement, which the world takes over as well."""
        answer = await self.step(operation, "POST", path, self.world.submission(statement), self.tokens[by])
        self.world.add(statement)
        return answer

    async def read(self, operation: str, by: str, path: str) -> Any:
        return await self.step(operation, "GET", path, None, self.tokens[by])

    async def log_in(self, name: str, slot: int | None = None) -> str:
        asked = await self.step("createChallenge", "POST", "/v1/login/challenges", {"account": account(name).hex()})
        answer = {"challenge": asked["challenge"], "expires": START + CHALLENGE_SECONDS, "url": URL}
        model = Login if slot is None else Fetch
        said = {"id": short(model.TYPE, name, len(self.tokens)), **by(name), **answer}
        if slot is None:
            statement = sign(write(Login, None, START, **said), name)
        else:
            secret = fetch_seed(name, slot)
            said |= {"key": key_id(1, ed25519.public_key(secret)), "slot": slot}
            statement = sign(write(Fetch, None, START, **said), secret)
        body = {"statement": statement.envelope.to_json()}
        return str((await self.step("createToken", "POST", "/v1/login/tokens", body))["token"])


async def take_walk(folder: Path) -> Examples:
    """The examples by operationId: path, status, and request and answer where there are any."""
    with deployed(folder, url=URL, now=START, random=counted()) as deployment:
        async with deployment.client() as http:
            walk = Walk(deployment, http)
            await walk_to_the_disclosure(walk)
            await leave(walk)
            return walk.examples


async def walk_to_the_disclosure(walk: Walk) -> None:
    """All of the walk but its last steps: the engagement is open, everybody has a token."""
    await _ask_the_deployment(walk)
    await _join(walk)
    await _agree(walk)
    await _write_and_disclose(walk)


async def _ask_the_deployment(walk: Walk) -> None:
    for operation, path in (
        ("getDeployment", "/v1/deployment"),
        ("listProblems", "/problems"),
        ("getProblem", "/problems/disclosure-ended"),
        ("live", "/livez"),
        ("ready", "/readyz"),
        ("openapi", "/openapi.json"),
    ):
        await walk.step(operation, "GET", path)


async def _join(walk: Walk) -> None:
    world, key = walk.world, walk.deployment.app_key
    for name in (*PEOPLE, STRANGER):
        made = await walk.step("createEnrolment", "POST", "/v1/enrolments", {"expires_in_seconds": 86_400}, key)
        await walk.step("createAccount", "POST", "/v1/accounts", world.first_keys(name), made["token"])
        walk.tokens[name] = await walk.log_in(name)
    await walk.step("getApp", "GET", "/v1/app", None, key)
    coach = account("coach").hex()
    await walk.write("createKeyring", "coach", f"/v1/accounts/{coach}/keyring", world.write_keyring("coach"))
    await walk.step("getSlotHeader", "GET", f"/v1/accounts/{coach}/slots/2")
    walk.tokens["coach's new device"] = await walk.log_in("coach", slot=2)
    await walk.read("getKeyring", "coach's new device", f"/v1/accounts/{coach}/keyring")
    await walk.step("deleteToken", "DELETE", "/v1/login/tokens/current", None, walk.tokens.pop("coach's new device"))
    members = {"id": short(StatementType.INTRODUCTION, "coachee", 0), "to": account("coach"), "mac": bytes(32)}
    introduction = sign(write(Introduction, None, START, **by("coachee"), **members), "coachee")
    body = {"statement": introduction.envelope.to_json()}
    await walk.step("createIntroduction", "POST", "/v1/introductions", body, walk.tokens["coachee"])
    await walk.read("listIntroductions", "coach", "/v1/introductions")
    await walk.read("listKeys", "coach", f"/v1/accounts/{account('coachee').hex()}/keys")


async def _agree(walk: Walk) -> None:
    world, place = walk.world, f"/v1/engagements/{ENGAGEMENT.hex()}"
    roles = {name: FULL[name] for name in PEOPLE}
    first = world.write_contract("coach", roles=roles, contacts=(world.contact(None),))
    await walk.write("createEngagement", "coach", "/v1/engagements", first)
    for name in PEOPLE:
        await walk.write("createAssent", name, f"{place}/assents", world.write_assent(name, first.id))
    second = world.write_contract("coachee", roles=roles, contacts=(world.contact(None),))
    await walk.write("createContract", "coachee", f"{place}/contracts", second)
    for name in PEOPLE:
        await walk.write("createAssent", name, f"{place}/assents", world.write_assent(name, second.id))
    await walk.read("listEngagements", "sponsor", "/v1/engagements")
    await walk.read("getEngagement", "coachee", place)
    text = second.body.model_dump(mode="json")["text"]["sha256"]
    await walk.read("getBlob", "sponsor", f"{place}/blobs/{text}")


async def _write_and_disclose(walk: Walk) -> None:
    world, place = walk.world, f"/v1/engagements/{ENGAGEMENT.hex()}"
    attachment, content = short("attachment"), noise(9_000, "attachment")
    at = f"{place}/attachments/{attachment.hex()}"
    await walk.put("putAttachmentPart", "coach", f"{at}/parts/1", content)
    await walk.read("getAttachmentParts", "coach", f"{at}/parts")
    ref = AttachmentRef(id=attachment, sha256=sha256(content).digest(), size=len(content))
    note = world.write_item("coach", ItemKind.NOTE, attachments=(ref,))
    item = note.body.model_dump(mode="json")["item"]
    await walk.write("createItem", "coach", f"{place}/items", note)
    await walk.read("listItems", "coachee", f"{place}/items")
    await walk.read("listContents", "coachee", f"{place}/contents")
    await walk.read("getItem", "coachee", f"{place}/items/{item}")
    await walk.read("getAttachment", "coachee", at)
    await walk.read("listReaders", "coachee", f"{place}/items/{item}/readers")
    summary = world.write_item("coachee", ItemKind.SUMMARY, sealed=("coachee",))
    await walk.write("createItem", "coachee", f"{place}/items", summary)
    reseal = world.write_reseal("coachee", bytes.fromhex(summary.body.model_dump(mode="json")["item"]), ("coach",))
    await walk.write("createReseal", "coachee", f"{place}/reseals", reseal)
    disclosure = world.write_disclosure("coachee", "sponsor")
    await walk.write("createDisclosure", "coachee", f"{place}/disclosures", disclosure)
    await walk.read("listDisclosures", "sponsor", f"{place}/disclosures")
    await walk.write("createOpening", "sponsor", f"{place}/openings", world.write_opening("sponsor", disclosure.id))
    await walk.read("getDisclosureContent", "sponsor", f"{place}/disclosures/{disclosure.id.hex()}/content")
    withdrawal = world.write_withdrawal("coachee", disclosure.id)
    await walk.write("createWithdrawal", "coachee", f"{place}/withdrawals", withdrawal)
    await walk.read("listJournal", "coach", f"{place}/journal?after=8")
    await walk.read("listEscalationsJournal", "coach", f"{place}/escalations/journal")


async def leave(walk: Walk) -> None:
    """The last steps: the engagement is closed, and the sponsor has new keys."""
    world, place = walk.world, f"/v1/engagements/{ENGAGEMENT.hex()}"
    await walk.write("createClosure", "coach", f"{place}/closures", world.write_closure("coach"))
    keys = world.write_keys("sponsor", sign_generation=2, seal_generation=2, reason=KeysReason.ROTATE)
    await walk.write("createKeys", "sponsor", f"/v1/accounts/{account('sponsor').hex()}/keys", keys)
    await _read_the_log(walk)


async def _read_the_log(walk: Walk) -> None:
    for operation, path in (
        ("getCheckpoint", "/log/checkpoint"),
        ("getTile", "/log/tile/0/000.p/5"),
        ("getEntries", "/log/tile/entries/000.p/5"),
    ):
        await walk.step(operation, "GET", path)


def write_examples(examples: Examples) -> str:
    """The bytes of the recorded file."""
    return json.dumps(examples, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        Path(sys.argv[1]).write_text(write_examples(asyncio.run(take_walk(Path(folder)))), encoding="utf-8")
