"""A finished story on a real server, of which every attack gets a copy; and a network that lies on the way.

The story is played once a process. An attack opens a person's home as that person left it: with pins, with a past.
"""

import json
import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from tests.server.deployments import AUDIENCE, NOW, SECRETS, URL, Clock, Deployment, deployed
from tests.system.worlds import Three, World, leaving, passphrase, three_people, three_way_terms
from vault.client import AsyncVault, VerificationError
from vault.client.crypto import passphrase as stretching
from vault.client.crypto import slots
from vault.client.device.session import Session
from vault.client.outbox.writing import common_members
from vault.client.reading.views import View, refresh
from vault.client.sdk.asynchronous.disclosures import AsyncDisclosureHandle
from vault.client.sdk.asynchronous.engagements import AsyncEngagement
from vault.policy.parties import JOURNAL_READERS, find_current_keys
from vault.protocol import slot
from vault.protocol.envelope import Envelope, Statement, sign
from vault.protocol.journal import START, JournalId, next_position
from vault.protocol.leaf import leaf_entry
from vault.protocol.problems import PROBLEMS, Code
from vault.protocol.statements import BlobRef, Body, Item, SealRef
from vault.protocol.vocabulary import ItemKind, JournalKind, StatementType
from vault.server.app import build_app
from vault.server.clock import random_bytes
from vault.server.context import AppContext
from vault.server.limits import Limits
from vault.server.opening import open_blobs
from vault.server.settings import LimitSettings, Settings
from vault.server.storage.engine import Storage
from vault.server.tlog_key import TlogKey
from vault.tlog.checkpoint import Checkpoint, sign_checkpoint
from vault.tlog.hashing import leaf_hash
from vault.tlog.proof import TlogProof

Value = TypeVar("Value")
Act = Callable[[AsyncVault, AsyncEngagement], Awaitable[Value]]
Lie = Callable[[str, str, int, bytes], tuple[int, bytes]]
"""Method, path with query, status and body of an answer: the status and body that the client gets instead."""

SECRETS_WRITTEN = ("first-words", "second-words", "third-words", "own-words", "given-words", "taken-back-words")
_STRETCHED: dict[tuple[str, bytes], bytes] = {}


def tell_the_truth(_method: str, _target: str, status: int, body: bytes) -> tuple[int, bytes]:
    return status, body


class Evil(httpx.AsyncBaseTransport):
    """Keeps every request and answer, and lies."""

    def __init__(self, inner: httpx.AsyncBaseTransport, lie: Lie = tell_the_truth) -> None:
        self.inner, self.lie = inner, lie
        self.sent: list[tuple[str, str]] = []
        self.bodies: list[bytes] = []
        self.tape: list[tuple[str, str, int, bytes]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        target = request.url.raw_path.decode("ascii")
        self.sent.append((request.method, target))
        self.bodies.append(await request.aread())
        response = await self.inner.handle_async_request(request)
        body = await response.aread()
        self.tape.append((request.method, target, response.status_code, body))
        status, told = self.lie(request.method, target, response.status_code, body)
        headers = {name: value for name, value in response.headers.items() if name != "content-length"}
        if status != response.status_code:
            headers["content-type"] = "application/problem+json" if status >= 400 else "application/json"
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(told))


@dataclass(frozen=True)
class Story:
    """Where the finished story lies, and its names."""

    folder: Path
    engagement: str
    live: str
    withdrawn: str
    proposed: str


@contextmanager
def cheap() -> Iterator[None]:
    """Slots at the floor, each derived once a process: what is attacked here is not Argon2."""
    real = stretching.stretch

    def once(text: str, header: slot.SlotHeader) -> bytes:
        stretching.require_kdf_bounds(header)
        known = (text, header.to_bytes())
        if known not in _STRETCHED:
            _STRETCHED[known] = real(text, header)
        return _STRETCHED[known]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slot, "MEMORY_NEW_KIB", slot.MEMORY_MINIMUM_KIB)
        patch.setattr(slots, "stretch", once)
        yield


