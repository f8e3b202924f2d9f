"""Files on their way out: sealed once into a file of the own folder, then sent in parts until all are there.

Nothing is sealed twice under one key: what is sent again after a run that was cut off are the same sealed bytes. So a
file that changes meanwhile can neither be mixed up with its old self nor give anything away.
Source: docs/protocol.md section 7.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from vault.client.crypto.attachments import CHUNK_BYTES, AttachmentContext, seal_attachment, stored_bytes
from vault.client.crypto.content import ItemAttachment
from vault.client.device.session import Session
from vault.client.device.state import Upload
from vault.client.errors import Unreachable, UsageError
from vault.client.network.answers import is_passing, read_answer, require_success
from vault.client.network.calls import Act, Work
from vault.client.reading.asking import call_as_person
from vault.encoding import write_base64
from vault.protocol.api import AttachmentParts
from vault.protocol.limits import PARTS_MAXIMUM, UPLOAD_SECONDS
from vault.protocol.problems import Code, Refused
from vault.protocol.vocabulary import ItemKind

PART_BYTES = 4 * 1024 * 1024
"""How much is held in memory at a time; every part but the last is that long."""
_QUOTA = Code.QUOTA_SPENT


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a file is: what is done with it (sealing, sending, fetching, opening), and how many bytes of how many."""

    name: str
    what: str
    done: int
    total: int


Report = Callable[[Progress], None]
"""Is told how far it is; in the thread that does the work."""


def ignore(_progress: Progress) -> None:
    """A `Report` of nobody who waits."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of this device as it was read: its absolute path, what it is called and what it holds, by SHA-256."""

    path: Path
    name: str
    media_type: str
    size: int
    sha256: bytes

    @property
    def key(self) -> str:
        """The path as text; bytes that are no UTF-8 are spelled out, so that two names stay two."""
        return os.fsencode(self.path).decode("utf-8", errors="backslashreplace")


@dataclass(frozen=True, slots=True)
class Target:
    """The item that files go to: its kind, and its id, None for a new item."""

    engagement: bytes
    kind: ItemKind
    item: bytes | None


def look_at(paths: Iterable[Path]) -> Act[list[LocalFile]]:
    """The files, each read once from end to end. Raises: UsageError for what is no file or cannot be read."""
    found: list[LocalFile] = []
    yield Work(lambda: found.extend(_look_at(path) for path in paths))
    return found


def _look_at(path: Path) -> LocalFile:
    with open_regular(path) as file:
        hashed, size = hashlib.sha256(), 0
        for piece in pieces_of(file):
            hashed.update(piece)
            size += len(piece)
        file.seek(0)
        is_text = size <= CHUNK_BYTES and _is_text(file.read(CHUNK_BYTES))
    name = os.fsencode(path.name).decode("utf-8", errors="replace")
    media_type = "text/plain" if is_text else "application/octet-stream"
    return LocalFile(Path(os.path.abspath(path)), name, media_type, size, hashed.digest())


def find_upload(session: Session, target: Target, file: LocalFile) -> Upload | None:
    """What is left of an earlier run that had the same file for the same item, or for a new one of that kind."""
    for each in session.outbox.uploads:
        is_same_file = (each.path, each.content, each.header.name) == (file.key, file.sha256, file.name)
        is_same_item = each.is_new == 1 if target.item is None else (each.is_new, each.item) == (0, target.item)
        if is_same_file and is_same_item and (each.engagement, each.kind) == (target.engagement, target.kind):
            return each
    return None


def seal_file(session: Session, target: Target, item: bytes, file: LocalFile, report: Report) -> Act[Upload]:
    """The file, sealed for `item` into the own folder; durable, and remembered, when this returns.

    Raises: UsageError where the file has changed since it was looked at, or the disk is full.
    """
    if stored_bytes(file.size) > PART_BYTES * PARTS_MAXIMUM:
        raise UsageError(f"this file is too large: an attachment takes at most {PART_BYTES * PARTS_MAXIMUM:,} bytes")
    header = ItemAttachment(
        id=session.random(16), key=session.random(32), name=file.name, media_type=file.media_type, size=file.size
    )
    context = AttachmentContext(target.kind, target.engagement, item, header.id)
    salt = session.random(24)
    sealed = session.home.sealed_file(header.id)
    hashed, size = hashlib.sha256(), stored_bytes(file.size)

    def seal() -> None:
        with open_regular(file.path) as source, new_file(sealed) as out:
            content = _watched(source, file, report)
            for piece in seal_attachment(context, header.key, salt, content, file.size):
                hashed.update(piece)
                out.write(piece)

    try:
        yield Work(seal)
    except BaseException:
        sealed.unlink(missing_ok=True)
        raise
    upload = Upload(
        engagement=target.engagement,
        item=item,
        kind=target.kind,
        is_new=int(target.item is None),
        path=file.key,
        content=file.sha256,
        header=header,
        sha256=hashed.digest(),
        size=size,
        statement=None,
        made=session.now(),
    )
    with session.change() as draft:
        draft.outbox = draft.outbox.add_upload(upload)
    return upload


