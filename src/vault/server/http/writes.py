"""The one handler of all writes: resources say which collection stands at which address, and nothing else."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response

from vault.protocol.statements import Body
from vault.server.context import AppContext
from vault.server.http.answers import json_answer
from vault.server.http.credentials import require_person
from vault.server.http.dependencies import find_context, find_queue
from vault.server.http.direct import Direct
from vault.server.http.submissions import read_submission
from vault.server.sequencer.collections import Collection
from vault.server.sequencer.queue import Queue
from vault.server.sequencer.submit import submit

Locate = Callable[[Body], str]
"""The address of what a statement has made."""


def add_collection(
    router: APIRouter, path: str, collection: Collection, description: dict[str, Any], locate: Locate | None = None
) -> None:
    """Take statements of `collection` by POST to `path`, from the person whose login token comes with them."""

    async def post(request: Request) -> Response:
        signer = await require_person(request)
        return await write(request, await find_context(request), await find_queue(request), collection, signer, locate)

    router.add_api_route(path, post, methods=["POST"], route_class_override=Direct, **description)


async def write(
    request: Request,
    context: AppContext,
    queue: Queue,
    collection: Collection,
    signer: bytes | None,
    locate: Locate | None = None,
) -> Response:
    """201 with the entry that was made; 200 with the first answer where the same statement was there before.

    Raises: Refused, FormatError.
    """
    submission = await read_submission(request)
    answer = await submit(context, queue, collection, submission, signer, request.path_params)
    headers = {} if locate is None else {"location": locate(answer.body)}
    return json_answer(answer.members, 201 if answer.is_new else 200, **headers)
