"""Everything that a person can open, as plain files: items, contracts, disclosures, and the journals that prove them.

An act that yields files one by one would tie the network to the disk; it returns one engagement at a time instead.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from vault.client.acts.contract_terms import ContractTerms, list_contract_terms, list_served_terms
from vault.client.acts.contracts import read_own_words
from vault.client.acts.disclosures import list_disclosures, list_received, read_own_disclosure
from vault.client.acts.items import Attached, ItemView
from vault.client.acts.supervised import list_supervised
from vault.client.device.names import name_of
from vault.client.device.session import Session
from vault.client.errors import Unreachable
from vault.client.log.receipts import require_signed
from vault.client.network.calls import Act
from vault.client.reading.contents import fetch_newest
from vault.client.reading.reading import read_held
from vault.client.reading.served import fetch_served
from vault.client.reading.views import Held, View, refresh
from vault.errors import VaultError
from vault.policy.facts import find_role
from vault.protocol.envelope import Statement
from vault.protocol.ids import StatementId
from vault.protocol.journal import START, next_position
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Item
from vault.protocol.vocabulary import ItemKind, Role

NAME_MAXIMUM_CHARACTERS = 50
ABSENT = frozenset({Code.NOT_FOUND, Code.DISCLOSURE_ENDED})
"""What a server says of what was withdrawn or erased, or is sealed to others alone."""
PASSING = frozenset({Code.BUSY, Code.TOO_MANY})
"""What a server says that will answer a little later."""
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file to write: its path below the export's folder, with slashes, and its bytes."""

    path: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ExportedAttachment:
    """A file to fetch, verify and write: its path below the export's folder, and the version that names it."""

    path: str
    item: ItemView
    attached: Attached


@dataclass(frozen=True, slots=True)
class NotExported:
    """What could not be written, of which statement (None: of the whole engagement), and why."""

    engagement: bytes
    what: str
    statement: Statement | None
    error: VaultError


Exported = list[ExportedFile | ExportedAttachment | NotExported]


@dataclass(frozen=True, slots=True)
class Export:
    """One engagement on its way into files. What fails is held with who signed it, and stops nothing else."""

    session: Session
    engagement: bytes
    files: Exported = field(default_factory=list)

    def add(self, path: str, content: bytes) -> None:
        """A file of this engagement."""
        self.files.append(ExportedFile(f"{self.root}/{path}", content))

    @property
    def root(self) -> str:
        """The folder of this engagement."""
        return f"engagements/{self.engagement.hex()}"

    def read(self, what: str, statement: Statement | None, act: Act[Value]) -> Act[Value | None]:
        """What the act returns; None where it fails, which is held, or where nothing is sealed to this person.

        Raises: Unreachable, also for a server that is busy: it is run again later.
        """
        try:
            return (yield from act)
        except Unreachable:
            raise
        except VaultError as error:
            if isinstance(error, Refused) and error.code in ABSENT and statement is not None:
                return None
            if isinstance(error, Refused) and error.code in PASSING:
                raise
            self.files.append(NotExported(self.engagement, what, statement, error))
            return None


def export_engagement(session: Session, engagement: bytes) -> Act[Exported]:
    """What this person can open of one engagement. Nothing is opened that signs an opening: that is an act of its own.

    Raises: Unreachable. Whatever else fails is among what is returned.
    """
    export = Export(session, engagement)
    yield from export.read("the engagement", None, _export(export))
    return export.files


def _export(export: Export) -> Act[None]:
    session, engagement = export.session, export.engagement
    try:
        view = yield from refresh(session, engagement)
    except Refused as refused:
        if refused.code != Code.ROLE_REFUSED:
            raise
        yield from _export_served(export)
        return
    statements = {held.statement.id: held.statement for held in view.entries}
    yield from _contracts(export, list_contract_terms(session, view), statements)
    yield from _items(export, view)
    if view.find_role(session.account) is Role.COACHEE:
        yield from _disclosures(export)
    export.add("journal.jsonl", _lines(_journal(session, view)))


def _export_served(export: Export) -> Act[None]:
    """The contracts; for a sponsor, which disclosures are live, without opening them; for a supervisor, its items."""
    session, engagement = export.session, export.engagement
    served = yield from fetch_served(session, engagement)
    statements = {each.statement.id: each.statement for each in served.contracts}
    yield from _contracts(export, list_served_terms(session, served), statements)
    role = find_role(served.standing().body, session.account)
    if role is Role.SUPERVISOR:
        items = yield from export.read("the items", None, list_supervised(session, engagement, *ItemKind))
        _add_items(export, [shown for shown in items or () if not _is_unopened(export, shown)])
    if role is Role.SPONSOR:
        received = yield from export.read("what was received", None, list_received(session, engagement))
        rows = [
            {"disclosure": each.statement.id.hex(), "envelope": each.statement.envelope.to_json(each.body.key)}
            for each in received or ()
        ]
        export.add("received.jsonl", _lines(rows))


