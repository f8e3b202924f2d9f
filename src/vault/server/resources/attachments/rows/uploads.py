"""Uploads: rows tell of a part before its bytes are stored, so that none lie in the blob store of which none tells."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, select, update

from vault.protocol.problems import Code, Refused
from vault.server.storage.tables import accounts, attachment_parts, attachments, discarded_parts

QUOTA_SECONDS = 3_600
"""After which time it is worth to ask again: unnamed uploads go one by one."""

_ATTACHMENT = select(attachments.c.uploader, attachments.c.sha256).where(
    attachments.c.engagement == bindparam("engagement"), attachments.c.attachment == bindparam("attachment")
)
_LOCKED = _ATTACHMENT.with_for_update()
_PART = select(
    attachment_parts.c.place, attachment_parts.c.size, attachment_parts.c.sha256, attachment_parts.c.stored
).where(
    attachment_parts.c.engagement == bindparam("engagement"),
    attachment_parts.c.attachment == bindparam("attachment"),
    attachment_parts.c.number == bindparam("number"),
)
_UPLOADER = (
    select(accounts.c.account).where(accounts.c.account == bindparam("uploader")).with_for_update(key_share=True)
)
"""Held so that nobody's parts that come at once are each counted without the others."""
_UNNAMED = select(func.coalesce(func.sum(attachments.c.uploaded), 0)).where(
    attachments.c.uploader == bindparam("uploader"), attachments.c.item.is_(None)
)
_STORED = (
    select(attachment_parts.c.number, attachment_parts.c.size, attachment_parts.c.sha256)
    .where(
        attachment_parts.c.engagement == bindparam("engagement"),
        attachment_parts.c.attachment == bindparam("attachment"),
        attachment_parts.c.stored == 1,
    )
    .order_by(attachment_parts.c.number)
)


@dataclass(frozen=True, slots=True)
class Part:
    """A part that somebody sends: whose and of what, its number, size in bytes and SHA-256."""

    uploader: bytes
    engagement: bytes
    attachment: bytes
    number: int
    size: int
    sha256: bytes

    @property
    def key(self) -> dict[str, object]:
        """The key of its row."""
        return {"engagement": self.engagement, "attachment": self.attachment, "number": self.number}


@dataclass(frozen=True, slots=True)
class Told:
    """A part that the rows tell of: in which place its bytes lie, or will."""

    place: bytes
    is_new: bool
    is_stored: bool


def tell_of_part(connection: Connection, part: Part, place: bytes, now: int, quota_bytes: int) -> Told:
    """The part's place: `place`, or that of the same part where it was told of before.

    Raises: Refused(part-taken) where the upload is closed or somebody else's, or other bytes have that number;
    Refused(quota-spent).
    """
    row = connection.execute(_LOCKED, part.key).one_or_none()
    if row is not None and row.uploader != part.uploader:
        raise Refused(Code.PART_TAKEN)
    before = connection.execute(_PART, part.key).one_or_none()
    if before is not None:
        if (before.size, before.sha256) != (part.size, part.sha256):
            raise Refused(Code.PART_TAKEN)
        return Told(before.place, is_new=False, is_stored=bool(before.stored))
    if row is not None and row.sha256 is not None:
        raise Refused(Code.PART_TAKEN)
    uploader = {"uploader": part.uploader}
    connection.execute(_UPLOADER, uploader)
    unnamed = connection.execute(_UNNAMED, uploader).scalar_one()
    if unnamed + part.size > quota_bytes:
        raise Refused(Code.QUOTA_SPENT, retry_after_seconds=QUOTA_SECONDS)
    if row is None:
        connection.execute(insert(attachments).values(_new_upload(part, now)))
    else:
        _touch(connection, part, now, uploaded=attachments.c.uploaded + part.size)
    connection.execute(
        insert(attachment_parts).values(**part.key, place=place, size=part.size, sha256=part.sha256, stored=0)
    )
    return Told(place, is_new=True, is_stored=False)


def _new_upload(part: Part, now: int) -> dict[str, Any]:
    return {
        "engagement": part.engagement,
        "attachment": part.attachment,
        "uploader": part.uploader,
        "touched": now,
        "uploaded": part.size,
        "size": None,
        "sha256": None,
        "item": None,
    }


def keep_part(connection: Connection, part: Part, place: bytes, now: int) -> bool:
    """Whether the part, whose bytes lie in `place` now, counts. If it was given up meanwhile they are discarded."""
    connection.execute(_LOCKED, part.key)
    kept = connection.execute(update(attachment_parts).where(_at(part, place)).values(stored=1)).rowcount == 1
    if kept:
        _touch(connection, part, now)
    else:
        _discard(connection, part, place)
    return kept


def give_up_part(connection: Connection, part: Part, place: bytes, now: int) -> None:
    """What came was not what was told of; its number is free again."""
    connection.execute(_LOCKED, part.key)
    unkept = delete(attachment_parts).where(_at(part, place), attachment_parts.c.stored == 0)
    if connection.execute(unkept).rowcount == 1:
        _touch(connection, part, now, uploaded=attachments.c.uploaded - part.size)
        _discard(connection, part, place)


def list_parts(connection: Connection, engagement: bytes, attachment: bytes, reader: bytes) -> list[dict[str, Any]]:
    """The stored parts as `api.AttachmentPart` has them, for who uploaded them. Raises: Refused(not-found)."""
    place = {"engagement": engagement, "attachment": attachment}
    row = connection.execute(_ATTACHMENT, place).one_or_none()
    if row is None or row.uploader != reader:
        raise Refused(Code.NOT_FOUND)
    rows = connection.execute(_STORED, place)
    return [{"n": each.number, "size": each.size, "sha256": each.sha256.hex()} for each in rows]


def _at(part: Part, place: bytes) -> Any:
    return and_(
        attachment_parts.c.engagement == part.engagement,
        attachment_parts.c.attachment == part.attachment,
        attachment_parts.c.number == part.number,
        attachment_parts.c.place == place,
    )


def _touch(connection: Connection, part: Part, now: int, **values: Any) -> None:
    here = (attachments.c.engagement == part.engagement, attachments.c.attachment == part.attachment)
    connection.execute(update(attachments).where(*here).values(touched=now, **values))


def _discard(connection: Connection, part: Part, place: bytes) -> None:
    there = {"engagement": part.engagement, "place": place}
    connection.execute(
        delete(discarded_parts).where(discarded_parts.c.engagement == part.engagement, discarded_parts.c.place == place)
    )
    connection.execute(insert(discarded_parts).values(there))
