"""People, engagements and notes, made beforehand by the code of a real client: a bench measures servers, not signing.

A statement names no server but its audience and no entry but those before it, so that the same bytes can be sent to any
deployment of that audience: to the service and to its floor, on SQLite and on PostgreSQL.
"""

import hashlib
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from tests.support.authoring import FIRST_KEYS, Place, sign, write
from tests.support.noise import blob_ref
from vault.client.crypto.content import Header, ItemHeader, seal_content
from vault.client.crypto.identity import SecretKeys, new_secret_keys
from vault.client.crypto.sealing import seal_content_key
from vault.protocol.blob import BlobContext
from vault.protocol.envelope import Statement
from vault.protocol.ids import Account, account_id
from vault.protocol.journal import salt_sha256
from vault.protocol.limits import DAY_SECONDS, SUITE, ZERO32
from vault.protocol.seal import SealContext
from vault.protocol.statements import (
    Assent,
    Contract,
    Item,
    Keys,
    Login,
    SealKey,
    SealRef,
    SignKey,
)
from vault.protocol.submission import Parts, spell
from vault.protocol.terms import Party, RequestBudget
from vault.protocol.times import floor_to_day
from vault.protocol.vocabulary import (
    BlobKind,
    Clause,
    ItemKind,
    KeysReason,
    Origin,
    Role,
    SealPurpose,
)

AUDIENCE = "bench.example/log"
TEXT_BYTES = 3_700
"""Of a note: with its header it fills a blob of 4 KiB."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with random keys, and the first statement of them."""

    keys: SecretKeys
    account: Account
    first: Statement


@dataclass(slots=True)
class Engagement:
    """One coach and one coachee; `newest` is the coach's newest statement in it."""

    id: bytes
    salt: bytes
    coach: Person
    coachee: Person
    contract: bytes = ZERO32
    newest: bytes = ZERO32
    setup: list[tuple[str, Person, bytes]] = field(default_factory=list)
    """Paths, senders and bodies that bring it about."""

    @property
    def items_path(self) -> str:
        """Where its notes are sent."""
        return f"/v1/engagements/{self.id.hex()}/items"


@dataclass(frozen=True, slots=True)
class Note:
    """A signed note as it is sent, and what tells where it is found."""

    engagement: Engagement
    item: bytes
    blob_sha256: bytes
    body: bytes

    @property
    def item_path(self) -> str:
        """Where it is read."""
        return f"{self.engagement.items_path}/{self.item.hex()}"

    @property
    def blob_path(self) -> str:
        """Where its sealed content is read."""
        return f"/v1/engagements/{self.engagement.id.hex()}/blobs/{self.blob_sha256.hex()}"


def make_person(now: int) -> Person:
    """Somebody new; their first keys are signed at `now`."""
    keys = new_secret_keys(secrets.token_bytes)
    account = account_id(keys.sign_public)
    body = write(
        Keys,
        FIRST_KEYS,
        now,
        audience=AUDIENCE,
        id=secrets.token_bytes(16),
        by=account,
        key=keys.sign_key,
        account=account,
        generation=1,
        sign=SignKey(key=keys.sign_key, public=keys.sign_public),
        seal=SealKey(key=keys.seal_key, public=keys.seal_public),
        reason=KeysReason.CREATE,
        minimum_suite=SUITE,
    )
    return Person(keys, account, sign(body, keys.sign_seed))


def make_login(person: Person, url: str, challenge: bytes, expires: int, now: int) -> bytes:
    """The body that answers a challenge."""
    answer = {"url": url, "challenge": challenge, "expires": expires}
    body = write(Login, None, now, **_by(person), **answer)
    return spell(sign(body, person.keys.sign_seed))


