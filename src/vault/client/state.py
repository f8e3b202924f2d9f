"""The device state: what a client keeps between two runs, beside the keyring and sealed under its key.

The file belongs to one device and is never sent. Losing it loses what waits to be sent, and nothing else.
"""

from typing import Annotated

from pydantic import Field

from vault.client.keyring import KeyringContent
from vault.protocol.fields import Closed, Hash, Id, Integer, Text
from vault.protocol.vocabulary import JournalKind, StatementType


class Waiting(Closed):
    """A submission that has no answer yet, or that was refused: the exact bytes, base64, and where they go."""

    type: StatementType
    path: str
    body: str
    statement: Hash
    id: Id
    kind: JournalKind | None
    subject: str
    enrolment: str | None
    refused: str | None
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


class Marked(Closed):
    """How far the log was read for a journal: `seq` entries of it stand among the first `after` leaves."""

    kind: JournalKind
    subject: str
    seq: Integer
    after: Integer


class DeviceState(Closed):
    """The whole state. `changed` is 1 while `content` is newer than the keyring of `sequence`.

    `unconfirmed` are signed checkpoints that were not compared with the pinned one of `content` yet; `searched_at` is
    when the log was searched for all journals, Unix seconds.
    """

    content: KeyringContent
    sequence: Integer
    changed: Annotated[int, Field(ge=0, le=1)]
    waiting: tuple[Waiting, ...]
    newest: tuple[Newest, ...]
    contracts: tuple[Newest, ...]
    progress: tuple[Progress, ...]
    unconfirmed: tuple[Text, ...]
    marks: tuple[Marked, ...]
    searched_at: Integer
