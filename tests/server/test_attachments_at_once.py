"""Attachments between two fires: the sweep beside a statement that names them, death at every moment of an upload."""

import asyncio
import hashlib
import signal
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import replace
from threading import Thread

import httpx
import pytest

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
    stored_files,
    upload,
)
from tests.server.test_dying import WAIT_SECONDS, worker
from tests.server.world import World
from tests.support.people import account, short
from vault.protocol.limits import UPLOAD_SECONDS
from vault.protocol.problems import Refused
from vault.server.concurrency import INCOMING_OF_ACCOUNT, INCOMING_OF_WORKER, Incoming
from vault.server.resources.attachments.actions import _discard_ended, _give_up, _tell, put_part, sweep
from vault.server.resources.attachments.rows.ended import list_ended
from vault.server.resources.attachments.rows.uploads import Part, tell_of_part
from vault.server.sequencer.attachments import close_uploads, name_attachments, require_attachments
from vault.server.storage.blob_store import key_of

ID = short("attachment")
MOMENT_SECONDS = 0.3
"""Long enough for a thread that need not wait to be done."""


async def test_the_sweep_waits_for_a_statement_that_names_an_upload_and_leaves_it_alone(three: World) -> None:
    await upload(three)
    three.deployment.is_honest = False  # the statement that names it is never journaled
    parts, draft = three.deployment.context, naming(three, ref_of())
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
    parts, draft = three.deployment.context, naming(three, ref_of())
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
        sending, sweeping = three.send(draft), sweep(three.deployment.context)
        answer = (await asyncio.gather(sending, sweeping))[0]
        outcomes.add(answer.status_code)
        served = await fetch(three, "coach", attachment)
        if answer.status_code == 201:
            assert served.content == PARTS[0] + PARTS[1]
        else:
            assert code_of(answer) == (422, "part-missing")
            assert code_of(served) == (404, "not-found")
    assert outcomes <= {201, 422}


