"""Attachments on their way in: the sealed bytes first, then what is in them, and a file only when all of it is proven.

The sealed bytes lie beside the file that is to come, so that a run which was cut off goes on where it stopped; nothing
is opened before their size and hash are those of the statement. Source: docs/protocol.md section 7.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from vault.client.acts.items import Attached, ItemView
from vault.client.acts.uploading import Progress, Report, new_file, open_regular, pieces_of
from vault.client.crypto.attachments import (
    AttachmentContext,
    open_attachment,
    require_attachment_hash,
    stored_bytes,
)
from vault.client.device.session import Session
from vault.client.errors import (
    ContentError,
    PaddingError,
    SignedBadlyError,
    UsageError,
    VerificationError,
    WithheldError,
)
from vault.client.network.answers import require_success
from vault.client.network.calls import Act, Work
from vault.client.reading.asking import call_as_person
from vault.client.reading.reading import blaming
from vault.protocol.problems import Code, Refused

RANGE_BYTES = 4 * 1024 * 1024
"""How much is asked for, and held in memory, at a time."""
_PARTIAL = 206
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
"""Windows has none. In a folder that others write to, a link may stand where the sealed bytes would go."""


def save_attachment(session: Session, item: ItemView, attached: Attached, path: Path, report: Report) -> Act[None]:
    """Write an attachment of a verified version to a new file.

    Raises: UsageError where there is something already, or nothing can be written; SignedBadlyError; VerificationError;
    Unreachable, and then a later run goes on from there.
    """
    require_nothing_there(path)
    with blaming(session, item.body.by):
        if stored_bytes(attached.header.size) != attached.ref.size:
            raise PaddingError
    beside = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:8]  # as short as that: a name may have all 255 bytes
    sealed = path.with_name(f".{beside}.{attached.ref.id.hex()[:8]}.sealed")
    opened = sealed.with_suffix(".opened")
    yield from _fetch(session, item, attached, sealed, report)

    def open_it() -> None:
        opened.unlink(missing_ok=True)
        try:
            with open_regular(sealed) as stored:
                require_attachment_hash(attached.ref, hashlib.file_digest(stored, "sha256").digest())
                stored.seek(0)
                with new_file(opened) as out:
                    for piece in _open(item, attached, pieces_of(stored), report):
                        out.write(piece)
            _give_name(opened, path)
        finally:
            opened.unlink(missing_ok=True)

    try:
        with blaming(session, item.body.by):
            yield Work(open_it)
    except (SignedBadlyError, ContentError):
        sealed.unlink(missing_ok=True)  # what does not prove itself is fetched anew
        raise
    sealed.unlink(missing_ok=True)


def _fetch(session: Session, item: ItemView, attached: Attached, sealed: Path, report: Report) -> Act[None]:
    """The sealed bytes, as many as the statement says and no more."""
    name, size = attached.header.name, attached.ref.size
    path = f"/v1/engagements/{item.body.engagement.hex()}/attachments/{attached.ref.id.hex()}"
    try:
        have = sealed.lstat().st_size
    except FileNotFoundError:
        have = 0
    if have > size:
        sealed.unlink()
        have = 0
    while have < size:
        end = min(have + RANGE_BYTES, size)
        answer = yield from call_as_person(
            session, "GET", path, answer_bytes=end - have, range=f"bytes={have}-{end - 1}"
        )
        try:
            require_success(answer)
        except Refused as refused:
            if refused.code != Code.NOT_FOUND:
                raise
            raise WithheldError("attachment", "expected the sealed bytes that a statement names") from refused
        if answer.status != _PARTIAL or len(answer.body) != end - have:
            raise VerificationError("attachment", "expected the range of bytes that was asked for")
        _append(sealed, answer.body)
        have = end
        report(Progress(name, "fetching", have, size))


def _append(sealed: Path, piece: bytes) -> None:
    try:
        descriptor = os.open(sealed, os.O_WRONLY | os.O_CREAT | os.O_APPEND | _NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(piece)
    except OSError as error:
        raise UsageError(f"a file cannot be written to {sealed.parent}: {error.strerror}") from error


def _open(item: ItemView, attached: Attached, stored: Iterator[bytes], report: Report) -> Iterator[bytes]:
    body, header = item.body, attached.header
    context = AttachmentContext(body.kind, body.engagement, body.item, header.id)
    done = 0
    for piece in open_attachment(context, header.key, attached.ref, header.size, stored):
        done += len(piece)
        report(Progress(header.name, "opening", done, header.size))
        yield piece


def require_nothing_there(path: Path) -> None:
    """Return unless something has that name. Raises: UsageError."""
    if path.exists() or path.is_symlink():
        raise UsageError("that file is there already; nothing is overwritten")


def _give_name(opened: Path, path: Path) -> None:
    """The file gets its name, which must be free still."""
    try:
        os.link(opened, path)
    except FileExistsError:
        raise UsageError("that file is there already; nothing is overwritten") from None
    except OSError:  # a file system that knows no second names
        require_nothing_there(path)
        opened.rename(path)
