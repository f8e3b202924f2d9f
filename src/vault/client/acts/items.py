"""Items: write a version, list the newest ones, read them, seal them again for keys that changed.

Source: docs/protocol.md section 4 rules 4 and 5.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError

from vault.client.crypto.content import Content, ItemAttachment, ItemHeader
from vault.client.device.session import Session
from vault.client.device.waiting import Waiting
from vault.client.errors import SignedBadlyError, UsageError
from vault.client.network.calls import Act
from vault.client.outbox.sealing_to import current_keys_of, seal_key_to, seal_to
from vault.client.outbox.writing import Done, Note, Unsigned, common_members, write
from vault.client.reading.contents import fetch_newest
from vault.client.reading.reading import is_sealed_to_me, open_held, read_held
from vault.client.reading.recalling import ensure_view
from vault.client.reading.views import Held, View, engagement_journal, refresh
from vault.policy.facts import ContractFact, VersionFact, find_party
from vault.policy.items import list_reader_sets
from vault.policy.parties import find_current_keys, require_active
from vault.protocol.blob import BlobContext, blob_context
from vault.protocol.limits import ATTACHMENTS_MAXIMUM, LIST_MAXIMUM, ZERO32
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import AttachmentRef, Item, Reseal
from vault.protocol.submission import Parts
from vault.protocol.vocabulary import BlobKind, ItemKind, Role, SealPurpose, StatementType

UNOPENED = "(does not open)"
"""Stands for the title of an item whose signer sealed something else than content."""


@dataclass(frozen=True, slots=True)
class Attached:
    """An attachment: what was sealed about it in the item, and what the statement signs of its stored bytes."""

    header: ItemAttachment
    ref: AttachmentRef


@dataclass(frozen=True, slots=True)
class Text:
    """What a person writes: bytes, what they are, and what stands around them; all of it is sealed."""

    body: bytes
    title: str = ""
    media_type: str = "text/plain"
    tags: tuple[str, ...] = ()
    sources: tuple[bytes, ...] = ()
    attachments: tuple[Attached, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemView:
    """A version of an item that was verified, and opened; `unopened` is why not, for what was signed badly."""

    held: Held
    content: Content
    unopened: SignedBadlyError | None = None

    @property
    def opens(self) -> bool:
        """Whether there is a content."""
        return self.unopened is None

    @property
    def body(self) -> Item:
        """The signed members."""
        body = self.held.statement.body
        if not isinstance(body, Item):
            raise TypeError("expected an item")
        return body

    @property
    def attachments(self) -> tuple[Attached, ...]:
        """What this version names, in the order in which it was attached; reading has compared the two lists."""
        refs = {ref.id: ref for ref in self.body.attachments}
        return tuple(Attached(each, refs[each.id]) for each in self.header.attachments)

    @property
    def header(self) -> ItemHeader:
        """What was sealed around the text."""
        header = self.content.header
        if not isinstance(header, ItemHeader):
            raise TypeError("expected the header of an item")
        return header


def add_item(
    session: Session,
    engagement: bytes,
    kind: ItemKind,
    text: Text,
    with_coach: bool = True,
    note: Note | None = None,
    item: bytes | None = None,
    replaces: Waiting | None = None,
) -> Act[Done]:
    """Version 1 of a new item; a summary is sealed to the coach too unless `with_coach` is False.

    `item` is its 16-byte id where attachments were sealed for it before; `note` and `replaces` are those of
    `writing.write`.

    Raises: Refused; Unreachable, and then it waits in the outbox; ContentTooLargeError; VerificationError.
    """
    view = yield from ensure_view(session, engagement)
    item = item or session.random(16)
    return (yield from _write_version(session, view, item, kind, None, text, with_coach, note, replaces))


def edit_item(
    session: Session,
    engagement: bytes,
    item: bytes,
    text: Text,
    base: bytes | None = None,
    note: Note | None = None,
    replaces: Waiting | None = None,
) -> Act[Done]:
    """The next version of an item, on top of `base` (the statement of the version that was read) or of the newest.

    Whoever could not read the version before does not read this one either.

    Raises: Refused(version-taken) where somebody was faster; as `add_item`.
    """
    view = yield from refresh(session, engagement)
    newest = view.replay.find_version(item)
    if newest is None:
        raise Refused(Code.NOT_FOUND)
    if base is not None and base != newest.statement:
        current = {"version": newest.version, "statement": newest.statement.hex()}
        raise Refused(Code.VERSION_TAKEN, current=current)
    coach = find_party(view.standing().body, Role.COACH)
    with_coach = coach is not None and view.replay.is_sealed_to(item, newest.version, coach)
    return (yield from _write_version(session, view, item, newest.kind, newest, text, with_coach, note, replaces))


def _write_version(
    session: Session,
    view: View,
    item: bytes,
    kind: ItemKind,
    before: VersionFact | None,
    text: Text,
    with_coach: bool,
    note: Note | None,
    replaces: Waiting | None,
) -> Act[Done]:
    engagement = view.replay.journal.subject
    journal = engagement_journal(engagement)

    def build() -> Unsigned:
        contract = _active(view)
        signer = find_current_keys(view.replay, session.account, contract.body)
        if signer is None:
            raise Refused(Code.ROLE_REFUSED)
        keys = session.keys_of(signer)
        author = session.account if before is None else before.author
        sets = list_reader_sets(kind, author, contract.body)
        readers = current_keys_of(view.replay, contract.body, sets[-1] if with_coach else sets[0])
        version = 1 if before is None else before.version + 1
        previous = None if before is None else before.statement
        context = BlobContext(
            BlobKind(kind), engagement, contract.statement, item, version, session.account, previous or ZERO32
        )
        header = _header(context, text, session.now())
        sealed = seal_to(session, SealPurpose.ITEM, context, header, text.body, readers)
        body = Item(
            **common_members(session, StatementType.ITEM, journal, keys),
            engagement=engagement,
            contract=contract.statement,
            item=item,
            version=version,
            previous=previous,
            kind=kind,
            blob=sealed.ref,
            attachments=tuple(sorted((each.ref for each in text.attachments), key=lambda ref: ref.id)),
            seals=sealed.refs,
        )
        return Unsigned(body, Parts(seals=sealed.seals, blob=sealed.blob))

    return (yield from write(session, f"/v1/engagements/{engagement.hex()}/items", journal, build, note, replaces))


def _header(context: BlobContext, text: Text, now: int) -> ItemHeader:
    """The header of a version. Raises: UsageError for what it cannot hold."""
    try:
        return ItemHeader(
            engagement=context.engagement,
            item=context.item,
            version=context.version,
            kind=context.kind,
            media_type=text.media_type,
            title=text.title,
            created=now,
            tags=text.tags,
            sources=text.sources,
            attachments=tuple(each.header for each in text.attachments),
        )
    except ValidationError:
        raise UsageError(
            f"expected a title, and at most {LIST_MAXIMUM} tags, {LIST_MAXIMUM} sources "
            f"and {ATTACHMENTS_MAXIMUM} attachments, none twice, all in Unicode"
        ) from None


def _active(view: View) -> ContractFact:
    active = view.replay.find_active_contract()
    if active is None:
        raise Refused(Code.CONTRACT_INACTIVE)
    return require_active(view.replay, active.statement)


def list_items(session: Session, engagement: bytes, *kinds: ItemKind) -> Act[list[ItemView]]:
    """The newest versions of all items of these kinds that this person can open, in the order of the journal."""
    view = yield from refresh(session, engagement)
    newest = [versions[-1] for versions in view.replay.versions.values()]
    entries = [view.by_statement[each.statement] for each in newest if each.kind in kinds and not each.erased]
    items = yield from show_items(session, view, entries, kinds[0] if len(kinds) == 1 else None)
    return sorted(items, key=lambda item: item.held.seq)


def show_items(
    session: Session, view: View, entries: Iterable[Held], kind: ItemKind | None = None
) -> Act[list[ItemView]]:
    """Those of the entries that are sealed to this person, as `show_item` shows them; `kind` says that all are of one.

    Raises: as `show_item`.
    """
    readable = [held for held in entries if is_sealed_to_me(session, view, held)]
    yield from fetch_newest(session, view, readable, kind)
    shown: list[ItemView] = []
    for held in readable:
        item = yield from show_item(session, view, held)
        shown.append(item)
    return shown


def show_item(session: Session, view: View, held: Held) -> Act[ItemView]:
    """The item, opened; or that it does not open, under its signer's name.

    One such item must not keep its reader from all the others. Raises: as `read_held`, for all that a server can do.
    """
    try:
        return ItemView(held, (yield from read_held(session, view, held)))
    except SignedBadlyError as error:
        return unopened(held, error)


def unopened(held: Held, why: SignedBadlyError) -> ItemView:
    """Stands in lists for an item that was signed and does not open."""
    body = held.statement.body
    if not isinstance(body, Item):
        raise TypeError("expected an item")
    header = ItemHeader(
        engagement=body.engagement,
        item=body.item,
        version=body.version,
        kind=BlobKind(body.kind),
        media_type="application/octet-stream",
        title=UNOPENED,
        created=body.at,
        tags=(),
        sources=(),
        attachments=(),
    )
    return ItemView(held, Content(header, b""), why)


def read_item(session: Session, engagement: bytes, item: bytes, version: int | None = None) -> Act[ItemView]:
    """One version of an item, the newest unless named.

    Raises: Refused(not-found); SignedBadlyError; VerificationError.
    """
    view = yield from refresh(session, engagement)
    found = view.replay.find_version(item, version)
    if found is None or found.erased:
        raise Refused(Code.NOT_FOUND)
    held = view.by_statement[found.statement]
    return ItemView(held, (yield from read_held(session, view, held)))


def reseal_item(
    session: Session, engagement: bytes, item: bytes, accounts: frozenset[bytes] | None = None
) -> Act[Done]:
    """Seal the newest version again to the current keys of `accounts` (None: of all who may read and cannot yet).

    Raises: Refused; as `add_item`.
    """
    view = yield from refresh(session, engagement)
    found = view.replay.find_version(item)
    if found is None or found.erased:
        raise Refused(Code.NOT_FOUND)
    held = view.by_statement[found.statement]
    original = held.statement.body
    if not isinstance(original, Item):
        raise Refused(Code.NOT_FOUND)
    content_key, _ = yield from open_held(session, view, held)  # what is sealed again must open
    journal = engagement_journal(engagement)

    def build() -> Unsigned:
        contract = _active(view)
        signer = find_current_keys(view.replay, session.account, contract.body)
        keys = session.keys_of(signer)
        allowed = list_reader_sets(found.kind, found.author, contract.body)[-1] if accounts is None else accounts
        readers = [
            each
            for each in current_keys_of(view.replay, contract.body, allowed)
            if not view.replay.is_sealed_to(item, found.version, each.account, each.seal_key)
        ]
        refs, seals = seal_key_to(
            session, SealPurpose.ITEM, blob_context(original), original.blob.sha256, content_key, readers
        )
        body = Reseal(
            **common_members(session, StatementType.RESEAL, journal, keys),
            engagement=engagement,
            contract=contract.statement,
            item=item,
            version=found.version,
            statement=found.statement,
            seals=refs,
        )
        return Unsigned(body, Parts(seals=seals))

    return (yield from write(session, f"/v1/engagements/{engagement.hex()}/reseals", journal, build))


def read_written(session: Session, engagement: bytes, done: Done) -> Act[ItemView]:
    """What was just written, as every reader will see it."""
    view = yield from ensure_view(session, engagement)
    if done.statement.id not in view.by_statement:
        view = yield from refresh(session, engagement)
    held = view.by_statement[done.statement.id]
    return ItemView(held, (yield from read_held(session, view, held)))