def _is_unopened(export: Export, shown: ItemView) -> bool:
    """Whether it does not open; that is held, with who signed it."""
    if shown.unopened is not None:
        what = f"{shown.body.kind} {shown.body.item.hex()}, version {shown.body.version}"
        export.files.append(NotExported(export.engagement, what, shown.held.statement, shown.unopened))
    return shown.unopened is not None


def _contracts(
    export: Export, contracts: tuple[ContractTerms, ...], statements: dict[StatementId, Statement]
) -> Act[None]:
    for number, terms in enumerate(contracts, 1):
        text = f"contract {terms.id}\nstate    {terms.state}\nassented {', '.join(terms.assented)}\n\n{terms.text}"
        contract = StatementId(bytes.fromhex(terms.id))
        reading = read_own_words(export.session, export.engagement, contract)
        words = yield from export.read("the author's own words", statements[contract], reading)
        if words is not None and words.body:
            text += "\nIn the author's own words:\n" + words.body.decode("utf-8", errors="replace")
        export.add(f"contracts/{number:02}.txt", text.encode("utf-8"))


def _items(export: Export, view: View) -> Act[None]:
    items: list[ItemView] = []
    yield from export.read("a page of contents", None, fetch_newest(export.session, view, view.entries))
    for held in list(view.entries):
        body = held.statement.body
        if not isinstance(body, Item):
            continue
        found = view.replay.find_version(body.item, body.version)
        if found is None or found.erased:
            continue
        what = f"{body.kind} {body.item.hex()}, version {body.version}"
        content = yield from export.read(what, held.statement, read_held(export.session, view, held))
        if content is not None:
            items.append(ItemView(held, content))
    _add_items(export, items)


def _add_items(export: Export, items: Iterable[ItemView]) -> None:
    """The items with their attachments, and the list of them."""
    rows: list[dict[str, Any]] = []
    attachments: dict[bytes, str] = {}
    for shown in items:
        held, body, header, content = shown.held, shown.body, shown.header, shown.content
        path = f"{body.kind}/{held.seq:05}-{_file_name(header.title, header.media_type)}"
        export.add(path, content.body)
        for attached in shown.attachments:
            if attached.ref.id not in attachments:
                name = _file_name(attached.header.name, attached.header.media_type)
                named = attachments[attached.ref.id] = f"attachments/{held.seq:05}-{attached.ref.id.hex()[:8]}-{name}"
                export.files.append(ExportedAttachment(f"{export.root}/{named}", shown, attached))
        rows.append(
            {
                "path": path,
                "item": body.item.hex(),
                "version": body.version,
                "kind": body.kind.value,
                "title": header.title,
                "media_type": header.media_type,
                "tags": list(header.tags),
                "created": header.created,
                "author": body.by.hex(),
                "statement": held.statement.id.hex(),
                "attachments": [
                    {"path": attachments[each.ref.id], "name": each.header.name, "media_type": each.header.media_type}
                    for each in shown.attachments
                ],
            }
        )
    export.add("items.jsonl", _lines(rows))


def _disclosures(export: Export) -> Act[None]:
    session = export.session
    rows: list[dict[str, Any]] = []
    for state in (yield from list_disclosures(session, export.engagement)):
        row: dict[str, Any] = {
            "disclosure": state.held.statement.id.hex(),
            "state": state.state_at(session.now()),
            "share_kind": state.body.share_kind.value,
            "purpose": state.body.purpose.value,
            "expires": state.body.expires,
            "openings": [{"by": one.statement.body.by.hex(), "time": one.time} for one in state.openings],
        }
        # one that was withdrawn or erased is not there: its summary is still among the items
        reading = read_own_disclosure(session, state)
        content = yield from export.read("a disclosure", state.held.statement, reading)
        if content is not None:
            name = _file_name(content.header.title, content.header.media_type)
            row["path"] = f"disclosures/{state.held.seq:05}-{name}"
            export.add(row["path"], content.body)
        rows.append(row)
    export.add("disclosures.jsonl", _lines(rows))


def _journal(session: Session, view: View) -> list[dict[str, Any]]:
    """Every entry with its receipt: `coach-vault statement verify` verifies any line of it."""
    rows, position = [], START
    for held in view.entries:
        position = next_position(view.replay.journal, position, held.time, held.statement.id)
        rows.append(_entry(session, view, held) | {"head": position.head.hex()})
    return rows


def _entry(session: Session, view: View, held: Held) -> dict[str, Any]:
    body = held.statement.body
    return {
        "seq": held.seq,
        "time": held.time,
        "name": name_of(session, body.by, view.standing().body),
        "statement": held.statement.id.hex(),
        "envelope": held.statement.envelope.to_json(body.key),
        "receipt": require_signed(session, held.receipt).text,
    }


def _lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode("utf-8")


def _file_name(title: str, media_type: str) -> str:
    """A name that every file system takes, and that leads nowhere else."""
    kept = "".join(symbol if symbol.isalnum() or symbol in "-_." else "_" for symbol in title)
    name = kept.strip("._ ")[:NAME_MAXIMUM_CHARACTERS].rstrip("._ ") or "untitled"
    if "." in name:
        return name
    return f"{name}.txt" if media_type.startswith("text/") else f"{name}.bin"
