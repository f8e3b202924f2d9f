"""Write again what was refused because something else came between: new own keys, or a deployment that went back.

Items are sealed anew, for the keys and under the contract of today; all else is signed anew, into the outbox. What is
refused again stays, with its code. A disclosure is never signed anew: a sponsor gets to see what was signed for.
"""

from contextlib import suppress

from vault.client.acts.items import Attached, Text, add_item, edit_item
from vault.client.crypto.content import ItemHeader
from vault.client.device.session import Session
from vault.client.device.waiting import Waiting, WaitingState
from vault.client.errors import VerificationError
from vault.client.network.calls import Act
from vault.client.outbox.writing import flush, sign_again
from vault.client.reading.reading import open_blob, read_key
from vault.client.reading.views import refresh
from vault.policy.parties import find_current_keys
from vault.protocol.journal import JournalId
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Item
from vault.protocol.vocabulary import JournalKind, StatementType


def write_refused_again(session: Session) -> Act[None]:
    """After a rollback: what was refused, on what is there now; others may have sent meanwhile what it stands on.

    Disclosures that were left to be disclosed again are let go of. Raises: VerificationError; Unreachable.
    """
    refused = [each for each in session.outbox.waiting if not each.is_unsent]
    yield from _write_again(session, refused)


def write_stale_again(session: Session) -> Act[None]:
    """After another device of this person has made new keys: what was signed under the old ones and refused for it.

    Raises: VerificationError; Unreachable; Refused.
    """
    stale = [each for each in session.outbox.waiting if each.refused is Code.KEY_STALE]
    if not stale:
        return
    yield from _write_again(session, [each for each in stale if each.type is not StatementType.DISCLOSURE])
    for journal in {each.journal for each in stale}:
        yield from flush(session, journal)


def _write_again(session: Session, refused: list[Waiting]) -> Act[None]:
    renamed: dict[bytes, bytes] = {}
    for waiting in refused:
        journal = waiting.journal
        if journal is None or journal.kind is not JournalKind.ENGAGEMENT:
            continue
        if waiting.type is StatementType.ITEM:
            with suppress(Refused):  # then it stays, with the new code
                yield from _write_anew(session, waiting)
                session.home.drop_sent(waiting.statement.hex())
            continue
        key = yield from _key_of_today(session, journal)
        with session.change() as draft:
            draft.outbox = draft.outbox.drop(waiting.statement)
            if waiting.state is not WaitingState.DISCLOSE_AGAIN:
                anew = sign_again(draft, waiting.wait_again(), renamed, key=key)
                draft.outbox = draft.outbox.add(anew)


def _key_of_today(session: Session, journal: JournalId) -> Act[bytes | None]:
    """The own sign key that acts in an engagement now; None where this person reads no journal that could tell."""
    if journal.subject not in session.identity.salts:
        return session.acting_in(journal.subject).sign_key
    view = yield from refresh(session, journal.subject)
    keys = find_current_keys(view.replay, session.account, view.standing().body)
    return session.keys_of(keys).sign_key


def _write_anew(session: Session, waiting: Waiting) -> Act[None]:
    """Open what is sealed in a submission of an item, and write it as the next version, or the first."""
    parts, body = waiting.parts, waiting.signed.body
    if not isinstance(body, Item) or parts.seals is None or parts.blob is None:
        raise VerificationError("schema", "expected an item")
    place = next((number for number, ref in enumerate(body.seals) if ref.account == session.account), 0)
    content_key = read_key(session, body, body, body.seals[place], parts.seals[place])
    content = open_blob(body, content_key, parts.blob)
    header = content.header
    if not isinstance(header, ItemHeader):
        raise VerificationError("schema", "expected the header of an item")
    refs = {ref.id: ref for ref in body.attachments}
    text = Text(
        content.body,
        header.title,
        header.media_type,
        header.tags,
        header.sources,
        tuple(Attached(each, refs[each.id]) for each in header.attachments),
    )
    view = yield from refresh(session, body.engagement)
    if view.replay.find_version(body.item) is None:
        with_coach = len(body.seals) > 1
        yield from add_item(session, body.engagement, body.kind, text, with_coach, item=body.item, replaces=waiting)
    else:
        yield from edit_item(session, body.engagement, body.item, text, replaces=waiting)
