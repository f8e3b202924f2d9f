"""Raw requests past the SDK, each with the digest of all tables before and after it."""

import json
from typing import Any

import httpx

from scripts.demonstration.deployment import Deployment
from scripts.demonstration.people import Person
from scripts.demonstration.wire import Request
from tests.support.thief.promises import Refusal
from tests.support.thief.tables import digest
from vault.client.outbox.writing import common_members
from vault.client.reading.views import engagement_journal
from vault.protocol.envelope import Statement, sign
from vault.protocol.statements import MODELS, Body
from vault.protocol.vocabulary import StatementType


class Bench:
    """Sends requests as anybody with a terminal could."""

    def __init__(self, deployment: Deployment) -> None:
        """No refusal has been seen yet."""
        self.refusals: list[Refusal] = []
        self.url, self.database = deployment.url, deployment.database
        self._client = httpx.Client(base_url=deployment.url, trust_env=False, timeout=30)

    def send(self, method: str, path: str, credential: str | None, body: bytes | None = None) -> httpx.Response:
        """The server's answer."""
        headers = {} if credential is None else {"Authorization": f"Bearer {credential}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        return self._client.request(method, path, content=body, headers=headers)

    def refuse(
        self, code: str, who: str, what: str, credential: str | None, method: str, path: str, body: bytes | None = None
    ) -> None:
        """Send it, and note what came back beside the code that was promised."""
        before = digest(self.database)
        answer = self.send(method, path, credential, body)
        after = digest(self.database)
        self.refusals.append(Refusal(who, what, answer.status_code, _code_of(answer), code, before == after))

    def repeat(self, request: Request, credential: str) -> bool:
        """Whether a recorded write, sent again, gets its first answer and changes nothing."""
        before = digest(self.database)
        answer = self.send(request.method, request.path, credential, request.body)
        return answer.status_code == 200 and before == digest(self.database)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _code_of(answer: httpx.Response) -> str:
    if answer.headers.get("Content-Type", "").partition(";")[0] != "application/problem+json":
        return ""
    return str(answer.json().get("code", ""))


def signed(person: Person, type_: StatementType, engagement: bytes, **members: Any) -> Statement:
    """A statement of `person`'s on the newest place of the engagement's journal, whatever policy will say to it."""
    keys = person.session.acting_in(engagement)
    common = common_members(person.session, type_, engagement_journal(engagement), keys)
    return sign(MODELS[type_](**{**common, "engagement": engagement, **members}), [keys.sign_seed])


def signed_again(person: Person, request: Request, **changes: Any) -> bytes:
    """A recorded submission as `person` would sign it, with `changes`; its parts stay as they were."""
    body: Body = request.statement.body
    members = {name: getattr(body, name) for name in type(body).model_fields if name not in Body.model_fields}
    engagement = members.pop("engagement")
    statement = signed(person, body.type, engagement, **{**members, **changes})
    return with_parts(statement, **{name: part for name, part in _parts(request).items() if name != "salt"})


def with_parts(statement: Statement, **parts: Any) -> bytes:
    """The submission of a statement beside parts that are spelled already."""
    return json.dumps({"statement": statement.envelope.to_json(statement.body.key), **parts}).encode()


def _parts(request: Request) -> dict[str, Any]:
    members: dict[str, Any] = json.loads(request.body)
    return {name: part for name, part in members.items() if name != "statement"}
