"""One engagement from the first keys to the erasure on retention: every type of statement, really sealed and signed.

Each statement is one that a faultless client would have made at that moment; policy replays the whole of it in a test.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tests.support.authoring import Place, sign, write
from tests.support.noise import blob_ref
from tests.vectors.chance import chance
from tests.vectors.frozen import FrozenSeals
from tests.vectors.people import DEPLOYMENT, Someone, person
from vault.client.crypto.content import Header, ItemHeader, seal_content
from vault.ed25519 import public_key
from vault.protocol.blob import BlobContext, blob_context
from vault.protocol.envelope import Statement
from vault.protocol.journal import START, JournalId, Position, next_position
from vault.protocol.limits import ZERO32
from vault.protocol.seal import SealContext, seal_context
from vault.protocol.statements import BlobRef, Body, Contract, Disclosure, Escalation, Item, Reseal, SealRef
from vault.protocol.times import floor_to_day
from vault.protocol.vocabulary import ITEM_BLOB_KINDS, BlobKind, JournalKind

URL = "https://vault.example"
BEGINS = 20_833 * 86_400
ENDS = BEGINS + 90 * 86_400
RETENTION_DAYS = 30
ENGAGEMENT = chance("engagement", 16)
ENGAGEMENT_SALT = chance("engagement salt", 32)
KEYRING_SALT = chance("keyring salt", 32)

BodyT = TypeVar("BodyT", bound=Body)


@dataclass(frozen=True)
class Entry:
    """A statement with the public keys that verify it, and its place in a journal (`START` where it stands in none)."""

    name: str
    signer: str
    publics: tuple[bytes, ...]
    statement: Statement
    position: Position


@dataclass(frozen=True)
class SealedBlob:
    """Content beside the blob that it was sealed into."""

    statement: str
    context: BlobContext
    content_key: bytes
    salt: bytes
    header: Header
    body: bytes
    blob: bytes


@dataclass(frozen=True)
class MadeSeal:
    """A seal beside everything that it was made from."""

    statement: str
    blob: str
    recipient: str
    context: SealContext
    content_key: bytes
    ekm: bytes | None
    seal: bytes


@dataclass
class Story:
    """What was said so far: journals, blobs and seals, in the order in which they came to be."""

    frozen: FrozenSeals
    journals: dict[JournalId, list[Entry]] = field(default_factory=dict)
    salts: dict[JournalId, bytes] = field(default_factory=dict)
    unjournaled: list[Entry] = field(default_factory=list)
    blobs: dict[str, SealedBlob] = field(default_factory=dict)
    seals: list[MadeSeal] = field(default_factory=list)
    clock: int = BEGINS + 34_567

    def position(self, journal: JournalId) -> Position:
        """How far the journal is."""
        entries = self.journals.get(journal, [])
        return entries[-1].position if entries else START

    def find(self, name: str) -> Statement:
        """The journaled statement of that name."""
        return next(entry.statement for entries in self.journals.values() for entry in entries if entry.name == name)

    def draft(self, name: str, signer: Someone, model: type[BodyT], journal: JournalId | None, **members: Any) -> BodyT:
        """The body that the signer would sign now."""
        place = None
        if journal is not None:
            entries = self.journals.get(journal, [])
            newest = next((one.statement.id for one in reversed(entries) if one.signer == signer.name), None)
            salt = self.salts[journal] if self.holds_salt(signer, journal) else None
            place = Place(salt, newest, self.position(journal))
        signed = {"id": chance(f"id of {name}", 16), "by": signer.account, "key": signer.keys.sign_key}
        return write(model, place, self.clock, **signed | members)

    def holds_salt(self, signer: Someone, journal: JournalId) -> bool:
        """Whether the signer knows the journal's salt."""
        if journal.kind in {JournalKind.KEYS, JournalKind.KEYRING}:
            return True
        return signer.name in {"lena", "marek", DEPLOYMENT}

    def add(self, name: str, signer: Someone, journal: JournalId | None, body: Body, *seeds: bytes) -> Statement:
        """Sign the body and append it; a statement without a journal is kept beside them."""
        seeds = seeds or (signer.keys.sign_seed,)
        statement, publics = sign(body, *seeds), tuple(public_key(seed) for seed in seeds)
        assert (journal is None) == (body.row.journal is None)
        if journal is None:
            self.unjournaled.append(Entry(name, signer.name, publics, statement, START))
        else:
            position = next_position(journal, self.position(journal), self.clock, statement.id)
            self.journals.setdefault(journal, []).append(Entry(name, signer.name, publics, statement, position))
        self.clock += 61
        return statement

    def seal_blob(
        self, name: str, body: Item | Disclosure | Escalation | Contract, text: bytes, **lists: Any
    ) -> tuple[BlobRef, SealedBlob]:
        """Seal `text` as the blob of the statement `name`, whose body is `body`."""
        context = blob_context(body)
        rounded = context.kind in {BlobKind.DISCLOSURE, BlobKind.CONTRACT_TEXT}
        members: dict[str, Any] = {
            "engagement": context.engagement,
            "item": context.item,
            "version": context.version,
            "kind": context.kind,
            "media_type": "text/plain",
            "title": f"Über {name}: “Titel” 🗝",
            "created": floor_to_day(self.clock) if rounded else self.clock,
        }
        header: Header
        if context.kind in ITEM_BLOB_KINDS:
            header = ItemHeader(**{**members, "tags": (), "sources": (), "attachments": (), **lists})
        else:
            header = Header(**members)
        key, salt = chance(f"content key of {name}", 32), chance(f"salt of {name}", 24)
        blob = seal_content(context, key, salt, header, text)
        sealed = SealedBlob(name, context, key, salt, header, text, blob)
        self.blobs[name] = sealed
        return blob_ref(blob), sealed

    def seal_to(
        self,
        name: str,
        body: Item | Disclosure | Escalation | Contract | Reseal,
        sealed: SealedBlob,
        recipients: list[Someone],
        by_sdk: bool = False,
    ) -> tuple[SealRef, ...]:
        """Seal the blob's content key to each recipient, sorted as a statement lists them."""
        refs = []
        for recipient in sorted(recipients, key=lambda one: one.account):
            ref = SealRef(account=recipient.account, key=recipient.keys.seal_key, sha256=ZERO32)
            context = seal_context(body, ref, sealed.context, hashlib.sha256(sealed.blob).digest())
            made = self.frozen.find(
                f"{name} to {recipient.name}", sealed.content_key, context, recipient.keys.seal_public, by_sdk
            )
            self.seals.append(
                MadeSeal(name, sealed.statement, recipient.name, context, sealed.content_key, made.ekm, made.seal)
            )
            refs.append(SealRef(account=ref.account, key=ref.key, sha256=hashlib.sha256(made.seal).digest()))
        return tuple(refs)

    def version_of(self, body: BodyT, **changes: Any) -> BodyT:
        """The body with some members replaced."""
        return type(body)(**{**body.model_dump(), **changes})


def some_people(*names: str) -> list[Someone]:
    """The people of those names."""
    return [person(name) for name in names]
