"""The story, told: who signs what, when, and what was sealed with it."""

import hashlib
from functools import cache
from typing import Any

from tests.vectors.attachment_vectors import KEY, stored
from tests.vectors.chance import chance
from tests.vectors.frozen import FrozenSeals
from tests.vectors.people import COACH, COACHEE, CONTACT, DEPLOYMENT, NAMES, SPONSOR, SUPERVISOR, Someone, person
from tests.vectors.recovery import make_keyrings
from tests.vectors.story import (
    BEGINS,
    ENDS,
    ENGAGEMENT,
    ENGAGEMENT_SALT,
    KEYRING_SALT,
    RETENTION_DAYS,
    URL,
    Story,
    some_people,
)
from vault.client.crypto.content import ItemAttachment
from vault.client.crypto.identity import SecretKeys
from vault.client.device.invitation import invitation_mac
from vault.ed25519 import public_key
from vault.protocol.ids import key_id
from vault.protocol.journal import JournalId, salt_sha256
from vault.protocol.limits import ZERO32
from vault.protocol.statements import (
    Assent,
    AttachmentRef,
    BlobRef,
    Closure,
    Contract,
    Delay,
    Disclosure,
    Erasure,
    Escalation,
    Fetch,
    Introduction,
    Item,
    Keyring,
    Keys,
    Login,
    Opening,
    Request,
    Reseal,
    SealKey,
    SignKey,
    Withdrawal,
)
from vault.protocol.terms import Contact, Party, RequestBudget
from vault.protocol.vocabulary import (
    Affiliation,
    Clause,
    ClosureReason,
    ContactKind,
    DelayReason,
    ErasureReason,
    EscalationReason,
    ItemKind,
    JournalKind,
    KeysReason,
    Locale,
    Origin,
    Purpose,
    Role,
    ShareKind,
)

ENGAGEMENT_JOURNAL = JournalId(JournalKind.ENGAGEMENT, ENGAGEMENT)
ESCALATIONS_JOURNAL = JournalId(JournalKind.ESCALATIONS, ENGAGEMENT)
NOTHING = BlobRef(sha256=ZERO32, size=1)
ATTACHED = stored("empty")
"""A file without content, as it is stored."""
LONG = bytes(ord("a") + index % 26 for index in range(70_000))


@cache
def tell(may_make: bool = False) -> Story:
    """The whole story. With `may_make`, seals whose context changed are made anew."""
    story = Story(FrozenSeals(may_make))
    coach, coachee, sponsor, contact = some_people(COACH, COACHEE, SPONSOR, CONTACT)
    _tell_keys(story)
    _tell_keyrings(story, coach)
    _tell_unjournaled(story, coach, coachee)
    contract = _tell_contract(story, coach)
    _tell_items(story, contract, coach, coachee)
    _tell_disclosures(story, contract, coachee, sponsor)
    _tell_escalation(story, contract, coach, contact)
    _tell_end(story, coach, coachee)
    return story


def _keys_members(keys: SecretKeys) -> dict[str, Any]:
    return {
        "sign": SignKey(key=keys.sign_key, public=keys.sign_public),
        "seal": SealKey(key=keys.seal_key, public=keys.seal_public),
        "minimum_suite": 1,
    }


def _tell_keys(story: Story) -> None:
    for name in NAMES:
        someone, journal = person(name), JournalId(JournalKind.KEYS, person(name).account)
        story.salts[journal] = ZERO32
        for number, keys in enumerate(someone.generations, start=1):
            first = number == 1
            old = keys if first else someone.generations[number - 2]
            body = story.draft(
                f"keys {number} of {name}",
                someone,
                Keys,
                journal,
                account=someone.account,
                generation=number,
                reason=KeysReason.CREATE if first else KeysReason.ROTATE,
                key=old.sign_key,
                **_keys_members(keys),
            )
            seeds = (keys.sign_seed,) if first else (old.sign_seed, keys.sign_seed)
            story.add(f"keys {number} of {name}", someone, journal, body, *seeds)
    someone = person(SUPERVISOR)
    journal = JournalId(JournalKind.KEYS, someone.account)
    newest = someone.generations[-1]
    body = story.draft(
        "keys 3 of olga",
        someone,
        Keys,
        journal,
        account=someone.account,
        generation=3,
        reason=KeysReason.RETIRE,
        key=newest.sign_key,
        **_keys_members(newest),
    )
    story.add("keys 3 of olga", someone, journal, body, newest.sign_seed)


