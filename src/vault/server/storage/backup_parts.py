"""The parts of attachments between two blob stores, each held against the size and the hash that its row names.

Uploads that no item names are not in a backup: they go any minute, and whoever sends one still has its bytes.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, tuple_

from vault.server.storage.blob_store import BlobStore, key_of
from vault.server.storage.history import Progress
from vault.server.storage.tables import attachment_parts, attachments

_PARTS = select(
    attachment_parts.c.engagement, attachment_parts.c.place, attachment_parts.c.size, attachment_parts.c.sha256
)
_IS_UNNAMED = tuple_(attachment_parts.c.engagement, attachment_parts.c.attachment).in_(
    select(attachments.c.engagement, attachments.c.attachment).where(attachments.c.item.is_(None))
)


@dataclass(frozen=True, slots=True)
class Part:
    """Where it lies, how long it is, and the SHA-256 of its bytes, which are sealed."""

    engagement: bytes
    place: bytes
    size: int
    sha256: bytes

    @property
    def key(self) -> str:
        """What it is called in a store."""
        return key_of(self.engagement, self.place)


def leave_out_uploads(connection: Connection) -> None:
    """Take out of a copy of the database what no item names."""
    connection.execute(delete(attachment_parts).where(_IS_UNNAMED))
    connection.execute(delete(attachments).where(attachments.c.item.is_(None)))


def list_parts(connection: Connection) -> list[Part]:
    """All parts that a copy tells of: those of the attachments that items name."""
    return [Part(row.engagement, row.place, row.size, row.sha256) for row in connection.execute(_PARTS)]


async def copy_parts(parts: Iterable[Part], source: BlobStore, target: BlobStore, progress: Progress) -> None:
    """Have them in `target` too, durably; what is there already stays.

    Raises: Refused(storage-away | part-mismatch) for one that is gone, or is not what its row says.
    """
    wanted = list(parts)
    for done, part in enumerate(wanted):
        progress("attachments", done, len(wanted))
        await target.put(part.key, source.read(part.key, 0, part.size), part.size, part.sha256)
    progress("attachments", len(wanted), len(wanted))