async def play(folder: Path) -> Story:
    """Notes in versions, a goal, a private note, two disclosures (one opened, one withdrawn), new keys of the coach."""
    (folder / "server").mkdir()
    with deployed(folder / "server") as deployment:
        async with leaving(World(deployment, folder / "people")) as world:
            three = await three_people(world)
            await three.at_lenas.notes.add("first-words", title="One")
            note = await three.at_lenas.notes.add("second-words, badly", title="Two")
            await note.edit(body="second-words")
            await three.at_mareks.goals.add("third-words", title="Goal")
            await three.at_mareks.notes.add("own-words", title="Mine", kind="private")
            made = [await _disclose(three, words) for words in ("given-words", "taken-back-words")]
            for received in await three.ana.inbox():
                await received.open()
            await made[1].withdraw()
            await three.lena.rotate()
            proposed = await three.at_lenas.supersede(three_way_terms({"progress", "themes", "attendance"}))
            await three.at_mareks.reload()
            await three.at_mareks.notes.list()
            await three.at_anas.reload()
            story = Story(folder, three.at_lenas.id, made[0].id, made[1].id, proposed.id)
    return story


async def _disclose(three: Three, words: str) -> AsyncDisclosureHandle:
    summary = await three.at_mareks.summaries.add(words, title="Summary")
    preview = await summary.preview(share_kind="progress", purpose="own_words", expires=timedelta(days=30))
    return await preview.disclose()


@contextmanager
def reopened(database: Path) -> Iterator[Deployment]:
    """The server over a copy of its database."""
    clock = Clock(NOW)
    limits = LimitSettings(challenges_per_minute=1_000_000, challenges_of_peer_per_minute=1_000_000)
    blobs = f"file:{database.parent}/attachments"
    settings = Settings(url=URL, database=f"sqlite:///{database}", blobs=blobs, limits=limits)
    context = AppContext(
        settings=settings,
        storage=Storage(f"sqlite:///{database}"),
        clock=clock,
        random=random_bytes,
        secret=SECRETS.server_secret,
        deployment=SECRETS.deployment(),
        tlog=TlogKey(AUDIENCE, SECRETS.log_sign_seed),
        blobs=open_blobs(settings),
        limits=Limits(limits.rates(), clock),
    )
    try:
        yield Deployment(context, clock, build_app(context), "")
    finally:
        context.storage.close()


@dataclass
class Stage:
    """The story's server, and people who come back to it, each on a fresh copy of the own device."""

    story: Story
    deployment: Deployment
    folder: Path
    count: int = 0
    open: list[AsyncVault] = field(default_factory=list)

    async def unlock(self, name: str, lie: Lie = tell_the_truth) -> tuple[AsyncVault, Evil]:
        self.count += 1
        home = self.folder / f"{name}-{self.count}"
        shutil.copytree(self.story.folder / "people" / name, home)
        evil = Evil(httpx.ASGITransport(self.deployment.app), lie)
        vault = await AsyncVault.unlock(home, passphrase=passphrase, transport=evil, now=self.deployment.clock)
        self.open.append(vault)
        return vault, evil

    async def run(self, name: str, act: Act[Value], lie: Lie = tell_the_truth) -> tuple[Value, Evil]:
        """What the act comes to on that person's device, with that server."""
        vault, evil = await self.unlock(name, lie)
        return await act(vault, self.at(vault)), evil

    def at(self, vault: AsyncVault) -> AsyncEngagement:
        return AsyncEngagement(vault._session, vault._driver, bytes.fromhex(self.story.engagement))

    async def refuse(self, name: str, act: Act[Value], lie: Lie, *errors: type[Exception]) -> Exception:
        """The error that the lie ends in, with the three assertions that belong to every attack.

        What was pinned is as it was, nothing of what was written stands in the error or beside it, and no request left
        but those of an honest run. The log's files are the same for everybody; how many were read tells nothing.
        """
        _, honest = await self.run(name, act)
        vault, evil = await self.unlock(name, lie)
        before = pinned(vault)
        with pytest.raises(errors or VerificationError) as caught:
            await act(vault, self.at(vault))
        assert pinned(vault) == before
        told = str(caught.value) + "".join(path.read_text() for path in vault._session.home.folder.rglob("evidence/*"))
        assert not any(words in told for words in SECRETS_WRITTEN)
        asked, expected = (of_the_person(one.sent) for one in (evil, honest))
        assert asked == expected[: len(asked)]
        return caught.value

    async def close(self) -> None:
        for vault in self.open:
            await vault._leave()


def of_the_person(sent: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(method, target) for method, target in sent if not target.startswith("/log/")]