def _tell_keyrings(story: Story, coach: Someone) -> None:
    journal = JournalId(JournalKind.KEYRING, coach.account)
    story.salts[journal] = KEYRING_SALT
    for made in make_keyrings():
        body = story.draft(
            f"keyring {made.sequence}",
            coach,
            Keyring,
            journal,
            sequence=made.sequence,
            blob=BlobRef(sha256=hashlib.sha256(made.raw).digest(), size=len(made.raw)),
            slots=tuple(slot.new.ref for slot in made.slots),
            salt_sha256=salt_sha256(KEYRING_SALT),
        )
        story.add(f"keyring {made.sequence}", coach, journal, body)


def _tell_unjournaled(story: Story, coach: Someone, coachee: Someone) -> None:
    mac = invitation_mac(chance("invitation", 16), coach.account, coachee.account)
    body = story.draft("introduction", coachee, Introduction, None, to=coach.account, mac=mac)
    story.add("introduction", coachee, None, body)
    answer = {"url": URL, "challenge": chance("challenge", 32), "expires": story.clock + 60}
    story.add("login", coachee, None, story.draft("login", coachee, Login, None, **answer))
    for slot in make_keyrings()[-1].slots:
        name = f"fetch {slot.new.kind}"
        key = key_id(1, public_key(slot.new.fetch_seed))
        fetch = story.draft(name, coach, Fetch, None, **answer, slot=slot.new.kind, key=key)
        story.add(name, coach, None, fetch, slot.new.fetch_seed)


def _tell_contract(story: Story, coach: Someone) -> bytes:
    story.salts[ENGAGEMENT_JOURNAL] = story.salts[ESCALATIONS_JOURNAL] = ENGAGEMENT_SALT
    roles = {COACH: Role.COACH, COACHEE: Role.COACHEE, SPONSOR: Role.SPONSOR, SUPERVISOR: Role.SUPERVISOR}
    parties = [
        Party(account=person(name).account, role=role, keys=story.find(f"keys 1 of {name}").id)
        for name, role in roles.items()
    ]
    contacts = [
        Contact(
            contact=chance("contact otto", 16),
            kind=ContactKind.OMBUDS,
            affiliation=Affiliation.INDEPENDENT,
            account=person(CONTACT).account,
            keys=story.find(f"keys 1 of {CONTACT}").id,
        ),
        Contact(
            contact=chance("contact employer", 16),
            kind=ContactKind.EMPLOYER,
            affiliation=Affiliation.SPONSOR,
            account=None,
            keys=None,
        ),
    ]
    body = story.draft(
        "contract",
        coach,
        Contract,
        ENGAGEMENT_JOURNAL,
        engagement=ENGAGEMENT,
        supersedes=None,
        parties=tuple(sorted(parties, key=lambda party: party.account)),
        contacts=tuple(sorted(contacts, key=lambda one: one.contact)),
        origin=Origin.INVITED,
        share_kinds=(ShareKind.GOALS, ShareKind.PROGRESS),
        request_budget=RequestBudget(count=2, days=30),
        retention_days=RETENTION_DAYS,
        clauses=tuple(sorted(Clause)),
        starts=BEGINS,
        ends=ENDS,
        salt_sha256=salt_sha256(ENGAGEMENT_SALT),
        text=NOTHING,
        seals=(),
    )
    ref, sealed = story.seal_blob("contract", body, b"What we agree on.\n")
    seals = story.seal_to("contract", body, sealed, some_people(*roles))
    contract = story.add("contract", coach, ENGAGEMENT_JOURNAL, story.version_of(body, text=ref, seals=seals)).id
    for name in (COACH, COACHEE, SPONSOR, SUPERVISOR, CONTACT):
        keys = story.find(f"keys 1 of {name}").id
        members = {"engagement": ENGAGEMENT, "contract": contract, "keys": keys}
        assent = story.draft(f"assent of {name}", person(name), Assent, ENGAGEMENT_JOURNAL, **members)
        story.add(f"assent of {name}", person(name), ENGAGEMENT_JOURNAL, assent)
    return contract


