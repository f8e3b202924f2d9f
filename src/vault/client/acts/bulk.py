"""Many files as notes, so that a run that was cut off goes on where it stopped and doubles nothing.

Which file became which statement is kept in the device state, in the same replacement of the file that puts the
statement into the outbox: a file is noted exactly when its note is signed.
"""

import hashlib
from dataclasses import dataclass

from vault.client.acts.items import Text, add_item
from vault.client.device.session import Session
from vault.client.network.calls import Act
from vault.client.outbox.writing import Done
from vault.protocol.envelope import Statement
from vault.protocol.vocabulary import ItemKind


@dataclass(frozen=True, slots=True)
class FileKey:
    """A file in an engagement: its absolute path and the SHA-256 of what it holds."""

    engagement: bytes
    path: str
    sha256: bytes

    @classmethod
    def of(cls, engagement: bytes, path: str, content: bytes) -> "FileKey":
        """The key of a file that was read."""
        return cls(engagement, path, hashlib.sha256(content).digest())

    def find_statement(self, session: Session) -> bytes | None:
        """The statement that this file became on this device."""
        return session.progress.get((self.engagement, self.path, self.sha256))


def add_file(session: Session, key: FileKey, kind: ItemKind, text: Text) -> Act[Done]:
    """Seal a file as a new item and remember that it is one.

    Raises: Refused; ContentTooLargeError; Unreachable, and then it is in the outbox and remembered all the same.
    """

    def remember(statement: Statement) -> None:
        session.progress[(key.engagement, key.path, key.sha256)] = statement.id

    return (yield from add_item(session, key.engagement, kind, text, note=remember))
