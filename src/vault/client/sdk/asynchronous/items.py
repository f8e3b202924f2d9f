"""Items of an engagement: shelves to list and add, items to read and edit, summaries to preview and disclose."""

from collections.abc import AsyncIterator, Awaitable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

from vault.client.acts import attachments, disclosures, items
from vault.client.acts.acquaintance import Acquaintance, meet
from vault.client.acts.attachments import add_with_files
from vault.client.acts.choosing import choose_item
from vault.client.acts.disclosures import PreviewTerms
from vault.client.acts.downloading import save_attachment
from vault.client.acts.items import ItemView, Text
from vault.client.acts.people import find_person
from vault.client.acts.supervised import list_readable, read_readable
from vault.client.acts.uploading import Report, ignore
from vault.client.device.names import name_of
from vault.client.device.session import Session
from vault.client.errors import UsageError
from vault.client.log.receipts import Receipt, require_signed
from vault.client.network.transport import AsyncDriver
from vault.client.reading.views import View
from vault.client.sdk.asynchronous.disclosures import AsyncDisclosureHandle
from vault.client.sdk.reading_arguments import as_bytes, as_word, end_of
from vault.client.sdk.values import Attachment, Reader
from vault.policy.facts import find_party
from vault.protocol.ids import StatementId
from vault.protocol.vocabulary import ItemKind, Locale, Purpose, Role, ShareKind


class AsyncPreview:
    """What a sponsor would see, all of it. What is shown here is what `disclose` signs and seals."""

    def __init__(self, session: Session, driver: AsyncDriver, terms: PreviewTerms, who: Acquaintance) -> None:
        """Made by `preview` of a summary; `who` is the recipient, as this person knows them."""
        self._session, self._driver, self._terms = session, driver, terms
        self.who = who

    @property
    def recipient(self) -> str:
        """How this person calls the recipient; `who` has the state and the safety number."""
        return self.who.name

    @property
    def title(self) -> str:
        """The title, which the recipient sees too."""
        return self._terms.summary.header.title

    @property
    def body(self) -> str:
        """The text."""
        return self._terms.summary.content.body.decode("utf-8", errors="replace")

    @property
    def share_kind(self) -> str:
        """What it is about."""
        return self._terms.share_kind.value

    @property
    def purpose(self) -> str:
        """What it is for."""
        return self._terms.purpose.value

    @property
    def expires(self) -> int | None:
        """When it ends by itself, Unix seconds; None for never."""
        return self._terms.expires

    @property
    def consent(self) -> str:
        """What to read before sealing; its hash is part of what is signed."""
        return self._terms.consent

    async def disclose(self, *, although_changed: bool = False) -> AsyncDisclosureHandle:
        """Seal this text for the recipient, whose keys are the confirmed ones unless that was agreed to.

        One preview is one disclosure: called again, it sends the same bytes and gives the same handle.

        Raises: UsageError where they have changed; Refused; Unreachable, and then it waits in the outbox.
        """
        if self.who.is_changed and not although_changed:
            raise UsageError(
                "the recipient's keys are not the ones that were confirmed; compare safety numbers and confirm the new "
                "one, or disclose with although_changed=True"
            )
        statement = await self._driver.run(disclosures.disclose(self._session, self._terms))
        return AsyncDisclosureHandle(self._session, self._driver, self._terms.engagement, statement)


