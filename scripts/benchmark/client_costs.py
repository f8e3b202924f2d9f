"""What a client spends without any network: on a note that it seals or opens, on a journal that it replays."""

import json
import time
from collections.abc import Callable
from typing import Any

from scripts.benchmark.notes import Engagement, make_engagement, make_note, make_person
from scripts.benchmark.results import Figure
from scripts.benchmark.served_journal import seconds_to_read
from vault.client.crypto.content import open_content, require_blob_hash
from vault.client.crypto.opening import open_content_key, require_seal_hash
from vault.client.reading.views import NOBODY
from vault.encoding import read_base64
from vault.policy.facts import KeysFact
from vault.policy.replay import ReplayedEngagement, ReplayedKeys, append
from vault.protocol.blob import blob_context
from vault.protocol.envelope import Envelope, Statement
from vault.protocol.ids import EngagementId
from vault.protocol.seal import seal_context
from vault.protocol.statements import Item
from vault.protocol.strict_json import read_json

NOTE_MILLISECONDS = 1.0
REPLAY_SECONDS = 3.0
REPLAYED = 10_000


def measure_client(notes: int, replayed: int) -> list[Figure]:
    """Means of processor time over so many notes, and one replay of so many statements; the limit is for 10,000."""
    now = int(time.time())
    engagement = make_engagement(make_person(now), make_person(now), now)
    made: list[bytes] = []
    sealing = _seconds(lambda: made.append(make_note(engagement, now).body), notes)
    sent = iter(made)
    opening = _seconds(lambda: _open(engagement, next(sent)), notes)
    long = [*made, *(make_note(engagement, now).body for _ in range(replayed - notes))][:replayed]
    envelopes = [json.dumps(json.loads(body)["statement"]).encode() for body in long]
    replay = _replay_of(engagement, now)
    ahead = iter(envelopes)
    replaying = _seconds(lambda: append(replay, Statement.of(Envelope.parse(next(ahead))), now), replayed)
    reading = seconds_to_read(engagement, [Statement.of(Envelope.parse(one)) for one in envelopes], now)
    return [
        Figure("client: seal and sign a note", 1_000 * sealing, "ms", NOTE_MILLISECONDS, f"mean of {notes}"),
        Figure("client: verify and open a note", 1_000 * opening, "ms", NOTE_MILLISECONDS, f"mean of {notes}"),
        Figure(
            f"client: replay {REPLAYED:,} statements",
            replaying * REPLAYED,
            "s",
            REPLAY_SECONDS,
            f"parsed, verified, decided; {replayed:,} were replayed",
        ),
        Figure(
            f"client: read {REPLAYED:,} statements with receipts",
            reading * REPLAYED,
            "s",
            REPLAY_SECONDS,
            f"from the answers' bytes, each receipt verified, all in one log; {replayed:,} were read",
        ),
    ]


def _seconds(act: Callable[[], Any], times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        act()
    return (time.process_time() - began) / times


def _open(engagement: Engagement, body: bytes) -> bytes:
    """As the coachee: signature, own seal, blob."""
    members = read_json(body)
    statement = Statement.of(Envelope.from_json(members["statement"]))
    item, reader = statement.body, engagement.coachee
    assert isinstance(item, Item)
    statement.envelope.verify(engagement.coach.keys.sign_public)
    place = next(index for index, ref in enumerate(item.seals) if ref.account == reader.account)
    ref, seal = item.seals[place], read_base64(members["seals"][place])
    require_seal_hash(ref, seal)
    context = blob_context(item)
    content_key = open_content_key(seal, seal_context(item, ref, context, item.blob.sha256), reader.keys)
    blob = read_base64(members["blob"])
    require_blob_hash(item.blob, blob)
    return open_content(context, content_key, blob).body


def _replay_of(engagement: Engagement, now: int) -> ReplayedEngagement:
    """The engagement's journal after its contract and assents."""
    known: dict[bytes, KeysFact] = {}
    for person in (engagement.coach, engagement.coachee):
        keys = ReplayedKeys(person.account)
        append(keys, person.first, now)
        known[person.first.id] = keys.generations[0]
    replay = ReplayedEngagement(EngagementId(engagement.id), engagement.salt, NOBODY, known.get)
    for _, _, body in engagement.setup:
        append(replay, Statement.of(Envelope.from_json(read_json(body)["statement"])), now)
    return replay