def _watched(source: BinaryIO, file: LocalFile, report: Report) -> Iterator[bytes]:
    """The file's content, which must be what was looked at. Raises: UsageError."""
    hashed, done = hashlib.sha256(), 0
    for piece in pieces_of(source):
        hashed.update(piece)
        done += len(piece)
        report(Progress(file.name, "sealing", done, file.size))
        yield piece
    if hashed.digest() != file.sha256:
        raise UsageError("the file changed while it was read; try again")


def send_parts(session: Session, upload: Upload, report: Report) -> Act[None]:
    """Send what the server does not have yet of a sealed file.

    Raises: Unreachable, and then a later run goes on from there; Refused(quota-spent, not-found and others); UsageError
    where it has to begin anew.
    """
    path = f"/v1/engagements/{upload.engagement.hex()}/attachments/{upload.header.id.hex()}/parts"
    stored = yield from _list_stored(session, path)
    hashed, sent = hashlib.sha256(), 0
    try:
        with session.home.sealed_file(upload.header.id).open("rb") as file:
            number = 0
            while part := file.read(PART_BYTES):
                number += 1
                hashed.update(part)
                digest = hashlib.sha256(part).digest()
                if stored.get(number) != (len(part), digest):
                    yield from _send_part(session, f"{path}/{number}", part, digest)
                sent += len(part)
                report(Progress(upload.header.name, "sending", sent, upload.size))
    except OSError as error:
        drop_uploads(session, [upload])
        raise UsageError("the sealed copy of this file is gone; run it again, and it is sealed anew") from error
    if hashed.digest() != upload.sha256:
        drop_uploads(session, [upload])
        raise UsageError("the sealed copy of this file is damaged; run it again, and it is sealed anew")


def _list_stored(session: Session, path: str) -> Act[dict[int, tuple[int, bytes]]]:
    answer = yield from call_as_person(session, "GET", path)
    try:
        found = read_answer(answer, AttachmentParts)
    except Refused as refused:
        if refused.code == Code.NOT_FOUND:
            return {}
        raise _unless_passing(refused) from refused
    return {each.n: (each.size, each.sha256) for each in found.data}


def _send_part(session: Session, path: str, part: bytes, sha256: bytes) -> Act[None]:
    answer = yield from call_as_person(
        session,
        "PUT",
        path,
        part,
        content_type="application/octet-stream",
        content_digest=f"sha-256=:{write_base64(sha256)}:",
    )
    try:
        require_success(answer)
    except Refused as refused:
        raise _unless_passing(refused) from refused


def _unless_passing(refused: Refused) -> Refused | Unreachable:
    """What a busy server did not take is taken later; a quota is another matter."""
    if is_passing(refused) and refused.code != _QUOTA:
        return Unreachable("the deployment is busy; run it again, and it goes on from here")
    return refused


def drop_uploads(session: Session, uploads: list[Upload]) -> None:
    """Forget uploads that are done with, and their sealed files."""
    ids = {each.header.id for each in uploads}
    if ids:
        with session.change() as draft:
            draft.outbox = draft.outbox.drop_uploads(ids)
    for each in ids:
        session.home.sealed_file(each).unlink(missing_ok=True)


def drop_old_uploads(session: Session) -> None:
    """Forget uploads that the server has given up too, and files that a run left behind which was cut off."""
    if session.memory.token is not None:  # the clock is borne out
        before = session.now() - UPLOAD_SECONDS
        old = [each for each in session.outbox.uploads if each.statement is None and each.made <= before]
        drop_uploads(session, old)
    kept = {each.header.id.hex() for each in session.outbox.uploads}
    for path in session.home.sealed_file(bytes(16)).parent.iterdir():
        if path.name not in kept:
            path.unlink()


def open_regular(path: Path) -> BufferedReader:
    """A file of this device. Raises: UsageError for what is no regular file, or cannot be read."""
    try:
        if not path.is_file():
            raise UsageError("this is no regular file")
        return path.open("rb")
    except OSError as error:
        raise UsageError(f"this file cannot be read: {error.strerror}") from None


def pieces_of(file: BinaryIO) -> Iterator[bytes]:
    """What is left of the file, in pieces."""
    while piece := file.read(CHUNK_BYTES):
        yield piece


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that was not there, for its owner alone; on disk when the block ends. Raises: UsageError."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise UsageError(f"a file cannot be written to {path.parent}: {error.strerror}") from error


def _is_text(content: bytes) -> bool:
    try:
        return "\0" not in content.decode("utf-8")
    except UnicodeDecodeError:
        return False
