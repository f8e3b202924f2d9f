"""One engagement over HTTP: people with fixed keys who write what a faultless client would write.

Nothing of a client is used: statements are made of protocol and Ed25519, blobs and seals are noise of the right shape.
`changes` replace members of a body before it is signed, so a test says in one line what is wrong with a statement.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from tests.server.deployments import AUDIENCE, Deployment
from tests.server.joining import bearer, first_keys, join, log_in
from tests.support.authoring import Place, by, sign, write
from tests.support.noise import blob_ref, make_blob, make_keyring, make_seal, make_slot
from tests.support.people import account, digest, seal_key, seed, short, sign_key
from vault import ed25519
from vault.encoding import write_base64
from vault.protocol.envelope import Statement
from vault.protocol.journal import JournalId, salt_sha256
from vault.protocol.kinds import KINDS
from vault.protocol.limits import DAY_SECONDS, ZERO32
from vault.protocol.naming import find_journal
from vault.protocol.statements import (
    MODELS,
    BlobRef,
    Body,
    SealRef,
    SlotRef,
)
from vault.protocol.terms import Contact, Party, RequestBudget
from vault.protocol.times import floor_to_day
from vault.protocol.vocabulary import (
    Affiliation,
    BlobKind,
    Clause,
    ClosureReason,
    ContactKind,
    ItemKind,
    JournalKind,
    KeysReason,
    Locale,
    Origin,
    Purpose,
    Role,
    ShareKind,
    StatementType,
)

SALT = digest("salt of the engagement")
READERS = ("coach", "coachee")
ROLES = {name: Role(name) for name in ("coach", "coachee", "sponsor", "supervisor")}
CONTACT = short("contact id")


@dataclass(frozen=True)
class Draft:
    """A submission that nobody has sent yet."""

    name: str
    path: str
    body: Any  # a Body; tests reach for the members of its type
    seeds: tuple[bytes, ...]
    parts: dict[str, Any] = field(default_factory=dict)

    @property
    def statement(self) -> Statement:
        return sign(self.body, *self.seeds)

    def json(self) -> dict[str, Any]:
        return {"statement": self.statement.envelope.to_json(), **self.parts}

    def changed(self, **changes: Any) -> "Draft":
        """The same draft with other members in its body."""
        return replace(self, body=self.body.model_copy(update=changes))

    def with_parts(self, **parts: Any) -> "Draft":
        """The same draft with other parts; None takes a part away."""
        both = {**self.parts, **parts}
        return replace(self, parts={name: value for name, value in both.items() if value is not None})


class World:
    """People, their tokens, and one engagement between some of them."""

    def __init__(self, deployment: Deployment, http: httpx.AsyncClient) -> None:
        self.deployment = deployment
        self.http = http
        self.engagement = short("engagement")
        self.contract = ZERO32
        self.contract_text = ZERO32
        """SHA-256 of the active contract's text."""
        self.tokens: dict[str, str] = {}
        self.keys: dict[str, bytes] = {}
        """Ids of the newest `keys` statements."""
        self.generations: dict[str, int] = {}
        """Under which generation of keys each one acts."""
        self.newest: dict[tuple[str, JournalId], bytes] = {}
        self.sequences: dict[str, int] = {}
        self.count = 0

    # People

    async def add(self, *names: str) -> None:
        """Each of them joins and logs in."""
        for name in names:
            answer = await join(self.http, self.deployment, name)
            assert answer.status_code == 201, answer.text
            self.keys[name] = bytes.fromhex(answer.json()["statement"])
            self.generations[name] = 1
            self.newest[name, JournalId(JournalKind.KEYS, account(name))] = self.keys[name]
            await self.log_in(name)

    async def log_in(self, *names: str) -> None:
        """A new token for each."""
        for name in names:
            self.tokens[name] = await log_in(self.http, self.deployment, name)

    async def get(self, name: str, path: str, **headers: str) -> httpx.Response:
        """What the server answers to somebody's GET below the engagement, or of an absolute path."""
        url = path if path.startswith("/v1/") else f"/v1/engagements/{self.engagement.hex()}{path}"
        named = {header.replace("_", "-"): value for header, value in headers.items()}
        return await self.http.get(url, headers={**bearer(self.tokens[name]), **named})

    async def send(self, draft: Draft, as_: str | None = None) -> httpx.Response:
        """What the server answers; what it takes is the signer's newest from then on."""
        headers = bearer(self.tokens[as_ or draft.name])
        answer = await self.http.post(draft.path, json=draft.json(), headers=headers)
        if answer.status_code == 201 and draft.body.row.journal is not None:
            self.newest[draft.name, self.journal_of(draft.body)] = draft.statement.id
        return answer

    async def write(self, draft: Draft) -> bytes:
        """The id of a statement that the server has to take."""
        answer = await self.send(draft)
        assert answer.status_code == 201, answer.text
        return bytes.fromhex(answer.json()["statement"])

    async def code(self, draft: Draft, as_: str | None = None) -> str:
        """The code with which a draft is refused, and that nothing was changed by it; `ok` where it is taken."""
        before = self.deployment.digest()
        answer = await self.send(draft, as_)
        if answer.is_success:
            return "ok"
        assert self.deployment.digest() == before, "a refused write has changed something"
        return str(answer.json()["code"])

    # Statements

    def journal_of(self, body: Body) -> JournalId:
        journal = find_journal(body)
        assert journal is not None
        return journal

    def draft(
        self, type_: StatementType, name: str, path: str, parts: dict[str, Any] | None = None, **members: Any
    ) -> Draft:
        """A draft of a statement of `name`, standing on its newest; `members` are those of the type and any other."""
        self.count += 1
        generation = self.generations.get(name, 1)
        signed = {"audience": AUDIENCE, "id": short("statement", self.count), **by(name, generation)}
        body = write(MODELS[type_], self._place(type_, name), self.deployment.clock(), **signed | members)
        return Draft(name, path, body, (seed(name, generation),), parts or {})

    def _place(self, type_: StatementType, name: str) -> Place | None:
        kind = KINDS[type_].journal
        if kind is None:
            return None
        is_own = kind in (JournalKind.KEYS, JournalKind.KEYRING)
        journal = JournalId(kind, account(name) if is_own else self.engagement)
        return Place(self.salt_of(kind, name), self.newest.get((name, journal)))

    def salt_of(self, kind: JournalKind, name: str) -> bytes | None:
        """The salt of a journal of that kind, where `name` holds it."""
        if kind is JournalKind.KEYS:
            return ZERO32
        if kind is JournalKind.KEYRING:
            return digest("keyring salt", name)
        return SALT if name in READERS else None

    def seal(self, *names: str) -> tuple[tuple[SealRef, ...], list[str]]:
        """References and seals for the current keys of each, in the order that a statement needs."""
        self.count += 1
        made = []
        for name in names:
            raw = make_seal(self.count, name)
            key = seal_key(name, self.generations.get(name, 1)).key
            made.append((SealRef(account=account(name), key=key, sha256=hashlib.sha256(raw).digest()), raw))
        made.sort(key=lambda each: each[0].account)
        return tuple(ref for ref, _ in made), [write_base64(raw) for _, raw in made]

    def blob(self, kind: BlobKind) -> tuple[BlobRef, str]:
        """A reference and the blob."""
        self.count += 1
        raw = make_blob(kind, self.count)
        return blob_ref(raw), write_base64(raw)

    def at(self, collection: str) -> str:
        """The address of one of the engagement's collections."""
        return f"/v1/engagements/{self.engagement.hex()}/{collection}"

    # What people write

    def rotation(self, name: str, reason: KeysReason = KeysReason.ROTATE, **changes: Any) -> Draft:
        """The next generation of somebody's keys, both new."""
        newest = self.generations[name]
        to = newest if reason is KeysReason.RETIRE else newest + 1
        draft = self.draft(
            StatementType.KEYS, name, f"/v1/accounts/{account(name).hex()}/keys",
            account=account(name), generation=newest + 1, sign=sign_key(name, to), seal=seal_key(name, to),
            reason=reason, minimum_suite=1, **changes,
        )  # fmt: skip
        seeds = (seed(name, newest),) if to == newest else (seed(name, newest), seed(name, to))
        return replace(draft, seeds=seeds)

    async def rotate(self, name: str) -> None:
        """New keys for `name`, under which it acts from now on."""
        self.keys[name] = await self.write(self.rotation(name))
        self.generations[name] += 1

    def keyring(self, name: str, sequence: int | None = None, kinds: Iterable[int] = (2, 3), **changes: Any) -> Draft:
        """The next keyring with a slot of each kind."""
        number = sequence or self.sequences.get(name, 0) + 1
        raw = make_keyring(number, name)
        slots = {kind: make_slot(kind, account(name), name, number) for kind in kinds}
        refs = tuple(
            SlotRef(kind=kind, sha256=hashlib.sha256(slot).digest(), fetch=self.fetch_public(name, kind))
            for kind, slot in slots.items()
        )
        salt = digest("keyring salt", name)
        parts: dict[str, Any] = {"blob": write_base64(raw), "slots": [write_base64(slot) for slot in slots.values()]}
        if number == 1:
            parts["salt"] = write_base64(salt)
        self.sequences[name] = number
        members = {
            "sequence": number,
            "blob": blob_ref(raw),
            "slots": refs,
            "salt_sha256": salt_sha256(salt),
        }
        path = f"/v1/accounts/{account(name).hex()}/keyring"
        return self.draft(StatementType.KEYRING, name, path, parts, **(members | changes))

    def fetch_public(self, name: str, kind: int) -> bytes:
        """The public fetch key of one of somebody's slots."""
        return ed25519.public_key(digest("fetch", name, kind))

    def introduction(self, name: str, to: str, **changes: Any) -> Draft:
        members = {"to": account(to), "mac": digest("mac")} | changes
        return self.draft(StatementType.INTRODUCTION, name, "/v1/introductions", **members)

    def contract_draft(
        self, name: str = "coach", parties: Iterable[str] = ("coach", "coachee", "sponsor"),
        contact: str | None = "contact", supersedes: bytes | None = None, **changes: Any,
    ) -> Draft:  # fmt: skip
        """A contract between these; the first of the engagement unless it supersedes or another one is there."""
        names = list(parties)
        ref, blob = self.blob(BlobKind.CONTRACT_TEXT)
        seals, raw = self.seal(*names)
        today = floor_to_day(self.deployment.clock())
        known = contact if contact in self.keys else None
        is_first = (("coach", JournalId(JournalKind.ENGAGEMENT, self.engagement)) not in self.newest) and (
            ("coachee", JournalId(JournalKind.ENGAGEMENT, self.engagement)) not in self.newest
        )
        members: dict[str, Any] = {
            "engagement": self.engagement,
            "supersedes": supersedes,
            "parties": sorted(
                (Party(account=account(each), role=ROLES[each], keys=self.keys[each]) for each in names),
                key=lambda party: party.account,
            ),
            "contacts": [
                Contact(
                    contact=CONTACT, kind=ContactKind.OMBUDS, affiliation=Affiliation.INDEPENDENT,
                    account=None if known is None else account(known), keys=None if known is None else self.keys[known],
                )
            ],
            "origin": Origin.INVITED,
            "share_kinds": (ShareKind.PROGRESS,),
            "request_budget": RequestBudget(count=2, days=30),
            "retention_days": 365,
            "clauses": tuple(sorted(Clause)),
            "starts": today,
            "ends": today + 90 * DAY_SECONDS,
            "salt_sha256": salt_sha256(SALT),
            "text": ref,
            "seals": seals,
        }  # fmt: skip
        parts: dict[str, Any] = {"blob": blob, "seals": raw}
        if is_first:
            parts["salt"] = write_base64(SALT)
        path = "/v1/engagements" if is_first else self.at("contracts")
        return self.draft(StatementType.CONTRACT, name, path, parts, **(members | changes))

    def assent(self, name: str, contract: bytes | None = None, **changes: Any) -> Draft:
        named = contract or self.contract
        members = {"engagement": self.engagement, "contract": named, "keys": self.keys[name]} | changes
        return self.draft(StatementType.ASSENT, name, self.at("assents"), **members)

    async def agree(self, names: Iterable[str] = ("coach", "coachee", "sponsor"), **changes: Any) -> bytes:
        """A contract that all of them have assented to."""
        parties = list(names)
        draft = self.contract_draft(parties=parties, **changes)
        self.contract, self.contract_text = await self.write(draft), draft.body.text.sha256
        for name in parties:
            await self.write(self.assent(name))
        return self.contract

    def item(
        self, name: str = "coach", kind: ItemKind = ItemKind.NOTE, to: Iterable[str] | None = None, **changes: Any
    ) -> Draft:
        """Version 1 of a new item, unless `changes` say otherwise."""
        ref, blob = self.blob(BlobKind(kind))
        readers = to or ((name,) if kind is ItemKind.PRIVATE else READERS)
        seals, raw = self.seal(*readers)
        members = {
            "engagement": self.engagement,
            "contract": self.contract,
            "item": short("item", self.count),
            "version": 1,
            "previous": None,
            "kind": kind,
            "blob": ref,
            "attachments": (),
            "seals": seals,
        } | changes
        return self.draft(StatementType.ITEM, name, self.at("items"), {"blob": blob, "seals": raw}, **members)

    def reseal(self, name: str, of: Draft, to: Iterable[str], **changes: Any) -> Draft:
        """Further seals of an item version that `of` has written."""
        seals, raw = self.seal(*to)
        members = {
            "engagement": self.engagement,
            "contract": self.contract,
            "item": of.body.item,
            "version": of.body.version,
            "statement": of.statement.id,
            "seals": seals,
        } | changes
        return self.draft(StatementType.RESEAL, name, self.at("reseals"), {"seals": raw}, **members)

    def disclosure(self, name: str = "coachee", **changes: Any) -> Draft:
        """A disclosure to the sponsor, without an end."""
        ref, blob = self.blob(BlobKind.DISCLOSURE)
        seals, raw = self.seal("coachee", "sponsor")
        members = {
            "engagement": self.engagement,
            "contract": self.contract,
            "share_kind": ShareKind.PROGRESS,
            "purpose": Purpose.OWN_WORDS,
            "recipient": account("sponsor"),
            "blob": ref,
            "seals": seals,
            "consent_sha256": digest("consent"),
            "locale": Locale.EN,
            "expires": None,
        } | changes
        parts = {"blob": blob, "seals": raw}
        return self.draft(StatementType.DISCLOSURE, name, self.at("disclosures"), parts, **members)

    def opening(self, of: bytes, name: str = "sponsor", **changes: Any) -> Draft:
        members = {"engagement": self.engagement, "of": of} | changes
        return self.draft(StatementType.OPENING, name, self.at("openings"), **members)

    def withdrawal(self, disclosure: bytes, name: str = "coachee", **changes: Any) -> Draft:
        members = {"engagement": self.engagement, "disclosure": disclosure} | changes
        return self.draft(StatementType.WITHDRAWAL, name, self.at("withdrawals"), **members)

    def closure(self, name: str = "coach", **changes: Any) -> Draft:
        members = {"engagement": self.engagement, "reason": ClosureReason.COMPLETED} | changes
        return self.draft(StatementType.CLOSURE, name, self.at("closures"), **members)


def first_keys_draft(name: str, at: int) -> Draft:
    """The first keys of somebody who has no account yet."""
    return Draft(name, "/v1/accounts", first_keys(name, at).body, (seed(name),))
