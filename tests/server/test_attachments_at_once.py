"""Attachments between two fires: the sweep beside a statement that names them, death at every moment of an upload."""

import asyncio
import hashlib
import signal
from collections.abc import AsyncIterator
from threading import Thread

import httpx
import pytest

from tests.policy.people import account, short
from tests.server.joining import bearer
from tests.server.resources.test_attachments import (
    PARTS,
    WHOLE,
    code_of,
    count_files,
    digest_of,
    fetch,
    naming,
    put,
    ref_of,
    upload,
)
from tests.server.test_dying import WAIT_SECONDS, worker
from tests.server.world import World
from vault.protocol.limits import UPLOAD_SECONDS
from vault.protocol.problems import Refused
from vault.server.resources.attachments.actions import _discard_ended, _tell, sweep
from vault.server.resources.attachments.rows.ended import list_ended
from vault.server.resources.attachments.rows.uploads import Part
from vault.server.sequencer.attachments import close_uploads, name_attachments, require_attachments
from vault.server.storage.blob_store import key_of

ID = short("attachment")
MOMENT_SECONDS = 0.3
"""Long enough for a thread that need not wait to be done."""


async def test_the_sweep_waits_for_a_statement_that_names_an_upload_and_leaves_it_alone(three: World) -> None:
    await upload(three)
    parts, draft = three.deployment.parts, naming(three, ref_of())
    three.deployment.clock.move(UPLOAD_SECONDS)
    await close_uploads(parts, draft.body)
    with parts.storage.reading() as connection:
        (ended,) = list_ended(connection, parts.clock())
    discarded: list[bool] = []
    sweeping = Thread(target=lambda: discarded.append(_discard_ended(parts, ended)))
    with parts.storage.writing() as connection:
        require_attachments(connection, draft.body)
        sweeping.start()
        sweeping.join(MOMENT_SECONDS)
        assert discarded == []  # it waits for this transaction
        name_attachments(connection, draft.body, draft.statement.id)
    sweeping.join(WAIT_SECONDS)
    assert discarded == [False]
    await sweep(parts)
    assert count_files(three) == len(PARTS)


async def test_an_upload_that_the_sweep_took_first_is_missing_to_the_statement(three: World) -> None:
    await upload(three)
    parts, draft = three.deployment.parts, naming(three, ref_of())
    await close_uploads(parts, draft.body)
    three.deployment.clock.move(UPLOAD_SECONDS)
    assert (await sweep(parts)).uploads == 1
    with pytest.raises(Refused, match="part-missing"), parts.storage.writing() as connection:
        require_attachments(connection, draft.body)
    assert count_files(three) == 0


async def test_whoever_is_faster_a_version_that_was_taken_is_served_whole(three: World) -> None:
    outcomes = set()
    for number in range(8):
        attachment = short("raced", number)
        await upload(three, attachment=attachment, parts=PARTS[:2])
        three.deployment.clock.move(UPLOAD_SECONDS)
        await three.log_in("coach")
        draft = naming(three, ref_of(PARTS[0] + PARTS[1], attachment))
        sending, sweeping = three.send(draft), sweep(three.deployment.parts)
        answer = (await asyncio.gather(sending, sweeping))[0]
        outcomes.add(answer.status_code)
        served = await fetch(three, "coach", attachment)
        if answer.status_code == 201:
            assert served.content == PARTS[0] + PARTS[1]
        else:
            assert code_of(answer) == (422, "part-missing")
            assert code_of(served) == (404, "not-found")
    assert outcomes <= {201, 422}


async def test_many_who_put_the_same_part_at_once_make_one_of_it(three: World) -> None:
    answers = await asyncio.gather(*(put(three, 1, PARTS[0]) for _ in range(6)))
    assert {answer.status_code for answer in answers} <= {204, 503}
    answers = await asyncio.gather(*(put(three, 2, raw) for raw in (b"one", b"two", b"three")))
    assert sorted(answer.status_code for answer in answers) == [204, 409, 409]
    await sweep(three.deployment.parts)
    assert count_files(three) == 2


def part_of(three: World, number: int, raw: bytes) -> Part:
    return Part(account("coach"), three.engagement, ID, number, len(raw), hashlib.sha256(raw).digest())


async def test_a_worker_that_dies_before_the_bytes_of_a_part_are_there_leaves_it_to_be_sent_again(three: World) -> None:
    _tell(three.deployment.parts, part_of(three, 1, PARTS[0]))
    assert (await three.get("coach", f"/attachments/{ID.hex()}/parts")).json() == {"data": []}
    assert await three.code(naming(three, ref_of(PARTS[0]))) == "part-missing"
    await upload(three)
    await three.write(naming(three, ref_of()))


async def test_a_worker_that_dies_when_the_bytes_are_there_and_no_row_says_so_loses_nothing(three: World) -> None:
    parts = three.deployment.parts
    told = _tell(parts, part_of(three, 1, PARTS[0]))
    await parts.blobs.put(key_of(three.engagement, told.place), _once(PARTS[0]), len(PARTS[0]), _digest(PARTS[0]))
    assert (await three.get("coach", f"/attachments/{ID.hex()}/parts")).json() == {"data": []}
    await upload(three)
    assert count_files(three) == len(PARTS)
    lost = await parts.storage.read(lambda connection: list_ended(connection, parts.clock() + UPLOAD_SECONDS))
    assert len(lost) == 1


async def test_what_a_dead_worker_left_goes_with_the_sweep(three: World) -> None:
    parts = three.deployment.parts
    told = _tell(parts, part_of(three, 1, PARTS[0]))
    await parts.blobs.put(key_of(three.engagement, told.place), _once(PARTS[0]), len(PARTS[0]), _digest(PARTS[0]))
    three.deployment.clock.move(UPLOAD_SECONDS)
    await sweep(parts)
    assert count_files(three) == 0


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_server_that_dies_at_the_commit_of_the_version_keeps_its_attachment(three: World, moment: str) -> None:
    draft = naming(three, ref_of())
    token = bearer(three.tokens["coach"])
    with worker(three, "SIGKILL", moment, "1") as (process, url):
        async with httpx.AsyncClient(base_url=url, timeout=WAIT_SECONDS) as http:
            for number, raw in enumerate(PARTS, 1):
                path = f"{three.at('attachments')}/{ID.hex()}/parts/{number}"
                assert (await http.put(path, content=raw, headers=token | digest_of(raw))).status_code == 204
            with pytest.raises(httpx.TransportError):
                await http.post(draft.path, json=draft.json(), headers=token)
        assert process.wait(WAIT_SECONDS) == -signal.SIGKILL
    served = await fetch(three, "coachee")
    assert served.status_code == (200 if moment == "after" else 404)
    again = await three.send(draft)
    assert again.status_code == (200 if moment == "after" else 201)
    assert (await fetch(three, "coachee")).content == WHOLE


async def _once(raw: bytes) -> AsyncIterator[bytes]:
    yield raw


def _digest(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()
