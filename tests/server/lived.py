"""A data folder in which people have lived: every type of statement that the server takes, and what lies beside them.

Rotated keys and a retired account, two engagements, a contract that was superseded and one that never came to be,
versions, reseals, disclosures that were opened, withdrawn and erased, an escalation, a closure; attachments that items
name, that were erased, and that nobody named yet.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.server.deployments import SECRETS, URL, Deployment, deployed
from tests.server.joining import ask_challenge
from tests.server.later import ask, destroy, erasure, escalate, escalation, request
from tests.server.resources.test_attachments import naming, put, ref_of, upload
from tests.server.world import Draft, World
from tests.support.noise import noise
from tests.support.people import account, short
from vault.protocol.limits import ZERO32
from vault.protocol.statements import AttachmentRef
from vault.protocol.vocabulary import ItemKind, KeysReason
from vault.server.secrets_file import write_secrets
from vault.server.settings import SETTINGS_FILE

BEFORE = 1_750_000_000
"""Everything happened before the clock of whoever looks."""
STATEMENTS = 51
UPLOADS = frozenset({short("attachment", 5), short("attachment", 6)})
"""What nobody has named yet."""


@contextmanager
def lived_in(folder: Path, database: str | None = None) -> Iterator[Deployment]:
    """A data folder in which everything has happened, and its deployment, as long as the block lasts."""
    folder.mkdir(mode=0o700)
    with deployed(folder, now=BEFORE, database=database) as deployment:
        asyncio.run(_live(deployment))
        write_secrets(folder, SECRETS)
        (folder / SETTINGS_FILE).write_text(
            f'url = "{URL}"\ndatabase = "{database or "sqlite:///vault.sqlite3"}"\n', encoding="ascii"
        )
        deployment.context.storage.sweep()
        yield deployment


async def _live(deployment: Deployment) -> None:
    async with deployment.client() as http:
        world = World(deployment, http)
        await world.add("coach", "coachee", "sponsor", "supervisor", "contact", "stranger")
        for name in ("coach", "coachee", "coach"):
            await world.write(world.keyring(name))
        await world.write(world.introduction("stranger", to="coach"))
        await world.write(world.introduction("coachee", to="coach"))
        await world.write(world.rotation("stranger", KeysReason.RETIRE))
        await _first_engagement(world)
        await _second_engagement(world)
        await ask_challenge(http, account("coach"))
        await ask_challenge(http, account("sponsor"))
        deployment.enrolment()


async def _first_engagement(world: World) -> None:
    first = await world.agree()
    clock = world.deployment.clock
    clock.move(10)
    await _share(world)
    clock.move(10)
    dead = world.contract_draft("coachee", supersedes=first)
    await world.write(dead)
    await world.agree(("coach", "coachee", "sponsor", "supervisor"), supersedes=first)
    note = world.item("coach")
    await world.write(note)
    await world.write(world.reseal("coachee", note, ["supervisor"]))
    await world.rotate("coachee")
    await world.write(world.assent("coachee"))
    await world.write(world.reseal("coach", note, ["coachee"]))
    await _attach(world)
    clock.move(10)
    raised = escalation(world)
    await escalate(world, raised)
    await world.log_in("contact")
    await world.write(world.opening(raised.statement.id, "contact"))
    await world.write(world.assent("contact", after=ZERO32))  # the opening stands in another journal
    clock.move(10)
    await world.write(world.closure())


async def _share(world: World) -> None:
    """Disclosures that are live, withdrawn and erased, one that was withdrawn before it came, and a request."""
    live, ended, erased = [await _disclose(world) for _ in range(3)]
    await world.write(world.opening(live.statement.id))
    await world.write(world.withdrawal(ended.statement.id))
    await world.write(world.withdrawal(short("never") * 2))
    await destroy(world, erasure(world, erased.body.id))
    await ask(world, request(world))


async def _disclose(world: World) -> Draft:
    draft = world.disclosure(expires=world.deployment.clock() + 10**6)
    await world.write(world.opening(await world.write(draft)))
    return draft


async def _attach(world: World) -> None:
    """Two items with attachments, one of them with two versions, one erased; an upload that nobody has named."""
    first = naming(world, await _upload(world, 1), await _upload(world, 2), kind=ItemKind.GOAL)
    await world.write(first)
    second = naming(
        world, await _upload(world, 3), _ref(1), by="coachee",
        kind=ItemKind.GOAL, item=first.body.item, version=2, previous=first.statement.id,
    )  # fmt: skip
    await world.write(second)
    gone = naming(world, await _upload(world, 4))
    await world.write(gone)
    await destroy(world, erasure(world, gone.body.item))
    await _upload(world, 5)
    await put(world, 2, b"later", attachment=short("attachment", 6))


async def _upload(world: World, number: int) -> AttachmentRef:
    await upload(world, "coachee" if number == 3 else "coach", short("attachment", number), _parts(number))
    return _ref(number)


def _parts(number: int) -> tuple[bytes, ...]:
    return tuple(noise(size, "part", number, size) for size in (30, 20))


def _ref(number: int) -> AttachmentRef:
    return ref_of(b"".join(_parts(number)), short("attachment", number))


async def _second_engagement(world: World) -> None:
    world.engagement = short("engagement", 2)
    await world.agree(("coach", "coachee"), contact=None)
    first = world.item("coach", ItemKind.ACTION)
    await world.write(first)
    version = {"kind": ItemKind.ACTION, "item": first.body.item, "version": 2, "previous": first.statement.id}
    await world.write(world.item("coachee", **version))
    await world.write(world.item("coach", ItemKind.PRIVATE))
    await world.write(world.item("coachee", ItemKind.SUMMARY, to=["coachee"]))