class AsyncItemHandle:
    """A version of an item that was fetched, verified and opened."""

    def __init__(self, session: Session, driver: AsyncDriver, engagement: bytes, item: ItemView) -> None:
        """Made by a shelf."""
        self._session, self._driver, self._engagement, self._item = session, driver, engagement, item

    @property
    def id(self) -> str:
        """The item, 32 hex digits; the same in all versions."""
        return self._item.body.item.hex()

    @property
    def engagement(self) -> str:
        """The engagement that it belongs to, 32 hex digits."""
        return self._engagement.hex()

    @property
    def version(self) -> int:
        """1, 2, ..."""
        return self._item.body.version

    @property
    def kind(self) -> str:
        """The word of its kind."""
        return self._item.body.kind.value

    @property
    def opens(self) -> bool:
        """Whether there is content; what its author sealed may be none, and shows as an empty text."""
        return self._item.opens

    @property
    def title(self) -> str:
        """The title."""
        return self._item.header.title

    @property
    def body(self) -> str:
        """The text; bytes that are no UTF-8 show as replacement characters, `content` has them."""
        return self._item.content.body.decode("utf-8", errors="replace")

    @property
    def content(self) -> bytes:
        """The exact bytes."""
        return self._item.content.body

    @property
    def media_type(self) -> str:
        """What the bytes are."""
        return self._item.header.media_type

    @property
    def tags(self) -> tuple[str, ...]:
        """The author's tags."""
        return self._item.header.tags

    @property
    def created(self) -> int:
        """When this version was written by its author's clock, Unix seconds."""
        return self._item.header.created

    @property
    def author(self) -> str:
        """Who signed this version."""
        return name_of(self._session, self._item.body.by, self._session.verified.standing[self._engagement])

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """The files that belong to this version; `save_attachment` fetches one."""
        found = (each.header for each in self._item.attachments)
        return tuple(Attachment(each.id.hex(), each.name, each.media_type, each.size) for each in found)

    @property
    def receipt(self) -> Receipt:
        """What shows that the log holds this version. Raises: NoReceipt."""
        return require_signed(self._session, self._item.held.receipt)

    @property
    def readers(self) -> list[Reader]:
        """Everybody who can open it: from verified seals and own disclosures, never from a setting."""
        view: View | None = self._session.verified.views.get(self._engagement)
        contract = self._session.verified.standing[self._engagement]
        if view is None:  # a supervisor: what the statement itself says
            accounts: set[bytes] = {seal.account for seal in self._item.body.seals} | {self._session.account}
        else:
            accounts = {account for account, _ in view.replay.seals.get((self._item.body.item, self.version), ())}
        found = [Reader(name_of(self._session, one, contract), one.hex()) for one in accounts]
        for disclosure, source in self._session.identity.sources.items():
            fact = None if view is None else view.replay.find_disclosure(StatementId(disclosure))
            is_of_this = source == (self._item.body.item, self.version)
            if is_of_this and fact is not None and fact.is_live_at(self._session.now()):
                name = name_of(self._session, fact.recipient, contract)
                found.append(Reader(name, fact.recipient.hex(), disclosure.hex()))
        return sorted(found, key=lambda reader: (reader.by, reader.name))

    async def edit(
        self, body: str | bytes | None = None, *, title: str | None = None, tags: Iterable[str] | None = None
    ) -> "AsyncItemHandle":
        """The next version, on top of this one; what is not given stays.

        Raises: Refused(version-taken) where somebody was faster: read again, merge, edit that.
        """
        if not self.opens:
            raise UsageError("this version does not open; write a new item")
        text = Text(
            body=self.content if body is None else as_bytes(body),
            title=self.title if title is None else title,
            media_type=self.media_type,
            tags=self.tags if tags is None else tuple(tags),
            sources=self._item.header.sources,
            attachments=self._item.attachments,
        )
        base = self._item.held.statement.id
        done = await self._driver.run(
            items.edit_item(self._session, self._engagement, self._item.body.item, text, base)
        )
        written = await self._driver.run(items.read_written(self._session, self._engagement, done))
        return AsyncItemHandle(self._session, self._driver, self._engagement, written)

    async def attach(self, *files: Path | str, report: Report = ignore) -> "AsyncItemHandle":
        """The next version, with these files attached. Cut off, the same call goes on where it stopped.

        Raises: UsageError; Refused(version-taken) where somebody was faster; Unreachable.
        """
        paths = [Path(file) for file in files]
        act = attachments.attach(self._session, self._engagement, self._item.body.item, paths, report)
        return AsyncItemHandle(self._session, self._driver, self._engagement, await self._driver.run(act))

    async def save_attachment(self, named: str | None, path: Path | str, *, report: Report = ignore) -> None:
        """Write the attachment with this name or id (None: the only one) to a new file, once all of it is proven.

        Raises: UsageError; VerificationError; Unreachable, and then the same call goes on where it stopped.
        """
        attached = attachments.find_attachment(self._item, named)
        await self._driver.run(save_attachment(self._session, self._item, attached, Path(path), report))

    async def read_version(self, version: int) -> "AsyncItemHandle":
        """An earlier version. Raises: Refused(not-found)."""
        act = items.read_item(self._session, self._engagement, self._item.body.item, version)
        return AsyncItemHandle(self._session, self._driver, self._engagement, await self._driver.run(act))

    async def reseal(self) -> None:
        """Seal this item again to readers whose keys have changed. Raises: Refused(seals-refused) if none has."""
        await self._driver.run(items.reseal_item(self._session, self._engagement, self._item.body.item))

    async def seal_for_supervisor(self) -> None:
        """Let the contract's supervisor read this version (the coachee alone can). Raises: Refused; UsageError."""
        supervisor = find_party(self._session.verified.standing[self._engagement], Role.SUPERVISOR)
        if supervisor is None:
            raise UsageError("the contract names no supervisor")
        act = items.reseal_item(self._session, self._engagement, self._item.body.item, frozenset({supervisor}))
        await self._driver.run(act)

    async def preview(
        self,
        *,
        recipient: str = "sponsor",
        share_kind: str,
        purpose: str,
        expires: datetime | timedelta | int | None = timedelta(days=30),
        locale: str = "en",
    ) -> AsyncPreview:
        """What the sponsor would see of this summary. Nothing is sent.

        `recipient` is a nickname, an account or `sponsor`; `expires` a time, a length from now, or None.
        Raises: Refused(class-refused) for anything but a summary; UsageError; and as `disclosures.preview`.
        """
        account = await self._find_recipient(recipient)
        terms = await self._driver.run(
            disclosures.preview(
                self._session,
                self._engagement,
                self._item,
                as_word(ShareKind, share_kind),
                as_word(Purpose, purpose),
                end_of(expires, self._session.now()),
                as_word(Locale, locale),
                account,
            )
        )
        contract = self._session.verified.standing[self._engagement]
        who = await self._driver.run(meet(self._session, contract, terms.recipient))
        return AsyncPreview(self._session, self._driver, terms, who)

    async def _find_recipient(self, recipient: str) -> bytes | None:
        if recipient in ("sponsor", "the sponsor"):
            return None
        person = await self._driver.run(find_person(self._session, recipient))
        return person.account