def pinned(vault: AsyncVault) -> dict[str, Any]:
    """What a device remembers of an engagement, beyond keys journals that were verified on the way."""
    session = vault._session
    return {
        "pins": {journal: pin for journal, pin in session.verified.pins.items() if journal.kind != JournalKind.KEYS},
        "contracts": dict(session.verified.contracts),
        "salts": dict(session.identity.salts),
        "people": dict(session.identity.people),
        "keys": session.current,
        "sequence": session.identity.sequence,
        "waiting": list(session.outbox.waiting),
    }


def changed(where: str, change: Callable[[Any], Any]) -> Lie:
    """A lie that changes the JSON of the answers whose path ends like that."""

    def lie(_method: str, target: str, status: int, body: bytes) -> tuple[int, bytes]:
        if status >= 300 or not target.partition("?")[0].endswith(where):
            return status, body
        value = json.loads(body)
        told = change(value)
        return status, json.dumps(value if told is None else told).encode()

    return lie


def problem(code: str) -> bytes:
    status = PROBLEMS[Code(code)].status
    return json.dumps({"type": f"/problems/{code}", "title": "", "status": status, "detail": "", "code": code}).encode()


def engagement_id(stage: Stage) -> JournalId:
    return JournalId(JournalKind.ENGAGEMENT, bytes.fromhex(stage.story.engagement))


def logged(entry: bytes) -> str:
    """The receipt of a leaf in a tree of its own: whoever has the log's key signs what it likes."""
    checkpoint = Checkpoint(AUDIENCE, 1, leaf_hash(entry))
    return TlogProof(0, (), sign_checkpoint(checkpoint, SECRETS.log_sign_seed)).to_bytes().decode("utf-8")


def rechained(journal: JournalId, entries: list[dict[str, Any]], salt: bytes | None = None) -> list[dict[str, Any]]:
    """The entries of a whole journal, numbered and with the heads that follow: what a server can always do.

    With the salt, they have receipts for it too.
    """
    position = START
    for entry in entries:
        statement = Statement.of(Envelope.from_json(entry["envelope"])).id
        position = next_position(journal, position, entry["time"], statement)
        entry |= {"seq": position.seq, "head": position.head.hex(), "statement": statement.hex()}
        if salt is not None:
            entry |= {"receipt": logged(leaf_entry(journal, salt, position, statement)), "leaf": None}
    return entries


async def forge(
    stage: Stage, name: str, build: Callable[[Session, View, dict[str, Any]], Body], signer: str | None = None
) -> dict[str, Any]:
    """An entry that the journal does not have: what `build` makes for `name`, signed with the keys of `signer`."""
    vault, _ = await stage.unlock(name)
    session = vault._session
    view = await vault._driver.run(refresh(session, bytes.fromhex(stage.story.engagement)))
    body = build(session, view, common_members(session, StatementType.ITEM, view.replay.journal, session.current))
    seed = session.current.sign_seed
    if signer is not None:
        other, _ = await stage.unlock(signer)
        seed = other._session.current.sign_seed
    statement = sign(body, [seed])
    position = next_position(view.replay.journal, view.replay.position, view.replay.position.time, statement.id)
    return {
        "seq": position.seq, "head": position.head.hex(), "time": position.time, "statement": statement.id.hex(),
        "envelope": statement.envelope.to_json(), "seal": None,
        "receipt": logged(leaf_entry(view.replay.journal, view.replay.salt, position, statement.id)), "leaf": None,
    }  # fmt: skip


def assessment(**changes: Any) -> Callable[[Session, View, dict[str, Any]], Body]:
    """An item that policy allows, of a kind that nobody lists here, so that it is verified and never opened."""

    def build(session: Session, view: View, common: dict[str, Any]) -> Body:
        active = view.replay.find_active_contract()
        assert active is not None
        readers = [party.account for party in active.body.parties if party.role in JOURNAL_READERS]
        keys = [find_current_keys(view.replay, account, active.body) for account in sorted(readers)]
        members = common | {
            "engagement": view.replay.journal.subject, "contract": active.statement, "item": bytes(16), "version": 1,
            "previous": None, "kind": ItemKind.ASSESSMENT, "blob": BlobRef(sha256=bytes(32), size=64 + 4096 + 16),
            "attachments": (),
            "seals": tuple(SealRef(account=k.account, key=k.seal_key, sha256=bytes(32)) for k in keys if k is not None),
        }  # fmt: skip
        return Item.model_validate(members).model_copy(update=changes)

    return build


def appended(entry: dict[str, Any]) -> Lie:
    """A lie that shows one entry more at the end of the engagement's journal."""
    return changed("/journal", lambda page: page["data"].append(entry))
