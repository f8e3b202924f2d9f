"""Journals as this device last verified them, for the one case that nobody answers: a write is signed on top of them.

They are kept as they were served, in the clear: a server knows all of it. They are verified again whenever they are
read, and never used while the deployment answers, so they can hide no rollback.
"""

import json

from pydantic import ValidationError

from vault.client.device.session import Session
from vault.client.errors import Unreachable
from vault.client.log.verifying import read_entry, take_entry
from vault.client.network.calls import Act
from vault.client.reading.keys_of import keys_journal, take_keys
from vault.client.reading.views import Held, View, engagement_journal, list_named_keys, open_view, refresh
from vault.errors import FormatError
from vault.protocol.api import Page
from vault.protocol.journal import JournalId
from vault.protocol.strict_json import read_json
from vault.protocol.vocabulary import JournalKind

REMEMBERED = frozenset({JournalKind.KEYS, JournalKind.ENGAGEMENT})


def remember(session: Session) -> None:
    """Keep what this session has verified; seals are left out, since nothing is opened from here.

    A shorter journal never takes the place of a longer one: that one tells what a server has lost.
    """
    for journal, entries in session.verified.taken.items():
        is_whole = bool(entries) and entries[0].seq == 1 and entries[-1].seq >= session.verified.pinned(journal)[0]
        if journal.kind in REMEMBERED and is_whole and journal not in session.verified.broken:
            data = [entry.model_dump(mode="json") | {"seal": None} for entry in entries]
            content = json.dumps({"data": data, "next": None}, separators=(",", ":")).encode("ascii")
            session.home.keep_journal(_name(journal), content)


def ensure_view(session: Session, engagement: bytes) -> Act[View]:
    """The view as it stands in memory, fetched once; a write under an active contract needs no more.

    Where nobody answers, it is the one that this device remembers. Raises: Unreachable where it remembers none with an
    active contract: all may have assented since, so nothing can be signed and nothing be refused.
    """
    view: View | None = session.verified.views.get(engagement)
    if view is None or view.replay.find_active_contract() is None:
        try:
            view = yield from refresh(session, engagement)
        except Unreachable:
            view = recall(session, engagement)
            if view is None or view.replay.find_active_contract() is None:
                raise
    return view


def recall(session: Session, engagement: bytes) -> View | None:
    """The remembered view, verified from its first entry on; None where there is none. Raises: VerificationError."""
    page = read_remembered(session, engagement_journal(engagement))
    if page is None or engagement not in session.identity.salts:
        return None
    session.verified.read_anew(engagement_journal(engagement))
    view = open_view(session, engagement)
    view.recalled = True
    for entry in page.data:
        statement = read_entry(session, view.replay.journal, entry)
        for account, _ in list_named_keys(statement.body):
            _recall_keys(session, account)
        receipt = take_entry(session, view.replay, entry, statement)
        view.hold(Held(entry.seq, entry.time, statement, None, receipt))
    return view


def _recall_keys(session: Session, account: bytes) -> None:
    page = None if account in session.verified.keys else read_remembered(session, keys_journal(account))
    if page is None:
        return
    replay = session.verified.replay_anew(account)
    for entry in page.data:
        take_keys(session, replay, entry)
    session.verified.saw_keys(replay.generations)


def read_remembered(session: Session, journal: JournalId) -> Page | None:
    """The journal as this device has kept it, whole from its first entry on; nothing of it is verified again here."""
    raw = session.home.find_journal(_name(journal))
    try:
        page = None if raw is None else Page.model_validate(read_json(raw))
    except (FormatError, ValidationError):
        return None
    is_whole = page is not None and [entry.seq for entry in page.data] == list(range(1, len(page.data) + 1))
    return page if is_whole else None


def _name(journal: JournalId) -> str:
    return f"{journal.kind}-{journal.subject.hex()}.json"
