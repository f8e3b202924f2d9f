"""Ask the server something as a person: with a token, and with answers of one shape alone."""

from typing import TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel

from vault.client.device.session import Session
from vault.client.errors import VerificationError
from vault.client.network.answers import read_answer, require_success
from vault.client.network.calls import Act, Answer, Call
from vault.client.reading.logging_in import log_in
from vault.protocol.api import Contents, Disclosures, Engagements, Introductions, Page

Listed = Page | Contents | Engagements | Disclosures | Introductions
Model = TypeVar("Model", bound=BaseModel)

PAGE = 200
PAGE_ANSWER_BYTES = 32 * 1024 * 1024


def get(session: Session, path: str, model: type[Model], **query: str | int) -> Act[Model]:
    """What the server answers to a person's GET, logging in where that is needed."""
    answer = yield from call_as_person(session, "GET", path + (f"?{urlencode(query)}" if query else ""))
    return read_answer(answer, model)


def goes_on(page: Listed, seen: set[str] | None = None) -> bool:
    """Whether another page follows. `seen` collects the cursors of a list whose order nothing else proves.

    Raises: VerificationError for a list that leads nowhere or in a circle.
    """
    if page.next is None:
        return False
    if not page.data or (seen is not None and page.next in seen):
        raise VerificationError("schema", "expected a list that ends")
    if seen is not None:
        seen.add(page.next)
    return True


def get_bytes(session: Session, path: str, limit_bytes: int) -> Act[bytes]:
    """The raw bytes behind `path`, at most `limit_bytes`."""
    answer = yield from call_as_person(session, "GET", path, answer_bytes=limit_bytes)
    require_success(answer)
    return answer.body


def call_as_person(
    session: Session,
    method: str,
    path: str,
    body: bytes | None = None,
    answer_bytes: int = PAGE_ANSWER_BYTES,
    **headers: str,
) -> Act[Answer]:
    """The answer to one call with a login token; a token that has ended is replaced once.

    A keyword such as `content_type` becomes the header of that name.
    """
    named = tuple((name.replace("_", "-").title(), text) for name, text in headers.items())
    token = yield from log_in(session)
    answer = yield Call(method, path, body, token, answer_bytes, named)
    if answer.status == 401:
        session.memory.token = None
        token = yield from log_in(session)
        answer = yield Call(method, path, body, token, answer_bytes, named)
    return answer
