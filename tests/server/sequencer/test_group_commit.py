"""Group commit: many writes in one transaction, nobody answered before it is durable, nobody harmed by another."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack
from threading import Semaphore, current_thread
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, event, insert, select
from sqlalchemy.exc import OperationalError

from tests.server.joining import bearer
from tests.server.later import escalation
from tests.server.queued import put
from tests.server.world import Draft, World, first_keys_draft
from tests.support.databases import SQLITE, only_on
from tests.support.people import digest, short
from vault.protocol.problems import Refused
from vault.server.sequencer import queue as queues
from vault.server.sequencer.places import Turn, turn_of
from vault.server.sequencer.queue import Queue
from vault.server.storage.tables import enrolments

WAIT_SECONDS = 20


class Gate:
    """Stands before every commit of the writer: counts them, holds them up, or lets them fail."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self.commits = 0
        self.failures = 0
        """How many of the next commits fail."""
        self.arrived = asyncio.Event()
        """Set by whoever takes a place in the queue."""
        self._holds = False
        self._reached, self._free = Semaphore(0), Semaphore(0)

    def __call__(self, _connection: Connection) -> None:
        if not current_thread().name.startswith("writer"):
            return
        self.commits += 1
        if self._holds:
            self._reached.release()
            assert self._free.acquire(timeout=WAIT_SECONDS)
        if self.failures:
            self.failures -= 1
            raise OperationalError("COMMIT", {}, OSError("the disk is gone"))

    async def hold(self) -> "asyncio.Task[None]":
        """Return when a write stands before its commit: whatever comes from here on queues up behind it."""
        self._holds = True
        first = asyncio.create_task(put(self.queue, (b"", False), _write_nothing))
        assert await asyncio.to_thread(self._reached.acquire, timeout=WAIT_SECONDS)
        return first

    async def queued(self, *writes: Coroutine[Any, Any, Any]) -> list["asyncio.Task[Any]"]:
        """The writes as tasks, in the queue in this order by the time they are returned."""
        tasks = []
        for write in writes:
            self.arrived.clear()
            tasks.append(asyncio.create_task(write))
            await asyncio.wait_for(self.arrived.wait(), WAIT_SECONDS)
        return tasks

    async def step(self) -> None:
        """Let one commit go, and return when the next one stands where it stood."""
        self._free.release()
        assert await asyncio.to_thread(self._reached.acquire, timeout=WAIT_SECONDS)

    def release(self) -> None:
        """Let this commit go and all that follow."""
        self._holds = False
        self._free.release()


@pytest.fixture
def queue(three: World) -> Queue:
    found: Queue = three.deployment.app.state.queue
    return found


