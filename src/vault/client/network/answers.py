"""Read an answer as strictly as a statement: every answer has one shape, or is refused.

Source: docs/protocol.md section 13.
"""

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from vault.client.errors import Unreachable, VerificationError
from vault.client.network.calls import Answer
from vault.errors import FormatError
from vault.protocol.problems import Code, Refused, find_code
from vault.protocol.strict_json import read_json

Model = TypeVar("Model", bound=BaseModel)

PROBLEM_TYPE = "application/problem+json"
MEMBERS_OF_PROBLEMS = frozenset({"errors", "current", "after", "time"})
"""What a problem of this protocol may say beside its code; whatever else a server adds is left out."""


def read_answer(answer: Answer, model: type[Model]) -> Model:
    """The answer's body as `model`. Raises: Refused for a problem; VerificationError for any other shape."""
    require_success(answer)
    try:
        return model.model_validate(read_json(answer.body))
    except (FormatError, ValidationError):
        raise VerificationError("schema", "expected an answer of this protocol") from None


def require_success(answer: Answer) -> None:
    """Return for 200 to 299. Raises: Refused with the code that the server named; Unreachable for any other no.

    A no that is none of this protocol comes from something on the way, which cannot lie about anything: it has no keys.
    """
    if 200 <= answer.status < 300:
        return
    try:
        members = read_json(answer.body) if answer.media_type == PROBLEM_TYPE else None
    except FormatError:
        members = None
    code = find_code(members.get("code")) if isinstance(members, dict) else None
    if not isinstance(members, dict) or code is None:
        if answer.status >= 500:
            raise Refused(Code.BUSY, retry_after_seconds=answer.retry_after_seconds)
        raise Unreachable(f"something between you and the deployment answered: {answer.status}")
    more = {name: value for name, value in members.items() if name in MEMBERS_OF_PROBLEMS}
    raise Refused(code, retry_after_seconds=answer.retry_after_seconds, **more)


def is_passing(refused: Refused) -> bool:
    """Whether the no may be a yes later, for the same bytes: what it was said to stays in the outbox."""
    return refused.problem.status in (429, 500, 503)
