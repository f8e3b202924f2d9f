"""A database that restarts, is cut off, vanishes or fails over: nobody waits for ever, nothing is lost or doubled."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from threading import Event, current_thread
from time import monotonic

import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Connection, event, text

from tests.server.queued import put
from tests.server.storage.clusters import NEEDS_BINARIES, order, three_on
from tests.server.storage.cutting import SOCKET, Cutter, cutting
from tests.server.world import World
from tests.support.databases import POSTGRESQL, only_on
from tests.support.postgres.cluster import SUPERUSER, Cluster, place_for_clusters, running_postgres
from vault.errors import VaultError
from vault.protocol.problems import Refused
from vault.server.sequencer import queue as queues
from vault.server.sequencer.queue import Queue
from vault.server.storage import postgres as connecting
from vault.server.storage.engine import Storage

TURN = (b"", False)
_ALL = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND application_name = 'coach-vault'"
)
_OWN = text("SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.fixture
def queue(three: World) -> Queue:
    found: Queue = three.deployment.app.state.queue
    return found


async def seqs(world: World) -> list[int]:
    """The numbers of the engagement's entries, which must be without a gap."""
    found = [entry["seq"] for entry in (await world.get("coach", "/journal?limit=200")).json()["data"]]
    assert found == list(range(1, len(found) + 1))
    return found


@only_on(POSTGRESQL)
async def test_connections_that_were_ended_while_nobody_used_them_are_seen_by_nobody(three: World) -> None:
    order(three.deployment.context.settings.database, _ALL)
    await three.write(three.item())
    order(three.deployment.context.settings.database, _ALL)
    assert (await three.get("coach", "/journal")).status_code == 200


@only_on(POSTGRESQL)
async def test_a_transaction_whose_connection_ends_is_made_again(three: World, queue: Queue) -> None:
    tries = {"write": 0, "read": 0}

    def end_once(connection: Connection, name: str) -> str:
        tries[name] += 1
        if tries[name] == 1:
            connection.execute(_OWN)
        return name

    assert await put(queue, TURN, lambda connection: end_once(connection, "write")) == "write"
    assert await three.deployment.context.storage.read(lambda connection: end_once(connection, "read")) == "read"
    assert tries == {"write": 2, "read": 2}


@only_on(POSTGRESQL)
async def test_a_lock_that_does_not_come_in_time_is_waited_for_again(three: World, queue: Queue) -> None:
    lock = text("SELECT 1 FROM journals WHERE kind = 3 AND subject = :subject FOR UPDATE")
    subject = {"subject": three.engagement}
    held, release, released = Event(), Event(), Event()
    tries = 0

    def hold() -> None:
        with three.deployment.context.storage.writing() as connection:
            connection.execute(lock, subject)
            held.set()
            release.wait()
        released.set()

    def lock_too(connection: Connection) -> int:
        nonlocal tries
        tries += 1
        if tries == 2:
            release.set()
            released.wait()
        connection.execute(text("SET LOCAL lock_timeout = '20ms'"))
        connection.execute(lock, subject)
        return tries

    holding = asyncio.create_task(asyncio.to_thread(hold))
    await asyncio.to_thread(held.wait)
    assert await put(queue, TURN, lock_too) == 2
    await holding


@pytest.fixture
async def cut(engine: str, database: str, tmp_path: Path) -> AsyncIterator[tuple[World, Cutter]]:
    """People whose service reaches its database by a way that can be cut."""
    host = str(conninfo_to_dict(database)["host"])
    if not host.startswith("/"):
        pytest.skip("this way leads to a socket of this machine")
    with cutting(tmp_path, Path(host) / SOCKET) as cutter:
        user = f"{conninfo_to_dict(database)['user']}"
        url = f"postgresql://{user}@/{conninfo_to_dict(database)['dbname']}?host={tmp_path}"
        async with three_on(tmp_path, url) as world:
            yield world, cutter


