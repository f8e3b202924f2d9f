"""The generic attack: any value of any answer is replaced, and the client refuses, or sees what it saw before.

Nobody has to think of the attack first. A value is replaced by another recorded one of its type, by null, by one with a
flipped bit, or goes; or the whole answer is a refusal. What comes out must be a lawful error or the same view; anything
else is a finding.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from tests.attacks.stage import Lie, Stage, problem
from vault.client import AsyncVault, Refused, VerificationError
from vault.client.errors import Unreachable, UsageError
from vault.client.sdk.asynchronous.engagements import AsyncEngagement
from vault.protocol.problems import PROBLEMS

LAWFUL = (VerificationError, Refused, Unreachable, UsageError)
COUNT = int(os.environ.get("DIFFERENTIAL_CASES", "40"))
Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Leaf:
    """A value in the n-th answer of a run."""

    answer: int
    target: str
    place: Place
    value: Any


async def look(vault: AsyncVault, at: AsyncEngagement) -> Any:
    """All that a person is shown."""
    await at.reload()
    seen: list[Any] = [at.role, at.contracts, [each.id for each in await vault.engagements.list()]]
    if at.role == "sponsor":
        given = await vault.inbox()
        seen += [(each.id, each.sender, each.share_kind, each.purpose, each.expires) for each in given]
        return seen + [await each.open() for each in given]
    seen.append(await at.journal())
    for shelf in (at.notes, at.goals, at.summaries):
        shown = await shelf.list()
        seen += [(one.id, one.version, one.title, one.body, one.author, one.created, one.readers) for one in shown]
    seen += [(each.id, await each.read_state(), await each.openings()) for each in await at.disclosures()]
    return seen + [
        (person.name, person.account, person.state, person.safety_number) for person in await vault.people.list()
    ]


def leaves(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(each, (*place, name))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from leaves(each, (*place, index))
    elif place:
        yield place, value


def flipped(value: Any, random: Random) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value ^ 1 << random.randrange(8)
    if isinstance(value, str) and value:
        at = random.randrange(len(value))
        return value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :]
    return "00"


def replaced(leaf: Leaf, others: list[Any], random: Random) -> tuple[str, Any]:
    same = [each for each in others if type(each) is type(leaf.value) and each != leaf.value]
    if isinstance(leaf.value, str):
        same = [each for each in same if len(each) == len(leaf.value)] or same
    way = random.choice(["other", "other", "other", "flip", "null", "gone", "refused"])
    if way == "refused":
        return way, random.choice(
            ["not-found", "role-refused", "disclosure-ended", "login-refused", "already-assented"]
        )
    if way == "other" and same:
        return way, random.choice(same)
    return ("flip", flipped(leaf.value, random)) if way in ("other", "flip") else (way, None)


def lying(leaf: Leaf, way: str, value: Any) -> Lie:
    count = iter(range(1_000_000))

    def lie(_method: str, _target: str, status: int, body: bytes) -> tuple[int, bytes]:
        if next(count) != leaf.answer:
            return status, body
        if way == "refused":
            return PROBLEMS[value].status, problem(value)
        told = json.loads(body)
        try:
            within = told
            for step in leaf.place[:-1]:
                within = within[step]
            if way == "gone":
                del within[leaf.place[-1]]
            else:
                within[leaf.place[-1]] = value
        except (KeyError, IndexError, TypeError):
            return status, body  # another run has written in between, and this answer is a refusal now
        return status, json.dumps(told).encode()

    return lie


@pytest.mark.parametrize("name", ["marek", "lena", "ana"])
async def test_no_changed_answer_changes_what_is_seen(stage: Stage, name: str) -> None:
    honest, evil = await stage.run(name, look)
    found = [
        Leaf(number, target, place, value)
        for number, (_, target, _, body) in enumerate(evil.tape)
        if body[:1] in (b"{", b"[")
        for place, value in leaves(json.loads(body))
    ]
    others = sorted({leaf.value for leaf in found if leaf.value is not None}, key=repr)
    random = Random(os.environ.get("DIFFERENTIAL_SEED", "coach vault"))
    findings = []
    for _ in range(COUNT):
        leaf = random.choice(found)
        way, value = replaced(leaf, others, random)
        try:
            seen, _ = await stage.run(name, look, lying(leaf, way, value))
        except LAWFUL:
            continue
        except Exception as error:
            findings.append((leaf.target, leaf.place, way, str(value)[:40], repr(error)))
            continue
        if seen != honest:
            findings.append((leaf.target, leaf.place, way, str(value)[:40], "another view"))
    assert findings == [], "\n".join(map(repr, findings))
