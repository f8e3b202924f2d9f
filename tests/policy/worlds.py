"""Journals with really signed statements: a world of people, one engagement between them, and a clock that is told.

A world writes what a faultless client would write; `changes` then replace members of the body before it is signed, so
that a test says in one line what is wrong with a statement. Nothing here asks policy what is allowed.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from tests.support.authoring import Place, common, sign
from tests.support.people import account, digest, seal_key, seed, short, sign_key
from vault.errors import InvalidKeyError, SignatureError
from vault.policy.decide import decide, require_seen_entry
from vault.policy.facts import Effect, KeysFact
from vault.policy.replay import (
    ReplayedEngagement,
    ReplayedEscalations,
    ReplayedJournal,
    ReplayedKeyring,
    ReplayedKeys,
    append,
)
from vault.policy.signers import list_signers
from vault.protocol.envelope import Statement
from vault.protocol.ids import EngagementId, StatementId
from vault.protocol.journal import salt_sha256
from vault.protocol.keys import require_valid_keys
from vault.protocol.limits import DAY_SECONDS
from vault.protocol.problems import Refused
from vault.protocol.statements import (
    Assent,
    BlobRef,
    Body,
    Closure,
    Contract,
    Delay,
    Disclosure,
    Erasure,
    Escalation,
    Item,
    Keyring,
    Keys,
    Opening,
    Request,
    Reseal,
    SealRef,
    SlotRef,
    Withdrawal,
)
from vault.protocol.terms import Contact, Party, RequestBudget
from vault.protocol.times import floor_to_day
from vault.protocol.vocabulary import (
    Affiliation,
    Clause,
    ClosureReason,
    ContactKind,
    ErasureReason,
    EscalationReason,
    ItemKind,
    KeysReason,
    Locale,
    Origin,
    Purpose,
    Role,
    ShareKind,
)

NAMES = ("coach", "coachee", "sponsor", "supervisor", "contact", "stranger", "deployment")
SALT_HOLDERS = frozenset({"coach", "coachee", "deployment"})
START = 20_833 * DAY_SECONDS
ENDS = START + 90 * DAY_SECONDS
RETENTION_DAYS = 30
ENGAGEMENT = EngagementId(short("engagement"))
SALT = digest("salt")
BLOB = BlobRef(sha256=digest("blob"), size=4_096 + 80)
ESCALATION_BLOB = BlobRef(sha256=digest("escalation"), size=8_192 + 80)
CONTACT_ID = short("contact id")
ALL_CLAUSES = tuple(sorted(Clause))
FULL = {
    "coach": Role.COACH,
    "coachee": Role.COACHEE,
    "sponsor": Role.SPONSOR,
    "supervisor": Role.SUPERVISOR,
}
"""Who stands in which role in a contract, unless a test says otherwise."""


class World:
    """Everybody's keys journals, one engagement's two journals and everybody's keyring journal."""

    def __init__(self, names: Iterable[str] = NAMES) -> None:
        self.time = START
        self.count = 0
        self.keys: dict[str, ReplayedKeys] = {}
        self.keyrings: dict[str, ReplayedKeyring] = {}
        self.directory: dict[bytes, KeysFact] = {}
        self.acting: dict[str, int] = {}
        self.named: dict[str, StatementId] = {}
        """Statement ids by the names that a test gave them."""
        for name in names:
            self.keys[name] = ReplayedKeys(account(name))
            self.keyrings[name] = ReplayedKeyring(self.keys[name], digest("keyring salt", name))
            self.add(self.write_keys(name))
            self.acting[name] = 1
        deployment = self.fact("deployment", 1)
        self.engagement = ReplayedEngagement(ENGAGEMENT, SALT, deployment, self.directory.get)
        self.escalations = ReplayedEscalations(self.engagement)

    # Keys

    def fact(self, name: str, generation: int | None = None) -> KeysFact:
        """The generation under which `name` acts in the engagement, or that generation."""
        return self.keys[name].generations[(generation or self.acting[name]) - 1]

    def seals(self, *names: str) -> tuple[SealRef, ...]:
        """A seal for the acting key of each, in the order that a statement needs."""
        seals = [
            SealRef(account=account(name), key=self.fact(name).seal_key, sha256=digest("seal", name))
            for name in set(names)
        ]
        return tuple(sorted(seals, key=lambda seal: seal.account))

    def write_keys(
        self,
        name: str,
        reason: KeysReason = KeysReason.CREATE,
        *,
        sign_generation: int = 1,
        seal_generation: int = 1,
        signers: tuple[int, ...] | None = None,
        **changes: Any,
    ) -> Statement:
        """The next `keys` statement; `signers` are the generations of the seeds that sign it."""
        journal = self.keys[name]
        newest = len(journal.generations)
        body = Keys(
            **self._common(Keys, name, journal, key=sign_key(name, self._sign_generation(name)).key),
            account=account(name),
            generation=newest + 1,
            sign=sign_key(name, sign_generation),
            seal=seal_key(name, seal_generation),
            reason=reason,
            minimum_suite=1,
        )
        if signers is None:
            old = self._sign_generation(name)
            signers = (old,) if old == sign_generation else (old, sign_generation)
        return sign(body, *(seed(name, generation) for generation in signers), **changes)

    def _sign_generation(self, name: str) -> int:
        current = self.keys[name].find_current()
        if current is None:
            return 1
        return next(number for number in range(1, 100) if sign_key(name, number).key == current.sign_key)

    def rotate(self, name: str, reason: KeysReason = KeysReason.ROTATE) -> None:
        """Append a generation in which both keys are new; the engagement learns of it by an assent alone."""
        number = len(self.keys[name].generations) + 1
        self.add(self.write_keys(name, reason, sign_generation=number, seal_generation=number))

    def write_keyring(self, name: str, generation: int | None = None, **changes: Any) -> Statement:
        """The next keyring, signed with the newest key or with that of a generation."""
        journal = self.keyrings[name]
        current = journal.find_current()
        generation = generation or self._sign_generation(name)
        body = Keyring(
            **self._common(Keyring, name, journal, key=sign_key(name, generation).key),
            sequence=1 if current is None else current.body.sequence + 1,
            blob=BlobRef(sha256=digest("keyring"), size=4_096 + 88),
            slots=(SlotRef(kind=2, sha256=digest("slot"), fetch=sign_key(name, 9).public),),
            salt_sha256=salt_sha256(journal.salt),
        )
        return sign(body, seed(name, generation), **changes)

    # The engagement

    def contact(self, name: str | None, **changes: Any) -> Contact:
        """An independent contact with the account of `name`, or without any."""
        contact = Contact(
            contact=CONTACT_ID if name == "contact" else short("contact id", name),
            kind=ContactKind.OMBUDS,
            affiliation=Affiliation.INDEPENDENT,
            account=None if name is None else account(name),
            keys=None if name is None else self.fact(name).statement,
        )
        return contact.model_copy(update=changes)

    def write_contract(
        self,
        by: str = "coach",
        *,
        roles: Mapping[str, Role] | None = None,
        contacts: tuple[str | Contact, ...] = ("contact",),
        sealed: tuple[str, ...] | None = None,
        **changes: Any,
    ) -> Statement:
        """A proposal on top of the active contract; `contacts` are accounts, each with its own contact id."""
        roles = FULL if roles is None else roles
        parties = [
            Party(account=account(name), role=role, keys=self.fact(name).statement) for name, role in roles.items()
        ]
        listed = [self.contact(entry) if isinstance(entry, str) else entry for entry in contacts]
        body = Contract(
            **self._in_engagement(Contract, by),
            supersedes=self.find_active(),
            parties=tuple(sorted(parties, key=lambda party: party.account)),
            contacts=tuple(sorted(listed, key=lambda contact: contact.contact)),
            origin=Origin.INVITED,
            share_kinds=tuple(sorted((ShareKind.THEMES, ShareKind.ATTENDANCE))),
            request_budget=RequestBudget(count=2, days=7),
            retention_days=RETENTION_DAYS,
            clauses=ALL_CLAUSES,
            starts=START,
            ends=ENDS,
            salt_sha256=salt_sha256(SALT),
            text=BLOB,
            seals=self.seals(*(roles if sealed is None else sealed)),
        )
        return self._sign(by, body, changes)

    def write_assent(self, by: str, contract: bytes, **changes: Any) -> Statement:
        """An assent under the keys with which `by` acts."""
        body = Assent(**self._in_engagement(Assent, by), contract=contract, keys=self.fact(by).statement)
        return self._sign(by, body, changes)

    def agree(self, contract: Statement, *names: str) -> StatementId:
        """Append the contract and the assents of coach, coachee and sponsor, or of `names`; its id."""
        self.add(contract)
        for name in names or ("coach", "coachee", "sponsor"):
            self.add(self.write_assent(name, contract.id))
        return contract.id

    def find_active(self) -> StatementId | None:
        """The id of the active contract."""
        active = self.engagement.find_active_contract()
        return None if active is None else active.statement

    def active(self) -> StatementId:
        """The id of the active contract, 32 zero bytes where there is none."""
        return self.find_active() or StatementId(bytes(32))

    def write_item(
        self, by: str, kind: ItemKind = ItemKind.NOTE, *, sealed: tuple[str, ...] = ("coach", "coachee"), **changes: Any
    ) -> Statement:
        """Version 1 of an item of its own."""
        body = Item(
            **self._in_engagement(Item, by),
            contract=self.active(),
            item=short("item", self.count),
            version=1,
            previous=None,
            kind=kind,
            blob=BLOB,
            attachments=(),
            seals=self.seals(*sealed),
        )
        return self._sign(by, body, changes)

    def write_next(
        self, by: str, item: bytes, *, sealed: tuple[str, ...] = ("coach", "coachee"), **changes: Any
    ) -> Statement:
        """The next version of an item."""
        newest = self.engagement.find_version(item)
        if newest is not None:
            changes = {
                "item": item,
                "version": newest.version + 1,
                "previous": newest.statement,
                "kind": newest.kind,
                **changes,
            }
        return self.write_item(by, sealed=sealed, **changes)

    def write_reseal(self, by: str, item: bytes, sealed: tuple[str, ...], **changes: Any) -> Statement:
        """Further seals of the newest version of an item."""
        newest = self.engagement.find_version(item)
        body = Reseal(
            **self._in_engagement(Reseal, by),
            contract=self.active(),
            item=item,
            version=1 if newest is None else newest.version,
            statement=digest("no version") if newest is None else newest.statement,
            seals=self.seals(*sealed),
        )
        return self._sign(by, body, changes)

    def write_disclosure(
        self, by: str = "coachee", recipient: str = "sponsor", *, sealed: tuple[str, ...] | None = None, **changes: Any
    ) -> Statement:
        body = Disclosure(
            **self._in_engagement(Disclosure, by),
            contract=self.active(),
            share_kind=ShareKind.ATTENDANCE,
            purpose=Purpose.OWN_WORDS,
            recipient=account(recipient),
            blob=BLOB,
            seals=self.seals(*((by, recipient) if sealed is None else sealed)),
            consent_sha256=digest("consent"),
            locale=Locale.EN,
            expires=None,
        )
        return self._sign(by, body, changes)

    def write_withdrawal(self, by: str, disclosure: bytes, **changes: Any) -> Statement:
        body = Withdrawal(**self._in_engagement(Withdrawal, by), disclosure=disclosure)
        return self._sign(by, body, changes)

    def write_request(self, by: str = "sponsor", **changes: Any) -> Statement:
        body = Request(
            **self._in_engagement(Request, by), contract=self.active(), share_kind=ShareKind.ATTENDANCE, expires=ENDS
        )
        return self._sign(by, body, changes)

    def write_opening(self, by: str, of: bytes, **changes: Any) -> Statement:
        """An opening; in the escalations journal where `of` is an escalation."""
        journal = self.escalations if self.escalations.find_escalation(StatementId(of)) is not None else self.engagement
        body = Opening(**self._in_engagement(Opening, by, journal), of=of)
        return self._sign(by, body, changes)

    def write_escalation(
        self, by: str = "coach", *, sealed: tuple[str, ...] = ("coach", "contact"), **changes: Any
    ) -> Statement:
        delay: Delay | None = None
        body = Escalation(
            **self._in_engagement(Escalation, by, self.escalations),
            contract=self.active(),
            contact=CONTACT_ID,
            reason=EscalationReason.HARM_TO_SELF,
            delay=delay,
            blob=ESCALATION_BLOB,
            seals=self.seals(*sealed),
        )
        return self._sign(by, body, changes)

    def write_closure(self, by: str = "coach", **changes: Any) -> Statement:
        body = Closure(**self._in_engagement(Closure, by), reason=ClosureReason.COMPLETED)
        return self._sign(by, body, changes)

    def write_erasure(
        self, by: str, *items: bytes, reason: ErasureReason = ErasureReason.ASKED, **changes: Any
    ) -> Statement:
        body = Erasure(**self._in_engagement(Erasure, by), items=tuple(sorted(items)), reason=reason)
        return self._sign(by, body, changes)

    # Signing and appending

    def _common(self, model: type[Body], by: str, journal: ReplayedJournal, key: bytes | None = None) -> dict[str, Any]:
        self.count += 1
        holds_salt = isinstance(journal, ReplayedKeys | ReplayedKeyring) or (
            # Nobody holds the salt of an engagement that has no contract yet, but who writes the first one.
            by in SALT_HOLDERS and (model is Contract or by == "deployment" or bool(self.engagement.contracts))
        )
        newest = journal.find_newest(account(by))
        place = Place(
            journal.salt if holds_salt else None, None if newest is None else newest.statement, journal.position
        )
        return {
            **common(model.TYPE, place, floor_to_day(self.time)),
            "id": short("id", self.count),
            "by": account(by),
            "key": self.fact(by).sign_key if key is None else key,
        }

    def _in_engagement(self, model: type[Body], by: str, journal: ReplayedJournal | None = None) -> dict[str, Any]:
        return {**self._common(model, by, journal or self.engagement), "engagement": ENGAGEMENT}

    def _sign(self, by: str, body: Body, changes: dict[str, Any]) -> Statement:
        return sign(body, self.seed_of(by), **changes)

    def seed_of(self, name: str) -> bytes:
        """The seed of the key with which `name` acts in the engagement."""
        acting = self.fact(name).sign_key
        return next(seed(name, number) for number in range(1, 100) if sign_key(name, number).key == acting)

    def find_journal(self, statement: Statement) -> ReplayedJournal:
        """The journal to which the statement belongs."""
        body = statement.body
        if isinstance(body, Keys):
            return next(self.keys[name] for name in self.keys if account(name) == body.by)
        if isinstance(body, Keyring):
            return next(self.keyrings[name] for name in self.keyrings if account(name) == body.by)
        if isinstance(body, Escalation):
            return self.escalations
        if isinstance(body, Opening) and self.escalations.find_escalation(body.of) is not None:
            return self.escalations
        return self.engagement

    def add(self, statement: Statement, name: str | None = None) -> tuple[Effect, ...]:
        """Append at the world's time; `name` keeps the id in `named`. Raises: as `append`."""
        journal = self.find_journal(statement)
        effects = append(journal, statement, self.time)
        if isinstance(journal, ReplayedKeys):
            fact = journal.generations[-1]
            self.directory[fact.statement] = fact
        if name is not None:
            self.named[name] = statement.id
        return effects

    def answer(self, statement: Statement) -> str:
        """What policy says to the statement now, "ok" or a code, with nothing appended."""
        journal = self.find_journal(statement)
        try:
            if isinstance(statement.body, Keys):
                require_valid_keys(statement.body)
            statement.envelope.verify(*list_signers(journal, statement.body, self.time))
            require_seen_entry(journal, statement.body)
            decide(journal, statement, self.time)
        except Refused as refusal:
            return refusal.code
        except SignatureError:
            return "signature-invalid"
        except InvalidKeyError:
            return "key-invalid"
        return "ok"


def make_active_world() -> World:
    """A full contract (coach, coachee, sponsor, supervisor, one independent contact), active since START."""
    world = World()
    world.named["contract"] = world.agree(world.write_contract())
    return world
