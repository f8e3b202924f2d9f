"""A journal as a server serves it, page by page with receipts of a real log, to a client that has never seen it.

Each statement has a checkpoint of its own, as when every one was written by itself: that is the most a reader can have
to do. What is measured is the client's own act, from the bytes of the answers to the verified view.
"""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlsplit

from scripts.benchmark.notes import AUDIENCE, Engagement, Person
from vault import ed25519
from vault.client.device.deployment import find_deployment
from vault.client.device.home import Home
from vault.client.device.identity import Identity
from vault.client.device.memory import Token
from vault.client.device.session import Session
from vault.client.device.tlog_state import TlogState
from vault.client.device.verified import Verified
from vault.client.network.calls import Act, Answer, Call
from vault.client.reading.asking import PAGE
from vault.client.reading.keys_of import keys_journal
from vault.client.reading.views import View, engagement_journal, refresh
from vault.protocol.envelope import Envelope, Statement
from vault.protocol.journal import START, JournalId, next_position
from vault.protocol.leaf import leaf_entry
from vault.protocol.limits import ZERO32
from vault.protocol.strict_json import read_json
from vault.tlog.checkpoint import Checkpoint, SignedCheckpoint, sign_checkpoint
from vault.tlog.frontier import EMPTY, Frontier
from vault.tlog.hashing import leaf_hash
from vault.tlog.proof import TlogProof
from vault.tlog.signed_note import SignatureType, VerifierKey
from vault.tlog.tiles import TILE_WIDTH, Tile

LOG_SEED = bytes(range(32))
LOG_KEY = VerifierKey(AUDIENCE, SignatureType.ED25519, ed25519.public_key(LOG_SEED))


@dataclass
class Served:
    """The answers of a deployment that holds some journals and their log."""

    now: int
    frontier: Frontier = EMPTY
    signed: SignedCheckpoint = field(default_factory=lambda: _signed(EMPTY))
    tiles: dict[tuple[int, int], bytearray] = field(default_factory=dict)
    pages: dict[tuple[str, int], bytes] = field(default_factory=dict)

    def hold(self, path: str, journal: JournalId, salt: bytes, statements: Sequence[Statement]) -> None:
        """A journal, each statement logged by itself."""
        entries = list(self._log(journal, salt, statements))
        for start in range(0, len(entries) + 1, PAGE):
            data = entries[start : start + PAGE]
            page = {"data": data, "next": str(start + PAGE) if start + PAGE < len(entries) else None}
            self.pages[path, start] = json.dumps(page, ensure_ascii=False).encode("utf-8")

    def _log(self, journal: JournalId, salt: bytes, statements: Sequence[Statement]) -> Iterator[dict[str, object]]:
        position = START
        for one in statements:
            position = next_position(journal, position, self.now, one.id)
            appended = self.frontier.append([leaf_hash(leaf_entry(journal, salt, position, one.id))])
            for new in appended.tile_hashes:
                self.tiles.setdefault((new.level, new.number // TILE_WIDTH), bytearray()).extend(new.hash)
            self.frontier, index = appended.frontier, self.frontier.size
            self.signed = _signed(self.frontier)
            receipt = TlogProof(index, appended.inclusion_proof(index), self.signed).to_bytes().decode("utf-8")
            yield {
                "seq": position.seq, "head": position.head.hex(), "time": self.now, "statement": one.id.hex(),
                "envelope": one.envelope.to_json(), "seal": None, "receipt": receipt, "leaf": None,
            }  # fmt: skip

    def answer(self, call: Call) -> Answer:
        """What a server answers."""
        url = urlsplit(call.path)
        if url.path == "/log/checkpoint":
            return Answer(200, "text/plain", None, self.signed.to_bytes())
        if url.path.startswith("/log/"):
            tile = Tile.parse(url.path.removeprefix("/log/"))
            return Answer(200, "", None, bytes(self.tiles[tile.level, tile.index][: tile.width * 32]))
        return Answer(200, "application/json", None, self.pages[url.path, int(parse_qs(url.query)["after"][0])])

    def run(self, act: Act[View]) -> View:
        """What the act returns."""
        answer = Answer(0)
        try:
            effect = next(act)
            while True:
                effect = act.send(self.answer(effect) if isinstance(effect, Call) else answer)
        except StopIteration as end:
            view: View = end.value
            return view


def seconds_to_read(engagement: Engagement, statements: Sequence[Statement], now: int) -> float:
    """Processor time for one statement of the engagement's whole journal, read by the coachee."""
    served = Served(now)
    for person in (engagement.coach, engagement.coachee):
        journal = keys_journal(person.account)
        served.hold(f"/v1/accounts/{person.account.hex()}/keys", journal, ZERO32, [person.first])
    setup = [Statement.of(Envelope.from_json(read_json(body)["statement"])) for _, _, body in engagement.setup]
    whole = [*setup, *statements]
    path = f"/v1/engagements/{engagement.id.hex()}/journal"
    served.hold(path, engagement_journal(engagement.id), engagement.salt, whole)
    with TemporaryDirectory() as folder:
        session = _session(Path(folder), engagement.coachee, now)
        session.identity = session.identity.with_salt(engagement.id, engagement.salt)
        began = time.process_time()
        view = served.run(refresh(session, engagement.id))
        spent = time.process_time() - began
        session.home.close()
    assert len(view.entries) == len(whole)
    return spent / len(whole)


def _session(folder: Path, person: Person, now: int) -> Session:
    deployment = find_deployment("http://127.0.0.1:8001", AUDIENCE)
    identity = Identity(generations={1: person.keys})
    verified = Verified(tlog=TlogState(key=LOG_KEY, searched_at=now))
    session = Session(Home(folder), deployment, person.account, identity, verified, now=lambda: now, random=bytes)
    session.memory.token = Token("", now + 3_600)
    return session


def _signed(frontier: Frontier) -> SignedCheckpoint:
    return sign_checkpoint(Checkpoint(AUDIENCE, frontier.size, frontier.root), LOG_SEED)