@pytest.fixture
def gate(three: World, queue: Queue, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    made, put_there = Gate(queue), queue.put

    async def put_and_say(account: bytes, turn: Turn, write: Callable[[Connection], Any]) -> Any:
        made.arrived.set()
        return await put_there(account, turn, write)

    monkeypatch.setattr(queue, "put", put_and_say)
    event.listen(three.deployment.context.storage.engine, "commit", made)
    yield made
    made.release()


def chain(world: World, name: str, count: int) -> list[Draft]:
    """Notes of one person, each standing on the one before."""
    drafts = []
    for _ in range(count):
        draft = world.item(name)
        world.newest[name, world.journal_of(draft.body)] = draft.statement.id
        drafts.append(draft)
    return drafts


def statuses(answers: list[httpx.Response]) -> list[int]:
    return [answer.status_code for answer in answers]


async def test_what_has_queued_is_one_commit(three: World, gate: Gate) -> None:
    await gate.hold()
    waiting = await gate.queued(*(three.send(draft) for draft in chain(three, "coach", 20)))
    before = gate.commits
    gate.release()
    assert statuses(await asyncio.gather(*waiting)) == [201] * 20
    assert gate.commits == before + 1


async def test_a_batch_is_bounded(queue: Queue, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "BATCH_MAXIMUM", 4)
    await gate.hold()
    waiting = await gate.queued(*(put(queue, (b"", False), _write_nothing) for _ in range(10)))
    before = gate.commits
    gate.release()
    await asyncio.gather(*waiting)
    assert gate.commits == before + 3


async def test_nobody_is_answered_before_the_commit_and_readers_do_not_wait_for_it(three: World, gate: Gate) -> None:
    note, wrong = three.item(), three.item("coachee", after=digest("another"))
    before = (await three.get("coach", "/journal")).json()
    await gate.hold()
    waiting = await gate.queued(three.send(note), three.send(wrong), three.send(note))
    await gate.step()  # written and refused; what they come to stands before its commit
    assert (await three.get("coach", "/journal")).json() == before
    assert not any(task.done() for task in waiting)
    gate.release()
    assert statuses(await asyncio.gather(*waiting)) == [201, 422, 200]


async def test_entries_stand_in_the_order_in_which_they_came(three: World, gate: Gate) -> None:
    pairs = zip(chain(three, "coach", 6), chain(three, "coachee", 6), strict=True)
    await gate.hold()
    waiting = await gate.queued(*(three.send(draft) for pair in pairs for draft in pair))
    gate.release()
    answers = await asyncio.gather(*waiting)
    seqs = [answer.json()["journal"]["seq"] for answer in answers]
    assert seqs == list(range(seqs[0], seqs[0] + 12))


async def test_every_transaction_takes_its_turns_in_one_order(queue: Queue, gate: Gate) -> None:
    """Else two workers that each hold what the other waits for would stand still."""
    taken: list[Turn] = []

    def take(turn: Turn) -> Coroutine[Any, Any, None]:
        return put(queue, turn, lambda _connection: taken.append(turn))

    turns = [(b"b", False), (b"a", True), (b"a", False), (b"b", False)]
    await gate.hold()
    waiting = await gate.queued(*(take(turn) for turn in turns))
    gate.release()
    await asyncio.gather(*waiting)
    assert taken == [(b"a", False), (b"a", True), (b"b", False), (b"b", False)]


async def test_statements_that_lock_the_same_journal_first_have_one_turn(three: World) -> None:
    ours = turn_of(three.item().body)
    assert ours == turn_of(escalation(three).body) == turn_of(three.opening(digest("one")).body)
    keys, keyring = turn_of(three.rotation("coach").body), turn_of(three.keyring("coach").body)
    assert keys < keyring
    assert len({ours, keys, keyring, turn_of(three.rotation("coachee").body)}) == 4


async def test_where_the_commit_fails_nobody_is_acknowledged_and_nothing_is_written(three: World, gate: Gate) -> None:
    drafts = [*chain(three, "coach", 3), three.item("coachee", after=digest("another"))]
    before = three.deployment.digest()
    await gate.hold()
    waiting = await gate.queued(*(three.send(draft) for draft in drafts))
    await gate.step()
    gate.failures = 1
    gate.release()
    answers = await asyncio.gather(*waiting)
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(503, "storage-away")] * 4
    assert {answer.headers["retry-after"] for answer in answers} == {"2"}
    assert three.deployment.digest() == before
    assert statuses([await three.send(draft) for draft in drafts]) == [201, 201, 201, 422]


@only_on(SQLITE)
async def test_a_full_disk_is_told_to_everyone_and_keeps_nothing(three: World, gate: Gate) -> None:
    drafts = chain(three, "coach", 5)
    before = three.deployment.digest()
    engine = three.deployment.context.storage.engine
    await gate.hold()
    event.listen(engine, "begin", _leave_no_room)
    waiting = await gate.queued(*(three.send(draft) for draft in drafts))
    gate.release()
    answers = await asyncio.gather(*waiting)
    assert [answer.json()["code"] for answer in answers] == ["storage-away"] * 5
    event.remove(engine, "begin", _leave_no_room)
    event.listen(engine, "begin", _leave_room)
    assert three.deployment.digest() == before
    assert statuses([await three.send(draft) for draft in drafts]) == [201] * 5


async def test_who_is_refused_takes_back_itself_alone(three: World, gate: Gate) -> None:
    enrolment = bearer(three.deployment.enrolment())
    taken = first_keys_draft("coach", three.deployment.clock()).changed(id=short("another"))
    new = first_keys_draft("new", three.deployment.clock())
    coach, coachee = three.item("coach"), three.item("coachee")
    await gate.hold()
    waiting = await gate.queued(
        three.send(coach),
        three.http.post("/v1/accounts", json=taken.json(), headers=enrolment),
        three.send(three.item("sponsor")),
        three.send(coachee),
    )
    gate.release()
    answers = await asyncio.gather(*waiting)
    assert [answer.json().get("code") for answer in answers] == [None, "generation-taken", "role-refused", None]
    made = await three.http.post("/v1/accounts", json=new.json(), headers=enrolment)
    assert made.status_code == 201, "the token was used by an account that was refused"


async def test_a_token_that_two_use_in_one_transaction_makes_one_account(three: World, gate: Gate) -> None:
    enrolment = bearer(three.deployment.enrolment())
    drafts = [first_keys_draft(name, three.deployment.clock()) for name in ("new", "newer", "newest")]
    await gate.hold()
    waiting = await gate.queued(
        *(three.http.post("/v1/accounts", json=draft.json(), headers=enrolment) for draft in drafts)
    )
    gate.release()
    answers = await asyncio.gather(*waiting)
    assert sorted(answer.json().get("code", "") for answer in answers) == ["", "enrolment-ended", "enrolment-ended"]


