"""Everything that a person can open, as plain files: items, contracts, disclosures, and the journals that prove them.

An act that yields files one by one would tie the network to the disk; it returns one engagement at a time instead.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from vault.client.acts.contract_terms import ContractTerms, list_contract_terms, list_served_terms
from vault.client.acts.contracts import read_own_words
from vault.client.acts.disclosures import list_disclosures, list_received, read_own_disclosure
from vault.client.acts.items import Attached, ItemView, show_item
from vault.client.device.names import name_of
from vault.client.device.session import Session
from vault.client.log.receipts import require_signed
from vault.client.network.calls import Act
from vault.client.reading.served import fetch_served
from vault.client.reading.views import Held, View, refresh
from vault.policy.facts import find_role
from vault.protocol.journal import START, next_position
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Item
from vault.protocol.vocabulary import Role

NAME_MAXIMUM_CHARACTERS = 50


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


Exported = list[ExportedFile | ExportedAttachment]


def export_engagement(session: Session, engagement: bytes) -> Act[Exported]:
    """What this person can open of one engagement. Nothing is opened that signs an opening: that is an act of its own.

    Raises: Refused(not-found); VerificationError; Unreachable.
    """
    root = f"engagements/{engagement.hex()}"
    try:
        view = yield from refresh(session, engagement)
    except Refused as refused:
        if refused.code != Code.ROLE_REFUSED:
            raise
        return (yield from _export_served(session, engagement, root))
    files = yield from _contracts(session, engagement, root, list_contract_terms(session, view))
    files += yield from _items(session, view, root)
    if view.find_role(session.account) is Role.COACHEE:
        files += yield from _disclosures(session, engagement, root)
    files.append(ExportedFile(f"{root}/journal.jsonl", _lines(_journal(session, view))))
    return files


def _export_served(session: Session, engagement: bytes, root: str) -> Act[Exported]:
    """For a sponsor: the contracts, and which disclosures are live, without opening them."""
    served = yield from fetch_served(session, engagement)
    files = yield from _contracts(session, engagement, root, list_served_terms(session, served))
    if find_role(served.standing().body, session.account) is Role.SPONSOR:
        received = yield from list_received(session, engagement)
        rows = [
            {"disclosure": each.statement.id.hex(), "envelope": each.statement.envelope.to_json(each.body.key)}
            for each in received
        ]
        files.append(ExportedFile(f"{root}/received.jsonl", _lines(rows)))
    return files


def _contracts(session: Session, engagement: bytes, root: str, contracts: tuple[ContractTerms, ...]) -> Act[Exported]:
    files: Exported = []
    for number, terms in enumerate(contracts, 1):
        text = f"contract {terms.id}\nstate    {terms.state}\nassented {', '.join(terms.assented)}\n\n{terms.text}"
        try:
            words = (yield from read_own_words(session, engagement, bytes.fromhex(terms.id))).body
        except Refused:
            words = b""
        if words:
            text += "\nIn the author's own words:\n" + words.decode("utf-8", errors="replace")
        files.append(ExportedFile(f"{root}/contracts/{number:02}-{terms.state}.txt", text.encode("utf-8")))
    return files


def _items(session: Session, view: View, root: str) -> Act[Exported]:
    files: Exported = []
    rows: list[dict[str, Any]] = []
    attachments: dict[bytes, str] = {}
    for held in list(view.entries):
        body = held.statement.body
        if not isinstance(body, Item):
            continue
        found = view.replay.find_version(body.item, body.version)
        if found is None or found.erased:
            continue
        try:
            shown = yield from show_item(session, view, held)
        except Refused as refused:
            if refused.code != Code.NOT_FOUND:
                raise
            continue  # sealed to others alone
        header, content = shown.header, shown.content
        path = f"{body.kind}/{held.seq:05}-{_file_name(header.title, header.media_type)}"
        files.append(ExportedFile(f"{root}/{path}", content.body))
        for attached in shown.attachments:
            if attached.ref.id not in attachments:
                name = _file_name(attached.header.name, attached.header.media_type)
                attachments[attached.ref.id] = f"attachments/{held.seq:05}-{len(attachments) + 1:03}-{name}"
                files.append(ExportedAttachment(f"{root}/{attachments[attached.ref.id]}", shown, attached))
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
    files.append(ExportedFile(f"{root}/items.jsonl", _lines(rows)))
    return files


def _disclosures(session: Session, engagement: bytes, root: str) -> Act[Exported]:
    files: Exported = []
    rows: list[dict[str, Any]] = []
    for state in (yield from list_disclosures(session, engagement)):
        row: dict[str, Any] = {
            "disclosure": state.held.statement.id.hex(),
            "state": state.state_at(session.now()),
            "share_kind": state.body.share_kind.value,
            "purpose": state.body.purpose.value,
            "expires": state.body.expires,
            "openings": [{"by": one.statement.body.by.hex(), "time": one.time} for one in state.openings],
        }
        try:
            content = yield from read_own_disclosure(session, state)
        except Refused:
            content = None  # withdrawn or erased: its summary is still among the items
        if content is not None:
            row["path"] = (
                f"disclosures/{state.held.seq:05}-{_file_name(content.header.title, content.header.media_type)}"
            )
            files.append(ExportedFile(f"{root}/{row['path']}", content.body))
        rows.append(row)
    files.append(ExportedFile(f"{root}/disclosures.jsonl", _lines(rows)))
    return files


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
