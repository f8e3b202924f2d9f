"""Refusals as RFC 9457 problems, and the one place where they are made.

Two refusals of one code are equal byte for byte unless the protocol gives them a member: what is absent and what is
somebody else's cannot be told apart.
"""

from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from vault.errors import FormatError
from vault.protocol.problems import Code, Refused
from vault.server.errors import refusal_of
from vault.server.http.submissions import schema_refusal
from vault.server.metrics import count_refusal

PROBLEM_TYPE = "application/problem+json"
PROBLEMS_PATH = "/problems"

_UNAUTHORISED = 401
_METHOD_REFUSED = 405


def problem_members(refused: Refused) -> dict[str, Any]:
    """The members of a problem, in their order; bytes are written as hex."""
    problem = refused.problem
    return {
        "type": f"{PROBLEMS_PATH}/{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.what_to_do,
        "code": problem.code,
        **refused.members,
    }


def problem_answer(refused: Refused) -> Response:
    """The answer to a refused request, which is counted."""
    count_refusal(refused.code)
    headers = {}
    if refused.problem.status == _UNAUTHORISED:
        headers["WWW-Authenticate"] = "Bearer"
    if refused.retry_after_seconds is not None:
        headers["Retry-After"] = str(refused.retry_after_seconds)
    return Response(
        orjson.dumps(problem_members(refused), default=bytes.hex),
        status_code=refused.problem.status,
        headers=headers,
        media_type=PROBLEM_TYPE,
    )


def answer_problems(app: FastAPI) -> None:
    """Answer every error that a route raises with its problem."""
    app.add_exception_handler(Refused, _answer_refused)
    app.add_exception_handler(FormatError, _answer_format)
    app.add_exception_handler(RequestValidationError, _answer_validation)
    app.add_exception_handler(HTTPException, _answer_routing)


async def _answer_refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return problem_answer(error)


async def _answer_format(_request: Request, error: Exception) -> Response:
    assert isinstance(error, FormatError)
    return problem_answer(refusal_of(error))


async def _answer_validation(_request: Request, error: Exception) -> Response:
    """An id in a path that nothing can have is not found; a query is judged by its shape."""
    assert isinstance(error, RequestValidationError)
    errors = error.errors()
    if any(each["loc"][0] == "path" for each in errors):
        return problem_answer(Refused(Code.NOT_FOUND))
    return problem_answer(schema_refusal(errors))


async def _answer_routing(_request: Request, error: Exception) -> Response:
    """What the router itself refuses: no such path, or no such method on it."""
    assert isinstance(error, HTTPException)
    if error.status_code == _METHOD_REFUSED:
        answer = problem_answer(Refused(Code.METHOD_REFUSED))
        answer.headers.update(error.headers or {})
        return answer
    return problem_answer(Refused(Code.NOT_FOUND))