class AsyncShelf:
    """The items of some kinds in one engagement, newest versions, in the order in which they were written."""

    def __init__(
        self, session: Session, driver: AsyncDriver, engagement: bytes, kind: ItemKind, *others: ItemKind
    ) -> None:
        """`kind` is what `add` makes unless another of the kinds is named."""
        self._session, self._driver, self._engagement = session, driver, engagement
        self._kinds = (kind, *others)

    async def add(
        self,
        body: str | bytes,
        *,
        title: str = "",
        kind: str | None = None,
        media_type: str = "text/plain",
        tags: Iterable[str] = (),
        with_coach: bool = True,
        attachments: Iterable[Path | str] = (),
        report: Report = ignore,
    ) -> AsyncItemHandle:
        """A new item: sealed on this device, then sent.

        `with_coach=False` keeps a summary to the coachee. `attachments` are files of this device; cut off while they
        are sent, the same call goes on where it stopped.

        Raises: Refused; Unreachable, and then it waits in the outbox.
        """
        word = self._kinds[0] if kind is None else as_word(ItemKind, kind)
        if word not in self._kinds:
            raise UsageError(f"expected one of: {', '.join(self._kinds)}")
        text = Text(as_bytes(body), title, media_type, tuple(tags))
        files = [Path(file) for file in attachments]
        if files:
            act = add_with_files(self._session, self._engagement, word, text, files, report, with_coach)
            return AsyncItemHandle(self._session, self._driver, self._engagement, await self._driver.run(act))
        done = await self._driver.run(items.add_item(self._session, self._engagement, word, text, with_coach))
        written = await self._driver.run(items.read_written(self._session, self._engagement, done))
        return AsyncItemHandle(self._session, self._driver, self._engagement, written)

    async def list(self) -> list[AsyncItemHandle]:
        """All that this person can open: fetched, verified, opened."""
        found = await self._driver.run(list_readable(self._session, self._engagement, *self._kinds))
        return [AsyncItemHandle(self._session, self._driver, self._engagement, item) for item in found]

    async def get(self, item: str) -> AsyncItemHandle:
        """The newest version of one, by its id or the first digits of it. Raises: UsageError; Refused(not-found)."""
        chosen = await self._driver.run(choose_item(self._session, self._engagement, item))
        view = await self._driver.run(read_readable(self._session, self._engagement, chosen))
        return AsyncItemHandle(self._session, self._driver, self._engagement, view)

    async def __aiter__(self) -> AsyncIterator[AsyncItemHandle]:
        """As `list`."""
        for item in await self.list():
            yield item

    async def _at(self, place: int) -> AsyncItemHandle:
        return (await self.list())[place]

    def __getitem__(self, place: int) -> Awaitable[AsyncItemHandle]:
        """By its place in `list`."""
        return self._at(place)