def _tell_items(story: Story, contract: bytes, coach: Someone, coachee: Someone) -> None:
    def write(name: str, author: Someone, kind: ItemKind, readers: list[Someone], text: bytes, **more: Any) -> None:
        lists = {key: more.pop(key) for key in ("tags", "sources", "attachments") if key in more}
        members = {
            "engagement": ENGAGEMENT,
            "contract": contract,
            "item": chance(f"item {name.partition(',')[0]}", 16),
            "version": 1,
            "previous": None,
            "kind": kind,
            "blob": NOTHING,
            "attachments": tuple(
                AttachmentRef(id=one.id, sha256=hashlib.sha256(ATTACHED).digest(), size=len(ATTACHED))
                for one in lists.get("attachments", ())
            ),
            "seals": (),
            **more,
        }
        body = story.draft(name, author, Item, ENGAGEMENT_JOURNAL, **members)
        ref, sealed = story.seal_blob(name, body, text, **lists)
        seals = story.seal_to(name, body, sealed, readers, by_sdk=kind is ItemKind.GOAL)
        story.add(name, author, ENGAGEMENT_JOURNAL, story.version_of(body, blob=ref, seals=seals))

    both = [coach, coachee]
    write("note", coach, ItemKind.NOTE, both, b"Session 1. He spoke of his mother.\n")
    first = story.find("note").id
    write("note, version 2", coach, ItemKind.NOTE, both, b"", version=2, previous=first)
    write("note of two pages", coachee, ItemKind.NOTE, both, bytes(range(256)) * 16)
    write("goal", coachee, ItemKind.GOAL, both, "Nein sagen können\n".encode(), tags=("zwei", "eins"))
    write("action", coachee, ItemKind.ACTION, both, b"Ask for Friday off.\r\n")
    attachment = ItemAttachment(
        id=chance("attachment", 16),
        key=KEY,
        name="Skala.pdf",
        media_type="application/pdf",
        size=0,
    )
    write("assessment", coach, ItemKind.ASSESSMENT, both, b"PHQ-9: 4\n", attachments=(attachment,))
    write("draft", coach, ItemKind.DRAFT, both, b"Proposed summary.\n")
    write("private", coach, ItemKind.PRIVATE, [coach], LONG)
    source = (story.blobs["draft"].context.item,)
    write("summary", coachee, ItemKind.SUMMARY, [coachee], b"I work on saying no.\n", sources=source)
    members = {
        "engagement": ENGAGEMENT,
        "contract": contract,
        "item": story.blobs["note"].context.item,
        "version": 2,
        "statement": story.find("note, version 2").id,
    }
    reseal = story.draft("reseal", coachee, Reseal, ENGAGEMENT_JOURNAL, **members, seals=())
    seals = story.seal_to("reseal", reseal, story.blobs["note, version 2"], [person(SUPERVISOR)])
    story.add("reseal", coachee, ENGAGEMENT_JOURNAL, story.version_of(reseal, seals=seals))


