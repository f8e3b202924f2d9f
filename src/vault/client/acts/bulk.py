"""Many files as notes, so that a run that was cut off goes on where it stopped and doubles nothing.

Which file became which statement is kept in the device state, in the same replacement of the file that puts the
statement into the outbox: a file is noted exactly when its note is signed.
"""

from vault.client.acts.items import Text, add_item
from vault.client.device.session import Session
from vault.client.device.waiting import FileKey
from vault.client.network.calls import Act
from vault.client.outbox.writing import Done
from vault.protocol.envelope import Statement
from vault.protocol.vocabulary import ItemKind


def add_file(session: Session, key: FileKey, kind: ItemKind, text: Text) -> Act[Done]:
    """Seal a file as a new item and remember that it is one.

    Raises: Refused; ContentTooLargeError; Unreachable, and then it is in the outbox and remembered all the same.
    """

    def remember(draft: Session, statement: Statement) -> None:
        draft.outbox = draft.outbox.note_file(key, statement.id)

    return (yield from add_item(session, key.engagement, kind, text, note=remember))