async def test_a_broken_constraint_and_a_fault_harm_nobody_else(three: World, queue: Queue, gate: Gate) -> None:
    def fail(connection: Connection) -> None:
        _add(connection, "faulty")
        raise RuntimeError("a fault in one write")

    def double(connection: Connection) -> None:
        _add(connection, "double")
        _add(connection, "double")

    await gate.hold()
    writes = (lambda connection: _add(connection, "one"), double, fail, lambda connection: _add(connection, "two"))
    waiting = await gate.queued(*(put(queue, (b"", False), write) for write in writes))
    before = gate.commits
    gate.release()
    one, doubled, failed, two = await asyncio.gather(*waiting, return_exceptions=True)
    assert (one, two) == ("one", "two")
    assert isinstance(doubled, Refused)
    assert (doubled.code, doubled.retry_after_seconds) == ("busy", 2)
    assert isinstance(failed, RuntimeError)
    assert gate.commits == before + 1
    with three.deployment.context.storage.reading() as connection:
        tokens = set(connection.execute(select(enrolments.c.token_sha256)).scalars())
    assert {digest("one"), digest("two")} <= tokens
    assert not {digest("double"), digest("faulty")} & tokens


async def test_whoever_comes_beyond_the_bound_is_told_at_once_to_come_again(
    three: World, queue: Queue, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "QUEUE_MAXIMUM", 3)
    first, *later = chain(three, "coach", 4)
    await gate.hold()
    waiting = await gate.queued(three.send(first), *(put(queue, (b"", False), _write_nothing) for _ in range(2)))
    answers = [await three.send(draft) for draft in later]  # answered while the writer stands still
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(503, "busy")] * 3
    assert {answer.headers["retry-after"] for answer in answers} == {"2"}
    gate.release()
    assert (await asyncio.gather(*waiting))[0].status_code == 201
    assert statuses([await three.send(draft) for draft in later]) == [201] * 3


async def test_one_account_cannot_take_the_places_of_others(
    three: World, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "OF_ACCOUNT_MAXIMUM", 2)
    *drafts, last = chain(three, "coach", 3)
    await gate.hold()
    waiting = await gate.queued(*(three.send(draft) for draft in drafts))
    assert (await three.send(last)).json()["code"] == "busy"
    waiting += await gate.queued(three.send(three.item("coachee")))
    gate.release()
    assert statuses(await asyncio.gather(*waiting)) == [201] * 3
    assert statuses([await three.send(last)]) == [201]


async def test_closing_answers_all_who_wait_and_takes_nobody_else(three: World, queue: Queue, gate: Gate) -> None:
    *drafts, last = chain(three, "coach", 5)
    first = await gate.hold()
    waiting = await gate.queued(*(three.send(draft) for draft in drafts))
    closing = asyncio.create_task(queue.close())
    await asyncio.sleep(0)
    late = await asyncio.wait_for(three.send(last), WAIT_SECONDS / 2)
    assert late.json()["code"] == "busy"
    assert not closing.done()
    gate.release()
    await closing
    assert first.done()
    assert statuses(await asyncio.gather(*waiting)) == [201] * 4


async def test_an_app_that_ends_takes_no_more_writes_until_it_begins_again(three: World) -> None:
    app = three.deployment.app
    async with app.router.lifespan_context(app):
        await three.write(three.item())
    note = three.item()
    assert (await three.send(note)).json()["code"] == "busy"
    async with app.router.lifespan_context(app):
        await three.write(note)


async def test_what_somebody_sent_who_hung_up_stands_once(three: World, gate: Gate) -> None:
    drafts = chain(three, "coach", 3)
    await gate.hold()
    waiting = await gate.queued(*(three.send(draft) for draft in drafts))
    waiting[1].cancel()
    gate.release()
    answers = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), WAIT_SECONDS)
    assert isinstance(answers[1], asyncio.CancelledError)
    assert statuses([await three.send(draft) for draft in drafts]) == [200] * 3


@only_on(SQLITE)
async def test_every_connection_waits_for_the_disk(three: World) -> None:
    storage = three.deployment.context.storage
    with ExitStack() as stack:
        connections = [stack.enter_context(storage.reading()) for _ in range(8)]
        connections.append(stack.enter_context(storage.writing()))
        found = {
            (connection.exec_driver_sql("PRAGMA journal_mode").scalar(), _synchronous(connection))
            for connection in connections
        }
    assert found == {("wal", 2)}, "2 is FULL"


def _synchronous(connection: Connection) -> int:
    return int(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())


def _write_nothing(_connection: Connection) -> None:
    """A write that has nothing to write."""


def _add(connection: Connection, token: str) -> str:
    values = {"token_sha256": digest(token), "app": "acme", "expires": 1, "account": None}
    connection.execute(insert(enrolments).values(values))
    return token


def _leave_no_room(connection: Connection) -> None:
    connection.exec_driver_sql("PRAGMA max_page_count = 1")  # SQLite takes the pages that there are


def _leave_room(connection: Connection) -> None:
    connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
