"""The tables can be dealt out to shards: every key begins with its owner, and no query joins across owners.

Some look-ups name no owner, and each shard would be asked. They stand here by name, with what becomes of them.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import pytest
from sqlalchemy import Insert, and_, bindparam, delete, event, or_, select, update

import vault.server
from tests.server.deployments import APP, Deployment
from tests.server.later import ask, destroy, erasure, escalate, escalation, request
from tests.server.replaying import silent
from tests.server.resources.test_attachments import digest_of, naming, put, ref_of, upload
from tests.server.storage.queries import list_makers, list_prepared
from tests.server.storage.shards import ALONE, EVERY_SHARD, Query, find_crossings, owners_of
from tests.server.world import World
from tests.support.databases import SQLITE, only_on
from tests.support.people import account, short
from vault.protocol.limits import UPLOAD_SECONDS
from vault.protocol.vocabulary import ItemKind
from vault.server.resources.apps.actions import disable_app, rotate_app
from vault.server.resources.attachments.actions import sweep
from vault.server.resources.attachments.content import find_wrong_content
from vault.server.resources.logins.actions import end_tokens
from vault.server.storage.figures import read_figures
from vault.server.storage.inspection import require_clock
from vault.server.storage.tables import blobs, contracts, items, memberships, metadata, seals, statements, tokens

QUERIES = list_prepared()
EVERYWHERE = {
    "_BY_STATEMENT of vault.server.sequencer.facts_keys": "keys are public and never change: every shard can hold all",
    "_BEFORE of vault.server.resources.introductions.rows": "the ids of a signer's introductions, to whomever",
    "_ENTRIES of vault.server.resources.tlog.rows": "a bundle of a log, by index: full ones become files",
    "_UNNAMED of vault.server.resources.attachments.rows.uploads": "what somebody uploaded: a quota in each shard",
    "_ENDED of vault.server.resources.attachments.rows.ended": "a sweep, which each shard does for itself",
    "_DISCARDED of vault.server.resources.attachments.rows.ended": "a sweep, which each shard does for itself",
    "_NAMED of vault.server.resources.attachments.rows.named": "an operator's check, of each shard by itself",
    "_NEWEST of vault.server.resources.apps.rows": "the operator's list: each shard tells of its own accounts",
    "_UNNAMED of vault.server.storage.figures": "a figure of the whole: each shard counts its own",
}
CONSTRAINTS = {
    "uq_keys_statement": "the hash of a statement is unique by itself",
    "uq_introductions_signer_uid": "the ids of a signer's introductions, to whomever",
    "fk_tokens_account": "a token is made by whoever proved to be that account",
}

# The keys


@pytest.mark.parametrize("name", sorted(metadata.tables.keys() - ALONE.keys()))
def test_a_table_has_the_owner_of_its_rows_in_its_key(name: str) -> None:
    assert owners_of(metadata.tables[name]) != ()


def test_what_belongs_to_no_owner_is_found_by_its_place_or_its_own_bytes() -> None:
    first = {name: next(iter(metadata.tables[name].primary_key.columns)).name for name in (*ALONE, "leaves")}
    assert first == {
        "apps": "app",
        "challenges": "challenge",
        "enrolments": "token_sha256",
        "leaves": "leaf",
        "tiles": "level",
        "tlog": "id",
        "tokens": "token_sha256",
    }


def test_what_has_to_be_unique_or_there_can_be_known_within_one_shard() -> None:
    crossing = set()
    for table in metadata.tables.values():
        if table.name in ALONE and not table.foreign_keys:
            continue
        for constraint in table.constraints:
            columns = {column.name for column in getattr(constraint, "columns", ())}
            kind = constraint.__visit_name__
            owner = {"app", *owners_of(table)}
            if kind in ("unique_constraint", "foreign_key_constraint") and not columns & owner:
                crossing.add(str(constraint.name))
    assert crossing == CONSTRAINTS.keys()


# The queries


@pytest.mark.parametrize("name", sorted(QUERIES.keys() - EVERYWHERE.keys()))
def test_a_prepared_query_is_answered_by_one_shard(name: str) -> None:
    assert find_crossings(QUERIES[name]) == []


@pytest.mark.parametrize("name", sorted(EVERYWHERE))
def test_an_exception_asks_each_shard_and_joins_none_to_another(name: str) -> None:
    [why] = find_crossings(QUERIES[name])
    assert why.endswith(EVERY_SHARD)


@dataclass(frozen=True)
class Executed:
    """A statement, and the functions of the server that were under way, the one that executed it first."""

    statement: object
    functions: tuple[str, ...]


@contextmanager
def watched(deployment: Deployment) -> Iterator[list[Executed]]:
    """Whatever the server executes meanwhile."""
    seen: list[Executed] = []

    def keep(_connection: object, statement: object, *_more: object) -> None:
        functions: list[str] = []
        frame: FrameType | None = sys._getframe()
        while frame is not None:
            module = str(frame.f_globals["__name__"])
            if module.startswith("vault.server.") and module != "vault.server.storage.engine":
                functions.append(f"{frame.f_code.co_name} of {module}")
            frame = frame.f_back
        if functions:
            seen.append(Executed(statement, tuple(functions)))

    engine = deployment.context.storage.engine
    event.listen(engine, "before_execute", keep)
    try:
        yield seen
    finally:
        event.remove(engine, "before_execute", keep)


async def tell(world: World) -> None:
    """Everything that makes a query of its own, once."""
    coachee, http = account("coachee").hex(), world.http
    await world.add("supervisor")
    await world.write(world.keyring("coachee"))
    await world.write(world.keyring("coachee"))
    await world.write(world.introduction("coachee", "coach"))
    await world.write(world.item("coach"))
    summary = world.item("coachee", ItemKind.SUMMARY, to=["coachee"])
    await world.write(summary)
    await world.write(world.reseal("coachee", summary, ["coach"]))
    await world.write(world.withdrawal(await world.write(world.disclosure())))
    kept = world.disclosure()
    await world.write(world.opening(await world.write(kept)))
    await escalate(world, escalation(world))
    await ask(world, request(world))
    await destroy(world, erasure(world, summary.body.item, kept.body.id))
    await attach(world)
    await world.agree(("coach", "coachee", "supervisor"), supersedes=world.contract)
    await world.write(world.closure())
    for path in ("/v1/engagements", f"/v1/accounts/{coachee}/keys"):
        assert (await world.get("coach", path)).is_success
    gone = {"Authorization": f"Bearer {world.tokens['stranger']}"}
    assert (await http.delete("/v1/login/tokens/current", headers=gone)).is_success
    end_tokens(world.deployment.context.storage, account("stranger"))
    await find_wrong_content(world.deployment.context.storage, world.deployment.context.blobs, silent)
    read_figures(world.deployment.context.storage)
    rotate_app(world.deployment.context.storage, APP, world.deployment.context.random)
    disable_app(world.deployment.context.storage, APP)
    world.deployment.clock.move(UPLOAD_SECONDS)
    await sweep(world.deployment.context)


async def attach(world: World) -> None:
    """One attachment that an erasure destroys, and one that nobody names, with a part that is lost."""
    await upload(world)
    note = naming(world, ref_of())
    await world.write(note)
    await destroy(world, erasure(world, note.body.item))
    unnamed = short("unnamed")
    await put(world, 1, b"kept", attachment=unnamed)
    lost = await put(world, 2, b"lost", attachment=unnamed, headers=digest_of(b"another"))
    assert lost.json()["code"] == "part-mismatch"


def made_queries(seen: list[Executed]) -> Iterator[tuple[str, Query]]:
    """The queries that no module has prepared, each with the function that executed it."""
    prepared = {id(query) for query in QUERIES.values()}
    for executed in seen:
        if isinstance(executed.statement, Query) and id(executed.statement) not in prepared:
            yield executed.functions[0], executed.statement


@only_on(SQLITE)
async def test_every_query_of_a_whole_story_is_answered_by_one_shard(three: World) -> None:
    with watched(three.deployment) as seen:
        await tell(three)
    assert {(maker, why) for maker, query in made_queries(seen) for why in find_crossings(query)} == set()
    others = {
        str(executed.statement).split()[0] for executed in seen if not isinstance(executed.statement, (Query, Insert))
    }
    assert others <= {"BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE", "ROLLBACK"}
    reached = {function for executed in seen for function in executed.functions}
    assert list_makers() - reached == set(), "a function makes a query of its own and the story does not reach it"


# What would be found


def test_nothing_but_prepared_queries_goes_past_what_is_watched() -> None:
    source = Path(vault.server.__file__).parent
    past = {path.name for path in source.rglob("*.py") if re.search(r"\.cursor\(|driver_sql", path.read_text("utf-8"))}
    assert past == {
        "sqlite.py",
        "engine.py",
        "together.py",
        "snapshots.py",
    }  # PRAGMAs, what comes before, for operators


@only_on(SQLITE)
def test_a_query_that_a_function_makes_is_seen_and_judged(deployment: Deployment) -> None:
    with watched(deployment) as seen:
        require_clock(deployment.context.storage, deployment.clock())
    [(maker, query)] = made_queries(seen)
    assert maker == "require_clock of vault.server.storage.inspection"
    assert find_crossings(query) == [f"journals: {EVERY_SHARD}"]


HERE = seals.c.engagement == bindparam("engagement")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (select(seals.c.seal).where(seals.c.of == bindparam("of")), "seals: no value names"),
        (select(seals.c.seal).where(or_(HERE, seals.c.of == bindparam("of"))), "seals: no value names"),
        (select(seals.c.seal).where(seals.c.engagement > bindparam("engagement")), "seals: no value names"),
        (select(seals.c.seal).where(seals.c.engagement.in_(bindparam("some", expanding=True))), "seals: no value"),
        (select(seals.c.seal, blobs.c.blob).where(HERE), "blobs, seals: nothing keeps"),
        (
            select(seals.c.seal).join(blobs, blobs.c.statement == seals.c.of).where(HERE),
            "blobs, seals: nothing keeps",
        ),
        (
            select(items.c.item)
            .join(memberships, memberships.c.engagement == items.c.engagement)
            .where(memberships.c.account == bindparam("account")),
            "items, memberships: no value names",
        ),
        (
            select(blobs.c.blob).where(
                blobs.c.engagement == bindparam("engagement"),
                blobs.c.statement.in_(select(statements.c.statement).where(statements.c.seq > bindparam("after"))),
            ),
            "blobs, statements: nothing keeps",
        ),
        (
            select(tokens.c.scope)
            .join(memberships, memberships.c.account == tokens.c.account)
            .where(tokens.c.token_sha256 == bindparam("sha256")),
            "tokens stands beside another table",
        ),
        (select(seals.alias().c.seal), "an alias hides which table it is"),
        (update(contracts).where(contracts.c.statement == b"one").values(seq=1), "contracts: no value names"),
        (delete(items).where(and_(items.c.item == b"one", items.c.version == 1)), "items: no value names"),
        (delete(items), "items: no value names"),
    ],
)
def test_a_query_that_would_ask_more_than_one_shard_is_found(query: Query, found: str) -> None:
    assert any(why.startswith(found) for why in find_crossings(query)), find_crossings(query)
