"""Several workers over one PostgreSQL: one order in every journal, one log, and no conflict that a caller would see."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import replace

import pytest
from sqlalchemy import Connection, select, text

from tests.server.deployments import Deployment
from tests.server.joining import bearer
from tests.server.queued import put
from tests.server.world import Draft, World, first_keys_draft
from tests.support.databases import POSTGRESQL, only_on
from tests.support.people import digest, short
from vault.server.app import build_app
from vault.server.sequencer.queue import Queue
from vault.server.storage.engine import Storage
from vault.server.storage.history import require_journals, require_log
from vault.server.storage.tables import leaves
from vault.tlog.checkpoint import Checkpoint, SignedCheckpoint
from vault.tlog.frontier import Frontier
from vault.tlog.hashing import leaf_hash
from vault.tlog.proof import TlogProof

pytestmark = only_on(POSTGRESQL)

EACH = 6
PATIENCE_MILLISECONDS = 20
_PATIENCE = f"SET deadlock_timeout = '{PATIENCE_MILLISECONDS}ms'"
_LOCK = text("SELECT 1 FROM journals WHERE kind = 3 AND subject = :subject FOR UPDATE")

_FIND_APP = text("SELECT 1 FROM apps WHERE app = :app")
_MAKE_APP = text("INSERT INTO apps (app, key_sha256, disabled, made) VALUES (:app, :key, 0, 1)")


@asynccontextmanager
async def at_another_worker(three: World, deployment: Deployment, number: int) -> AsyncIterator[World]:
    """The same people there."""
    storage = Storage(deployment.context.settings.database)
    app = build_app(replace(deployment.context, storage=storage))
    world = copy(three)
    world.count += number * 10_000  # ids of its own for what it writes
    world.deployment = replace(deployment, app=app)
    async with world.deployment.client() as world.http:
        yield world
    await app.state.queue.close()
    storage.close()


@pytest.fixture
async def other(three: World, deployment: Deployment) -> AsyncIterator[World]:
    async with at_another_worker(three, deployment, 1) as world:
        yield world


@pytest.fixture
async def third(three: World, deployment: Deployment) -> AsyncIterator[World]:
    async with at_another_worker(three, deployment, 2) as world:
        yield world


async def write_notes(world: World, name: str) -> None:
    for _ in range(EACH):
        await world.write(world.item(name))


async def test_two_workers_write_one_journal_without_a_gap(three: World, other: World) -> None:
    await asyncio.gather(write_notes(three, "coach"), write_notes(other, "coachee"))
    entries = (await three.get("coach", "/journal")).json()["data"]
    assert [entry["seq"] for entry in entries] == list(range(1, 5 + 2 * EACH))


async def test_three_workers_append_to_one_log_and_every_checkpoint_that_is_shown_is_a_part_of_it(
    three: World, other: World, third: World, deployment: Deployment
) -> None:
    log = deployment.context.tlog.verifier
    shown: set[Checkpoint] = set()
    is_writing = True

    async def watch(world: World) -> None:
        while is_writing:
            shown.add(SignedCheckpoint.parse((await world.http.get("/log/checkpoint")).content).verify([log]))

    async def rotate(world: World, name: str) -> None:
        for _ in range(EACH):
            await world.rotate(name)

    watching = [asyncio.create_task(watch(world)) for world in (three, other, third)]
    await asyncio.gather(
        write_notes(three, "coach"), write_notes(other, "coachee"), rotate(third, "stranger"), rotate(other, "contact")
    )
    is_writing = False
    await asyncio.gather(*watching)
    with deployment.context.storage.reading() as connection:
        require_journals(connection, _look_away)
        newest = require_log(connection, log, _look_away)
        rows = connection.execute(select(leaves.c.leaf, leaves.c.entry, leaves.c.receipt).order_by(leaves.c.leaf)).all()
    hashes = [leaf_hash(row.entry) for row in rows]
    shown |= {TlogProof.parse(row.receipt).verify(leaf_hash(row.entry), [log]) for row in rows}
    assert [row.leaf for row in rows] == list(range(newest.size))
    assert len(shown) > EACH
    for checkpoint in shown:
        assert checkpoint.root == Frontier(0, ()).append(hashes[: checkpoint.size]).frontier.root


def _look_away(_what: str, _done: int, _total: int) -> None:
    """Progress that nobody looks at."""


async def test_the_same_statement_at_two_workers_is_one_entry(three: World, other: World) -> None:
    note = three.item()
    answers = await asyncio.gather(*(world.send(note) for world in (three, other) * 4))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.content for answer in answers}) == 1


async def test_two_first_entries_of_one_journal_are_one_and_a_lawful_no(three: World, other: World) -> None:
    """Nothing can be locked before it is there: the second finds the first by the constraint, and looks again."""
    draft = first_keys_draft("new", three.deployment.clock())
    drafts = [draft, draft, draft.changed(id=short("another")), draft.changed(id=short("a third"))]

    async def post(world: World, each: Draft) -> int:
        headers = bearer(three.deployment.enrolment())
        return (await world.http.post("/v1/accounts", json=each.json(), headers=headers)).status_code

    worlds = (three, other, three, other)
    found = await asyncio.gather(*(post(world, each) for world, each in zip(worlds, drafts, strict=True)))
    assert found.count(201) == 1
    assert set(found) <= {200, 201, 409}


async def test_a_row_that_another_worker_has_just_made_is_found_at_a_second_look(deployment: Deployment) -> None:
    queue: Queue = deployment.app.state.queue
    loop = asyncio.get_running_loop()
    looked = asyncio.Event()
    values = {"app": "beta", "key": digest("key")}

    def find_or_make(connection: Connection) -> bool:
        is_there = connection.execute(_FIND_APP, values).one_or_none() is not None
        loop.call_soon_threadsafe(looked.set)
        if not is_there:
            connection.execute(_MAKE_APP, values)
        return is_there

    with deployment.context.storage.writing() as connection:
        connection.execute(_MAKE_APP, values)
        waiting = asyncio.create_task(put(queue, (b"", False), find_or_make))
        await looked.wait()  # it has found nothing yet, and waits now for what becomes of the same row here
    assert await waiting


async def test_a_deadlock_is_tried_again_and_no_caller_sees_it(three: World, deployment: Deployment) -> None:
    subjects = await two_engagements(three)
    queue: Queue = deployment.app.state.queue
    ready, blocked = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    tries = 0

    def lock_both(connection: Connection) -> str:
        nonlocal tries
        tries += 1
        connection.execute(text(_PATIENCE))
        connection.execute(_LOCK, {"subject": subjects[0]})
        loop.call_soon_threadsafe(ready.set)
        connection.execute(_LOCK, {"subject": subjects[1]})
        return "both"

    def lock_the_other_way_round() -> None:
        with deployment.context.storage.writing() as connection:
            connection.execute(text("SET deadlock_timeout = '60s'"))  # the other one is to give way
            connection.execute(_LOCK, {"subject": subjects[1]})
            loop.call_soon_threadsafe(blocked.set)
            asyncio.run_coroutine_threadsafe(ready.wait(), loop).result()
            connection.execute(_LOCK, {"subject": subjects[0]})

    crossing = asyncio.create_task(asyncio.to_thread(lock_the_other_way_round))
    await blocked.wait()
    both, beside = await asyncio.gather(
        put(queue, (b"", False), lock_both), put(queue, (b"", False), lambda _connection: "beside")
    )
    await crossing
    assert (both, beside) == ("both", "beside")
    assert tries >= 2, "expected a deadlock"  # more where its lock is taken again before the other one wakes up


async def two_engagements(world: World) -> tuple[bytes, bytes]:
    first = world.engagement
    world.engagement = short("another engagement")
    await world.agree(["coach", "coachee"])
    return first, world.engagement


async def test_every_commit_waits_for_the_disk(deployment: Deployment) -> None:
    with deployment.context.storage.writing() as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar_one() == "on"
