"""Whether this worker is ready: its database answers, at its schema, with a log that its key signed."""

from sqlalchemy import Connection

from vault.protocol.api import Lacking
from vault.protocol.problems import Refused
from vault.server.storage.engine import Storage
from vault.server.storage.history import HistoryError, read_checkpoint
from vault.server.storage.schema import find_revision, head_revision
from vault.tlog.signed_note import VerifierKey


async def find_lacking(storage: Storage, log: VerifierKey) -> Lacking | None:
    """What keeps this worker from answering, by its closed word; None where nothing does."""

    def find(connection: Connection) -> Lacking | None:
        if find_revision(connection) != head_revision():
            return "schema"
        try:
            read_checkpoint(connection, log)
        except HistoryError:
            return "log-key"
        return None

    try:
        return await storage.read(find)
    except Refused:
        return "database"
