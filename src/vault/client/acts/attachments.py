"""Files as attachments of items: sealed and sent first, then named by a version; cut off, it is run again and goes on.

Nobody sees the files of a version that was not written. Source: docs/protocol.md section 7.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from vault.client.acts.items import Attached, ItemView, Text, add_item, edit_item, read_item, read_written
from vault.client.acts.uploading import (
    LocalFile,
    Report,
    Target,
    drop_old_uploads,
    drop_uploads,
    find_upload,
    look_at,
    seal_file,
    send_parts,
)
from vault.client.device.session import Session
from vault.client.device.state import Upload
from vault.client.errors import UsageError
from vault.client.network.calls import Act, Take
from vault.client.outbox.writing import Done, Note, flush, turn_of
from vault.client.reading.reading import read_held
from vault.client.reading.recalling import ensure_view
from vault.client.reading.views import engagement_journal, refresh
from vault.protocol.envelope import Statement
from vault.protocol.limits import ATTACHMENTS_MAXIMUM
from vault.protocol.statements import AttachmentRef
from vault.protocol.vocabulary import ItemKind

_TURN = "attachments"


def add_with_files(
    session: Session,
    engagement: bytes,
    kind: ItemKind,
    text: Text,
    files: Sequence[Path],
    report: Report,
    with_coach: bool = True,
) -> Act[ItemView]:
    """A new item with these files attached.

    Raises: UsageError; Refused; Unreachable: run again, it goes on where it stopped, or, where the statement is in the
    outbox, sends that.
    """
    target = Target(engagement, kind, None)

    def write(item: bytes, attached: tuple[Attached, ...], note: Note) -> Act[Done]:
        named = replace(text, attachments=attached)
        return (yield from add_item(session, engagement, kind, named, with_coach, note, item))

    return (yield from _attach(session, target, files, report, write))


def attach(session: Session, engagement: bytes, item: bytes, files: Sequence[Path], report: Report) -> Act[ItemView]:
    """The next version of an item: the newest one with these files attached.

    Raises: as `add_with_files`; Refused(version-taken) where somebody was faster: run again.
    """
    newest = yield from read_item(session, engagement, item)

    def write(item: bytes, attached: tuple[Attached, ...], note: Note) -> Act[Done]:
        text = Text(
            body=newest.content.body,
            title=newest.header.title,
            media_type=newest.header.media_type,
            tags=newest.header.tags,
            sources=newest.header.sources,
            attachments=(*newest.attachments, *attached),
        )
        return (yield from edit_item(session, engagement, item, text, newest.held.statement.id, note))

    require_room(len(newest.attachments) + len(files))
    return (yield from _attach(session, Target(engagement, newest.body.kind, item), files, report, write))


def find_attachment(item: ItemView, named: str | None) -> Attached:
    """The attachment of that name or id; the only one where none is named. Raises: UsageError, which lists them."""
    found = [each for each in item.attachments if named in (None, each.header.name, each.header.id.hex())]
    if len(found) == 1:
        return found[0]
    names = [f"{each.header.id.hex()}  {each.header.name}" for each in found or item.attachments]
    if not names:
        raise UsageError("this item has no attachments")
    raise UsageError("\n  ".join(["name one of these, or give its id:", *names]))


def require_room(count: int) -> None:
    """Return if an item can have so many attachments. Raises: UsageError."""
    if count > ATTACHMENTS_MAXIMUM:
        raise UsageError(f"an item has at most {ATTACHMENTS_MAXIMUM} attachments")


def _attach(
    session: Session,
    target: Target,
    files: Sequence[Path],
    report: Report,
    write: Callable[[bytes, tuple[Attached, ...], Note], Act[Done]],
) -> Act[ItemView]:
    require_room(len(files))
    yield Take(_TURN)
    drop_old_uploads(session)
    looked_at = yield from look_at(files)
    written = yield from _find_written(session, target, looked_at)
    if written is not None:
        return written
    item = target.item or _find_item(session, target, looked_at) or session.random(16)
    uploads: list[Upload] = []
    for file in looked_at:
        upload = find_upload(session, target, file)
        if upload is None or upload.item != item or upload in uploads:
            upload = yield from seal_file(session, target, item, file, report)
        uploads.append(upload)
    for upload in uploads:
        yield from send_parts(session, upload, report)

    def remember(draft: Session, statement: Statement) -> None:
        draft.outbox = draft.outbox.name_uploads([each.header.id for each in uploads], statement.id)

    done = yield from write(item, tuple(_attached(each) for each in uploads), remember)
    drop_uploads(session, uploads)
    return (yield from read_written(session, target.engagement, done))


def _find_item(session: Session, target: Target, files: Sequence[LocalFile]) -> bytes | None:
    """The new item for which an earlier run has sealed one of these files."""
    found = [upload.item for file in files if (upload := find_upload(session, target, file)) is not None]
    return found[0] if found else None


def _find_written(session: Session, target: Target, files: Sequence[LocalFile]) -> Act[ItemView | None]:
    """The version that an earlier run signed with just these files, where that had no answer: it is sent before all.

    Raises: Unreachable.
    """
    uploads = session.outbox.uploads
    signed = [each for each in uploads if each.statement is not None and each.engagement == target.engagement]
    if not signed:
        return None
    journal = engagement_journal(target.engagement)
    yield from ensure_view(session, target.engagement)
    yield Take(turn_of(journal))
    yield from flush(session, journal)  # whatever it refuses is nobody's any more, and is named again
    written = [each for each in session.outbox.uploads if each.header.id in {one.header.id for one in signed}]
    written = [each for each in written if each.statement is not None]
    same = [find_upload(session, target, file) for file in files]
    statements = {None if each is None else each.statement for each in same}
    drop_uploads(session, written)
    if len(statements) != 1 or None in statements:
        return None
    view = yield from refresh(session, target.engagement)
    held = view.by_statement.get(statements.pop() or b"")
    return None if held is None else ItemView(held, (yield from read_held(session, view, held)))


def _attached(upload: Upload) -> Attached:
    return Attached(upload.header, AttachmentRef(id=upload.header.id, sha256=upload.sha256, size=upload.size))