@only_on(POSTGRESQL)
@pytest.mark.parametrize(("moment", "status"), [("before", 201), ("after", 200)])
async def test_a_commit_whose_answer_is_lost_is_looked_for_and_no_caller_sees_it(
    cut: tuple[World, Cutter], moment: str, status: int
) -> None:
    world, cutter = cut
    before = await seqs(world)
    new = [world.item("coach"), world.item("coachee"), world.rotation("stranger"), world.rotation("contact")]
    wrong = world.item("sponsor")
    moments = [moment, moment]

    def arm(_connection: Connection) -> None:
        if moments and current_thread().name.startswith("writer"):  # what readers end is of no interest
            cutter.moment = moments.pop()

    event.listen(world.deployment.context.storage.engine, "commit", arm)
    first = await world.send(new[0])
    refused, *rest = await asyncio.gather(*(world.send(draft) for draft in (wrong, *new[1:])))
    assert cutter.cuts == 2
    assert refused.json()["code"] == "role-refused"
    answers = [first, *rest]
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert first.status_code == status
    for draft, answer in zip(new, answers, strict=True):
        again = await world.send(draft)
        assert (again.status_code, again.content) == (200, answer.content)
    assert len(await seqs(world)) == len(before) + 2


@NEEDS_BINARIES
async def test_a_database_that_vanishes_is_away_within_seconds_and_used_again_when_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "ANSWER_SECONDS", 0.5)
    monkeypatch.setitem(connecting._CONNECTING, "connect_timeout", 2)
    monkeypatch.setattr(queues, "_ATTEMPTS_SECONDS", 0.2)
    with running_postgres() as cluster:
        async with three_on(tmp_path, cluster.url()) as three:
            note, queue = three.item(), three.deployment.app.state.queue
            cluster.signal(signal.SIGSTOP)
            began = monotonic()
            try:
                reading = asyncio.gather(*(three.get("coach", "/journal") for _ in range(3)))
                with pytest.raises(Refused) as refused:
                    await put(queue, TURN, lambda connection: connection.execute(text("SELECT 1")))
                answers = await reading
            finally:
                cluster.signal(signal.SIGCONT)
            assert monotonic() - began < 30
            assert refused.value.code == "storage-away"
            assert [answer.json()["code"] for answer in answers] == ["storage-away"] * 3
            assert {answer.headers["retry-after"] for answer in answers} == {"2"}
            await three.write(note)


@NEEDS_BINARIES
async def test_after_a_failover_the_service_writes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "_PAUSES_SECONDS", (0.0,))
    with place_for_clusters() as (folder, binaries):
        for name in ("first", "second"):
            (folder / name).mkdir(mode=0o755)
        first, second = (Cluster(folder / name, binaries) for name in ("first", "second"))
        first.make()
        first.start()
        running = [first]
        try:
            second.follow(first)
            second.start()
            running.append(second)
            order(first.url(), "ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()")
            url = f"postgresql://{SUPERUSER}@/{SUPERUSER}?host={second.socket},{first.socket}"
            async with three_on(tmp_path, url) as three:
                acknowledged = [three.item(name) for name in ("coach", "coachee")]
                receipts = [(await three.send(draft)).content for draft in acknowledged]
                first.stop()
                running.remove(first)
                assert (await three.get("coach", "/journal")).json()["code"] == "storage-away"
                second.promote()
                again = [await three.send(draft) for draft in acknowledged]
                assert [(each.status_code, each.content) for each in again] == [(200, each) for each in receipts]
                await three.write(three.item())
                assert len(await seqs(three)) >= 7
        finally:
            for cluster in running:
                cluster.stop()


def test_several_hosts_are_asked_for_the_one_that_takes_writes() -> None:
    several, one = Storage("postgresql://u@one,two:6000/db"), Storage("postgresql://u@one/db")
    assert connecting.parameters_of("postgresql://u@one,two:6000/db")["target_session_attrs"] == "read-write"
    assert "target_session_attrs" not in connecting.parameters_of("postgresql://u@one/db")
    chosen = connecting.parameters_of("postgresql://u@one,two/db?target_session_attrs=any&connect_timeout=9")
    assert (chosen["target_session_attrs"], chosen["connect_timeout"]) == ("any", "9")
    several.close()
    one.close()


@pytest.mark.parametrize("url", ["postgresql://u@h:x:y/d?nothing", "postgresql://u@h/d?no_such=1", "mysql://h", "x"])
def test_a_url_of_nothing_that_is_known_is_told_without_repeating_it(url: str) -> None:
    with pytest.raises(VaultError, match="postgresql://user@host") as told:
        Storage(url)
    assert "h:x" not in str(told.value)
