"""The device state: what a client keeps between two runs, beside the keyring and sealed under its key.

The file belongs to one device and is never sent. Losing it loses what waits to be sent, and nothing else.
"""

from typing import Annotated, Literal

from pydantic import Field

from vault.client.crypto.content import ItemAttachment
from vault.client.device.keyring import KeyringContent
from vault.protocol.fields import Closed, Hash, Id, Integer, Positive, Text
from vault.protocol.problems import Code
from vault.protocol.vocabulary import ItemKind, JournalKind, StatementType


class StoredWaiting(Closed):
    """A submission that has no answer yet, or that was refused: the exact bytes, base64, and where they go."""

    type: StatementType
    path: str
    body: str
    statement: Hash
    id: Id
    kind: JournalKind | None
    subject: str
    enrolment: str | None
    refused: Code | Literal["disclose-again"] | None
    made: Integer


class Newest(Closed):
    """A statement that stands for a journal: the own newest one, or a contract."""

    kind: JournalKind
    subject: str
    statement: Hash


class Progress(Closed):
    """A file that was added as a note: its absolute path, and what it held."""

    engagement: Id
    path: str
    sha256: Hash
    statement: Hash


class Upload(Closed):
    """A file that is sealed and on its way, as an attachment of an item that may not be there yet.

    `path` and `content` (the SHA-256 of what was sealed) say which file it is, `sha256` and `size` are of the sealed
    bytes, `statement` is the one that names it, once that was signed.
    """

    engagement: Id
    item: Id
    kind: ItemKind
    is_new: Annotated[int, Field(ge=0, le=1)]
    path: str
    content: Hash
    header: ItemAttachment
    sha256: Hash
    size: Positive
    statement: Hash | None
    made: Integer


class Marked(Closed):
    """How far the log was read for a journal of `seq` entries: `found` of them are among the first `after` leaves."""

    kind: JournalKind
    subject: str
    seq: Integer
    found: Integer
    after: Integer


class DeviceState(Closed):
    """The whole state. `changed` is 1 while `content` is newer than the keyring of `sequence`.

    `unconfirmed` are signed checkpoints that were not compared with the pinned one of `content` yet; `searched_at` is
    when the log was searched for all journals, Unix seconds; `renewing` are engagements that new keys still have to
    reach.
    """

    content: KeyringContent
    sequence: Integer
    changed: Annotated[int, Field(ge=0, le=1)]
    waiting: tuple[StoredWaiting, ...]
    newest: tuple[Newest, ...]
    contracts: tuple[Newest, ...]
    progress: tuple[Progress, ...]
    uploads: tuple[Upload, ...]
    unconfirmed: tuple[Text, ...]
    marks: tuple[Marked, ...]
    searched_at: Integer
    renewing: tuple[Id, ...] = ()
