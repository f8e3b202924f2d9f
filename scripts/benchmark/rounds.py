"""What is measured on one engine: the service beside its floor, and the single figures of a run."""

import secrets
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from scripts.benchmark import load
from scripts.benchmark.contest import Requests, contend, find_tool
from scripts.benchmark.databases import Databases
from scripts.benchmark.growth import grow
from scripts.benchmark.load import get, post, put, talk
from scripts.benchmark.notes import AUDIENCE, Engagement, Note, Person
from scripts.benchmark.results import Figure, Pair, Results
from scripts.benchmark.servers import Server, floor, make_folder, service
from scripts.benchmark.setting_up import Tokens, log_in, logging_in, set_up
from vault.protocol.limits import PART_MAXIMUM_BYTES
from vault.server.secrets_file import read_secrets

BOTH = ("service", "floor")
MANY = 16
"""Clients, where only one number of them is measured."""
_PAGE = 50
_FIRST_ENTRIES = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is sent: coaches and engagements of each, notes by the number of clients, reads, logins, and so on."""

    pairs: int
    engagements: int
    writes: dict[int, int]
    reads: int
    logins: int
    turns: int
    growth: int
    parts: int
    client_notes: int
    client_replay: int

    @property
    def notes(self) -> int:
        """How many notes one engine takes at most."""
        return self.turns * (sum(self.writes.values()) + self.writes[MANY])


FULL = Plan(8, 32, {1: 500, 16: 2_000, 64: 2_000}, 3_000, 40, 2, 20_000, 32, 300, 10_000)
QUICK = Plan(2, 16, {1: 40, 16: 160}, 160, 2, 1, 1_000, 2, 20, 200)


@dataclass(slots=True)
class World:
    """Who writes, what they write, and what was found out so far."""

    people: list[Person]
    engagements: list[Engagement]
    notes: list[Note]
    plan: Plan
    say: Callable[[str], None]
    results: Results


def measure_engine(world: World, name: str, databases: Databases) -> None:
    """Everything on one engine."""
    with tempfile.TemporaryDirectory(prefix="coach-vault-bench-") as made:
        folder, template = Path(made) / "data", databases.new()
        app_key = make_folder(folder, template)
        with service(folder, template) as server:
            set_up(server, app_key, world.people, world.engagements)
        _measure_floor(world, name, folder, databases, template)
        if name == "PostgreSQL":
            _measure_workers(world, name, folder, databases, template)
        _measure_growth(world, name, folder, databases, template)


def _measure_floor(world: World, name: str, folder: Path, databases: Databases, template: str) -> None:
    ours, theirs = databases.copy(template), databases.copy(template)
    with service(folder, ours) as first, floor(folder, theirs) as second:
        how = f"{first.cpu_seconds():.2f} s of processor time"
        world.results.figures.append(Figure(f"{name}: start to first answer", first.start_seconds, "s", 1.5, how))
        servers, tokens = (first, second), log_in(first, world.people)
        notes = iter(world.notes)
        tool, send = find_tool()
        for clients, count in world.plan.writes.items():
            world.say(f"{name}: write, {clients} clients")
            turns = _turns(world, notes, tokens, count)
            target = 0.5 if clients == MANY else None
            sides = contend(servers, turns, clients, 201, send)
            world.results.pairs.append(Pair.of(f"{name}: write ({tool})", clients, BOTH, sides, target))
        world.say(f"{name}: write, {MANY} clients, every latency")
        mine, other = contend(servers, _turns(world, notes, tokens, world.plan.writes[MANY]), MANY, 201, load.send_all)
        how = f"{MANY} clients, load.py, raw; floor {other.quantile_milliseconds(0.99):.1f} ms"
        world.results.figures.append(Figure(f"{name}: write, p99", mine.quantile_milliseconds(0.99), "ms", 50, how))
        for what, requests in _reads(world, tokens).items():
            world.say(f"{name}: {what}")
            sides = contend(servers, [(requests, requests)] * world.plan.turns, MANY, 200, send)
            target = None if "blob" in what else 0.6
            world.results.pairs.append(Pair.of(f"{name}: {what} ({tool})", MANY, BOTH, sides, target))
        world.say(f"{name}: log in")
        logins = talk(
            first.port, [logging_in(first, person, tokens, world.plan.logins) for person in world.people[:MANY]]
        )
        how = f"{MANY} clients, challenge and signed answer, load.py"
        world.results.figures.append(Figure(f"{name}: logins a second", logins.rate / 2, "", None, how))
        _measure_attachments(world, name, first, tokens)
        megabytes = first.resident_bytes() / 2**20
        world.results.figures.append(
            Figure(f"{name}: resident after the load", megabytes, "MiB", 120, "the largest process")
        )


def _measure_attachments(world: World, name: str, server: Server, tokens: Tokens) -> None:
    world.say(f"{name}: an attachment")
    engagement, part = world.engagements[0], secrets.token_bytes(PART_MAXIMUM_BYTES)
    path = f"/v1/engagements/{engagement.id.hex()}/attachments/{secrets.token_hex(16)}/parts"
    token = tokens[engagement.coach.account]
    requests = (put(f"{path}/{number}", token, part) for number in range(1, world.plan.parts + 1))
    rate = load.send_all(server.port, requests, 1, 204).rate * PART_MAXIMUM_BYTES / 2**20
    how = f"one client, {world.plan.parts} parts of 8 MiB into a local folder, load.py"
    world.results.figures.append(Figure(f"{name}: attachment taken", rate, "MiB/s", None, how))


def _measure_workers(world: World, name: str, folder: Path, databases: Databases, template: str) -> None:
    two, one = databases.copy(template), databases.copy(template)
    tool, send = find_tool()
    with service(folder, two, workers=2) as first, service(folder, one) as second:
        world.say(f"{name}: two workers beside one")
        turns = _two(world, (first, second), world.plan.writes[MANY])
        sides = contend((first, second), turns, MANY, 201, send)
        names = ("2 workers", "1 worker")
        world.results.pairs.append(Pair.of(f"{name}: write ({tool})", MANY, names, sides, 1.3))


def _measure_growth(world: World, name: str, folder: Path, databases: Databases, template: str) -> None:
    if not world.plan.growth:
        return
    small, large, now = databases.copy(template), databases.copy(template), int(world.people[0].first.body.at)
    seed = read_secrets(folder).log_sign_seed
    grow(small, seed, AUDIENCE, 1_000, now, lambda _: None)
    step = max(world.plan.growth // 10, 1)
    grow(
        large,
        seed,
        AUDIENCE,
        world.plan.growth,
        now,
        lambda done: world.say(f"{name}: {done:,} statements made in bulk") if done % step < 1_000 else None,
    )
    tool, send = find_tool()
    with service(folder, large) as first, service(folder, small) as second:
        world.say(f"{name}: a grown database beside a small one")
        sides = contend((first, second), _two(world, (first, second), world.plan.writes[MANY]), MANY, 201, send)
    names = (f"{world.plan.growth:,}", "1,000")
    world.results.pairs.append(Pair.of(f"{name}: write after so many statements ({tool})", MANY, names, sides, 1 / 1.2))


def _turns(world: World, notes: Iterator[Note], tokens: Tokens, count: int) -> list[tuple[Requests, Requests]]:
    """The same notes for both sides, others in each turn."""
    return [(requests, requests) for requests in _posts(world, notes, tokens, count)]


def _two(world: World, servers: tuple[Server, Server], count: int) -> list[tuple[Requests, Requests]]:
    """The same notes for two services, each with its own logins."""
    first, second = (_posts(world, iter(world.notes), log_in(server, world.people), count) for server in servers)
    return list(zip(first, second, strict=True))


def _posts(world: World, notes: Iterator[Note], tokens: Tokens, count: int) -> list[Requests]:
    return [
        [
            post(note.engagement.items_path, tokens[note.engagement.coach.account], note.body)
            for note in islice(notes, count)
        ]
        for _ in range(world.plan.turns)
    ]


def _reads(world: World, tokens: Tokens) -> dict[str, Requests]:
    """Any of the first notes, its blob, and any page of fifty entries of a journal."""

    def ask(paths: Sequence[tuple[Engagement, str]]) -> Requests:
        picked = (secrets.choice(paths) for _ in range(world.plan.reads))
        return [get(path, tokens[engagement.coach.account]) for engagement, path in picked]

    first = world.notes[: 4 * len(world.engagements)]
    return {
        "read one": ask([(note.engagement, note.item_path) for note in first]),
        "read its blob": ask([(note.engagement, note.blob_path) for note in first]),
        f"list {_PAGE} entries": ask(
            [
                (each, f"/v1/engagements/{each.id.hex()}/journal?after={_FIRST_ENTRIES}&limit={_PAGE}")
                for each in world.engagements
            ]
        ),
    }
