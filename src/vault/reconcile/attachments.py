"""Attachments: their rows beside the statements that name them, their parts, and the bytes in the blob store.

Source: docs/protocol.md section 7.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from vault.reconcile.expected import name_key
from vault.reconcile.findings import Code, Finding
from vault.reconcile.records import Record


@dataclass(frozen=True, slots=True)
class Measured:
    """What lies in the blob store: how many bytes, and their SHA-256."""

    size: int
    sha256: bytes


def is_upload(row: Record) -> bool:
    """Whether the row of an attachment says that no item names it yet."""
    return row["item"] is None


def reconcile_parts(
    engagement: bytes,
    sizes: Mapping[bytes, int],
    uploads: Mapping[bytes, Record],
    parts: Iterable[Record],
    discarded: Iterable[Record],
) -> Iterator[Finding]:
    """What is wrong with the parts of one engagement, which come by attachment and number.

    `sizes` are those of the attachments that items name. `uploads` are the rows of those that none names yet: of them
    no more is known than how many bytes they are told to be.
    """
    places: set[bytes] = set()
    told = dict.fromkeys(uploads, 0)
    whole: set[bytes] = set()
    for attachment, group in groupby(parts, key=lambda row: bytes(row["attachment"])):
        rows = list(group)
        places |= {row["place"] for row in rows}
        size = sum(row["size"] for row in rows)
        if attachment in sizes:
            is_numbered = [row["number"] for row in rows] == list(range(1, len(rows) + 1))
            if is_numbered and size == sizes[attachment]:
                whole.add(attachment)
            yield from (_finding(Code.VALUE_DIFFERS, row, "stored") for row in rows if not row["stored"])
        elif attachment in uploads:
            told[attachment] = size
        else:
            yield from (_finding(Code.ROW_UNEXPLAINED, row) for row in rows)
    for attachment in sizes.keys() - whole:
        key = {"engagement": engagement, "attachment": attachment}
        yield Finding(Code.PARTS_INCOMPLETE, "attachment_parts", key)
    for attachment, row in uploads.items():
        if row["uploaded"] != told[attachment]:
            yield Finding(Code.VALUE_DIFFERS, "attachments", name_key("attachments", row), "uploaded")
    for row in discarded:
        if row["place"] in places:
            yield Finding(Code.PLACE_DISCARDED, "discarded_parts", name_key("discarded_parts", row))


def reconcile_content(
    attachment: Record, parts: Sequence[tuple[Record, Measured | None]], sha256: bytes
) -> Iterator[Finding]:
    """What is wrong with the bytes of an attachment that an item names.

    Beside each row of a part is what lies in its place, None where nothing does; `sha256` is that of all together.
    """
    is_lost = False
    for row, found in parts:
        if found is None:
            is_lost = True
            yield _finding(Code.CONTENT_LOST, row, "place")
        elif found != Measured(row["size"], row["sha256"]):
            yield _finding(Code.CONTENT_DIFFERS, row, "sha256")
    if not is_lost and sha256 != attachment["sha256"]:
        yield Finding(Code.CONTENT_DIFFERS, "attachments", name_key("attachments", attachment), "sha256")


def _finding(code: Code, row: Record, column: str | None = None) -> Finding:
    return Finding(code, "attachment_parts", name_key("attachment_parts", row), column)