async def test_an_upload_that_the_sweep_takes_while_it_is_hashed_is_missing(
    three: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await upload(three)
    parts = three.deployment.context
    three.deployment.clock.move(UPLOAD_SECONDS)
    await three.log_in("coach")
    read = parts.blobs.read

    async def sweep_and_read(key: str, start: int, end: int) -> AsyncIterator[bytes]:
        await sweep(parts)
        async for piece in read(key, start, end):
            yield piece

    monkeypatch.setattr(parts.blobs, "read", sweep_and_read)
    assert code_of(await three.send(naming(three, ref_of()))) == (422, "part-missing")


async def test_bytes_that_are_gone_while_their_row_stands_are_storage_that_is_away(three: World) -> None:
    await upload(three)
    for path in stored_files(three):
        path.unlink()
    assert code_of(await three.send(naming(three, ref_of()))) == (503, "storage-away")


async def test_many_copies_of_a_statement_at_once_have_the_upload_hashed_once(
    three: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await upload(three)
    read, hashed = three.deployment.context.blobs.read, 0

    async def counted(key: str, start: int, end: int) -> AsyncIterator[bytes]:
        nonlocal hashed
        async for piece in read(key, start, end):
            hashed += len(piece)
            yield piece

    monkeypatch.setattr(three.deployment.context.blobs, "read", counted)
    draft = naming(three, ref_of())
    answers = await asyncio.gather(*(three.send(draft) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert hashed == len(WHOLE)


class Slow:
    """A sender who stops before the last byte."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.has_begun, self.may_end = asyncio.Event(), asyncio.Event()

    async def put(self, three: World, number: int) -> httpx.Response:
        length = {"Content-Length": str(len(self.raw))}
        path = f"{three.at('attachments')}/{ID.hex()}/parts/{number}"
        headers = bearer(three.tokens["coach"]) | digest_of(self.raw) | length
        return await three.http.put(path, content=self._send(), headers=headers)

    async def _send(self) -> AsyncIterator[bytes]:
        yield self.raw[:-1]
        self.has_begun.set()
        await self.may_end.wait()
        yield self.raw[-1:]


async def test_a_part_that_is_coming_is_not_taken_from_a_second_sender_meanwhile(three: World) -> None:
    slow = Slow(PARTS[0])
    sending = asyncio.create_task(slow.put(three, 1))
    await slow.has_begun.wait()
    second = await put(three, 1, PARTS[0])
    slow.may_end.set()
    assert code_of(second) == (503, "busy")
    assert int(second.headers["retry-after"]) > 0
    assert (await sending).status_code == 204
    assert (await put(three, 1, PARTS[0])).status_code == 204


async def test_only_so_many_parts_of_one_account_come_in_at_once(three: World) -> None:
    slow = [Slow(raw) for raw in (PARTS[0],) * INCOMING_OF_ACCOUNT]
    sending = [asyncio.create_task(each.put(three, number)) for number, each in enumerate(slow, 1)]
    for each in slow:
        await each.has_begun.wait()
    beyond, of_another = await put(three, 100, b"x"), await put(three, 1, b"x", "coachee", short("theirs"))
    for each in slow:
        each.may_end.set()
    assert code_of(beyond) == (503, "busy")
    assert of_another.status_code == 204
    assert {answer.status_code for answer in await asyncio.gather(*sending)} == {204}
    assert (await put(three, 100, b"x")).status_code == 204


def test_only_so_many_parts_come_in_at_once_in_one_worker() -> None:
    incoming = Incoming()
    with ExitStack() as coming:
        for number in range(INCOMING_OF_WORKER):
            coming.enter_context(incoming.turn(number.to_bytes(2), number))
        with pytest.raises(Refused, match="busy"), incoming.turn(b"another", "part"):
            pass
    with incoming.turn(b"another", "part"):
        pass


async def test_bytes_that_came_after_their_part_was_given_up_do_not_stay(
    three: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, part = three.deployment.context, part_of(three, 1, PARTS[0])
    store = parts.blobs.put

    async def give_up_and_store(key: str, content: AsyncIterator[bytes], size_bytes: int, sha256: bytes) -> None:
        _give_up(parts, part, bytes.fromhex(key.rpartition("/")[2]))
        await sweep(parts)
        await store(key, content, size_bytes, sha256)

    monkeypatch.setattr(parts.blobs, "put", give_up_and_store)
    with pytest.raises(Refused, match="busy"):
        await put_part(parts, part, _once(PARTS[0]))
    assert count_files(three) == 0


async def test_two_parts_at_once_do_not_spend_the_same_quota(three: World) -> None:
    parts, part = three.deployment.context, part_of(three, 1, PARTS[0])
    other = replace(part, attachment=short("other"))
    refusals: list[str] = []

    def tell_of_other() -> None:
        try:
            with parts.storage.writing() as connection:
                tell_of_part(connection, other, short("place", 2), parts.clock(), part.size)
        except Refused as refused:
            refusals.append(refused.code)

    telling = Thread(target=tell_of_other)
    with parts.storage.writing() as connection:
        tell_of_part(connection, part, short("place", 1), parts.clock(), part.size)
        telling.start()
        telling.join(MOMENT_SECONDS)
        assert telling.is_alive()  # it waits for this transaction
    telling.join(WAIT_SECONDS)
    assert refusals == ["quota-spent"]


async def test_many_who_put_the_same_part_at_once_make_one_of_it(three: World) -> None:
    answers = await asyncio.gather(*(put(three, 1, PARTS[0]) for _ in range(6)))
    assert {answer.status_code for answer in answers} <= {204, 503}
    answers = await asyncio.gather(*(put(three, 2, raw) for raw in (b"one", b"two", b"three")))
    assert sorted(answer.status_code for answer in answers) == [204, 409, 409]
    await sweep(three.deployment.context)
    assert count_files(three) == 2


def part_of(three: World, number: int, raw: bytes) -> Part:
    return Part(account("coach"), three.engagement, ID, number, len(raw), hashlib.sha256(raw).digest())


async def test_a_worker_that_dies_before_the_bytes_of_a_part_are_there_leaves_it_to_be_sent_again(three: World) -> None:
    _tell(three.deployment.context, part_of(three, 1, PARTS[0]))
    assert (await three.get("coach", f"/attachments/{ID.hex()}/parts")).json() == {"data": []}
    assert await three.code(naming(three, ref_of(PARTS[0]))) == "part-missing"
    await upload(three)
    await three.write(naming(three, ref_of()))


async def test_a_worker_that_dies_when_the_bytes_are_there_and_no_row_says_so_loses_nothing(three: World) -> None:
    parts = three.deployment.context
    told = _tell(parts, part_of(three, 1, PARTS[0]))
    await parts.blobs.put(key_of(three.engagement, told.place), _once(PARTS[0]), len(PARTS[0]), _digest(PARTS[0]))
    assert (await three.get("coach", f"/attachments/{ID.hex()}/parts")).json() == {"data": []}
    await upload(three)
    assert count_files(three) == len(PARTS)
    lost = await parts.storage.read(lambda connection: list_ended(connection, parts.clock() + UPLOAD_SECONDS))
    assert len(lost) == 1


async def test_what_a_dead_worker_left_goes_with_the_sweep(three: World) -> None:
    parts = three.deployment.context
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