def _tell_disclosures(story: Story, contract: bytes, coachee: Someone, sponsor: Someone) -> None:
    at = {"engagement": ENGAGEMENT, "contract": contract}
    request = story.draft(
        "request", sponsor, Request, ENGAGEMENT_JOURNAL, **at, share_kind=ShareKind.GOALS, expires=BEGINS + 86_400 * 10
    )
    story.add("request", sponsor, ENGAGEMENT_JOURNAL, request)
    for name, expires in (("disclosure", None), ("second disclosure", BEGINS + 86_400 * 30)):
        body = story.draft(
            name,
            coachee,
            Disclosure,
            ENGAGEMENT_JOURNAL,
            **at,
            share_kind=ShareKind.PROGRESS,
            purpose=Purpose.OWN_WORDS,
            recipient=sponsor.account,
            blob=NOTHING,
            seals=(),
            consent_sha256=chance("consent text", 32),
            locale=Locale.EN,
            expires=expires,
        )
        ref, sealed = story.seal_blob(name, body, f"{name}: I work on saying no.\n".encode())
        seals = story.seal_to(name, body, sealed, [coachee, sponsor], by_sdk=expires is not None)
        story.add(name, coachee, ENGAGEMENT_JOURNAL, story.version_of(body, blob=ref, seals=seals))
    of = story.find("disclosure").id
    opening = story.draft("opening", sponsor, Opening, ENGAGEMENT_JOURNAL, engagement=ENGAGEMENT, of=of)
    story.add("opening", sponsor, ENGAGEMENT_JOURNAL, opening)
    withdrawal = story.draft(
        "withdrawal", coachee, Withdrawal, ENGAGEMENT_JOURNAL, engagement=ENGAGEMENT, disclosure=of
    )
    story.add("withdrawal", coachee, ENGAGEMENT_JOURNAL, withdrawal)


def _tell_escalation(story: Story, contract: bytes, coach: Someone, contact: Someone) -> None:
    body = story.draft(
        "escalation",
        coach,
        Escalation,
        ESCALATIONS_JOURNAL,
        engagement=ENGAGEMENT,
        contract=contract,
        contact=chance("contact otto", 16),
        reason=EscalationReason.HARM_TO_SELF,
        delay=Delay(hours=24, reason=DelayReason.SAFETY),
        blob=NOTHING,
        seals=(),
    )
    ref, sealed = story.seal_blob("escalation", body, b"Please call today.\n")
    seals = story.seal_to("escalation", body, sealed, [coach, contact])
    escalation = story.add("escalation", coach, ESCALATIONS_JOURNAL, story.version_of(body, blob=ref, seals=seals))
    name = "opening by the contact"
    opening = story.draft(name, contact, Opening, ESCALATIONS_JOURNAL, engagement=ENGAGEMENT, of=escalation.id)
    story.add(name, contact, ESCALATIONS_JOURNAL, opening)


def _tell_end(story: Story, coach: Someone, coachee: Someone) -> None:
    closure = story.draft("closure", coach, Closure, ENGAGEMENT_JOURNAL, engagement=ENGAGEMENT, reason="completed")
    assert closure.reason is ClosureReason.COMPLETED
    story.add("closure", coach, ENGAGEMENT_JOURNAL, closure)
    asked = {
        "engagement": ENGAGEMENT,
        "items": tuple(sorted([story.blobs["action"].context.item, story.find("second disclosure").body.id])),
        "reason": ErasureReason.ASKED,
    }
    story.add(
        "erasure", coachee, ENGAGEMENT_JOURNAL, story.draft("erasure", coachee, Erasure, ENGAGEMENT_JOURNAL, **asked)
    )
    story.clock = ENDS + RETENTION_DAYS * 86_400
    deployment = person(DEPLOYMENT)
    kept = {"engagement": ENGAGEMENT, "items": (story.blobs["note"].context.item,), "reason": ErasureReason.RETENTION}
    name = "erasure on retention"
    story.add(name, deployment, ENGAGEMENT_JOURNAL, story.draft(name, deployment, Erasure, ENGAGEMENT_JOURNAL, **kept))
