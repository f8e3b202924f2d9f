"""The headers of slots."""

from sqlalchemy import Connection, bindparam, select

from vault.protocol.limits import SLOT_HEADER_BYTES
from vault.server.storage.tables import slots

_SLOT = select(slots.c.slot).where(slots.c.account == bindparam("account"), slots.c.kind == bindparam("kind"))


def find_slot_header(connection: Connection, account: bytes, kind: int) -> bytes | None:
    """The first 64 bytes of that slot."""
    slot = connection.execute(_SLOT, {"account": account, "kind": kind}).scalar_one_or_none()
    return None if slot is None else bytes(slot[:SLOT_HEADER_BYTES])