def make_engagement(coach: Person, coachee: Person, now: int) -> Engagement:
    """A contract of two that both assent to, with all it takes to bring it about."""
    made = Engagement(secrets.token_bytes(16), secrets.token_bytes(32), coach, coachee)
    identifier, today = secrets.token_bytes(16), floor_to_day(now)
    context = BlobContext(BlobKind.CONTRACT_TEXT, made.id, ZERO32, identifier, 1, coach.account, ZERO32)
    header = Header(
        engagement=made.id,
        item=identifier,
        version=1,
        kind=BlobKind.CONTRACT_TEXT,
        media_type="text/plain",
        title="",
        created=today,
    )
    blob, refs, seals = _seal(made, SealPurpose.CONTRACT, context, header, b"We meet every second week.")
    parties = [
        Party(account=person.account, role=role, keys=person.first.id)
        for person, role in ((coach, Role.COACH), (coachee, Role.COACHEE))
    ]
    contract = write(
        Contract,
        _place(made, None),
        now,
        **_by(coach) | {"id": identifier},
        engagement=made.id,
        supersedes=None,
        parties=tuple(sorted(parties, key=lambda party: party.account)),
        contacts=(),
        origin=Origin.SELF_REQUESTED,
        share_kinds=(),
        request_budget=RequestBudget(count=0, days=30),
        retention_days=365,
        clauses=tuple(sorted(Clause)),
        starts=today,
        ends=today + 365 * DAY_SECONDS,
        salt_sha256=salt_sha256(made.salt),
        text=blob_ref(blob),
        seals=refs,
    )
    statement = sign(contract, coach.keys.sign_seed)
    parts = Parts(seals=seals, blob=blob, salt=made.salt)
    made.contract = statement.id
    made.setup.append(("/v1/engagements", coach, spell(statement, parts)))
    for person in (coach, coachee):
        newest = statement.id if person is coach else None
        members = {"engagement": made.id, "contract": made.contract, "keys": person.first.id}
        assent = write(Assent, _place(made, newest), now, **_by(person), **members)
        signed = sign(assent, person.keys.sign_seed)
        made.setup.append((f"/v1/engagements/{made.id.hex()}/assents", person, spell(signed)))
        if person is coach:
            made.newest = signed.id
    return made


def make_note(engagement: Engagement, now: int) -> Note:
    """The coach's next note of 4 KiB, sealed to both; it stands on the one before."""
    coach, item = engagement.coach, secrets.token_bytes(16)
    context = BlobContext(BlobKind.NOTE, engagement.id, engagement.contract, item, 1, coach.account, ZERO32)
    header = ItemHeader(
        engagement=engagement.id,
        item=item,
        version=1,
        kind=BlobKind.NOTE,
        media_type="text/plain",
        title="A note",
        created=now,
        tags=(),
        sources=(),
        attachments=(),
    )
    blob, refs, seals = _seal(engagement, SealPurpose.ITEM, context, header, secrets.token_bytes(TEXT_BYTES))
    body = write(
        Item,
        _place(engagement, engagement.newest),
        now,
        **_by(coach),
        engagement=engagement.id,
        contract=engagement.contract,
        item=item,
        version=1,
        previous=None,
        kind=ItemKind.NOTE,
        blob=blob_ref(blob),
        attachments=(),
        seals=refs,
    )
    statement = sign(body, coach.keys.sign_seed)
    engagement.newest = statement.id
    return Note(engagement, item, _sha256(blob), spell(statement, Parts(seals=seals, blob=blob)))


def make_circle(pairs: int, engagements_each: int, now: int) -> tuple[list[Person], list[Engagement]]:
    """So many coaches, as many coachees, and for each pair so many engagements."""
    people = [make_person(now) for _ in range(2 * pairs)]
    made = [
        make_engagement(people[2 * pair], people[2 * pair + 1], now)
        for _ in range(engagements_each)
        for pair in range(pairs)
    ]
    return people, made


def make_notes(engagements: list[Engagement]) -> Iterator[Note]:
    """Notes for one engagement after the other, again and again: of one engagement two are seldom on their way."""
    for number in count():
        yield make_note(engagements[number % len(engagements)], int(time.time()))


def _seal(
    engagement: Engagement, purpose: SealPurpose, context: BlobContext, header: Header, text: bytes
) -> tuple[bytes, tuple[SealRef, ...], tuple[bytes, ...]]:
    content_key = secrets.token_bytes(32)
    blob = seal_content(context, content_key, secrets.token_bytes(24), header, text)
    refs, seals = [], []
    for reader in sorted((engagement.coach, engagement.coachee), key=lambda person: person.account):
        seal_context = SealContext(
            purpose, context, engagement.coach.account, reader.account, reader.keys.seal_key, _sha256(blob)
        )
        seal = seal_content_key(content_key, seal_context, reader.keys.seal_public)
        refs.append(SealRef(account=reader.account, key=reader.keys.seal_key, sha256=_sha256(seal)))
        seals.append(seal)
    return blob, tuple(refs), tuple(seals)


def _place(engagement: Engagement, newest: bytes | None) -> Place:
    """Of somebody who has not read on: what was seen may stay behind, and needs no answer."""
    return Place(engagement.salt, newest)


def _by(person: Person) -> dict[str, object]:
    return {"audience": AUDIENCE, "id": secrets.token_bytes(16), "by": person.account, "key": person.keys.sign_key}


def _sha256(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()
