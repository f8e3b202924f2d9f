"""What the SDK's objects answer with: plain values, verified before they are made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vault.client.log.receipts import Receipt


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who can open an item: `by` is `seal`, or the id of the disclosure that was made from it."""

    name: str
    account: str
    by: str = "seal"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that belongs to a version of an item: its id, and what its author sealed about it; `size` in bytes."""

    id: str
    name: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A disclosed text, opened: the body as text, and all that was signed with it."""

    title: str
    body: str = field(repr=False)
    content: bytes = field(repr=False)
    media_type: str
    share_kind: str
    purpose: str
    expires: int | None


@dataclass(frozen=True, slots=True)
class OpeningReceipt:
    """Somebody fetched a disclosed text; `time` is the server's, Unix seconds. It does not prove that it was read."""

    name: str
    time: int


@dataclass(frozen=True, slots=True)
class Disclosed:
    """A disclosure from its giver's side: what, to whom, since when and until when (Unix seconds), and who opened it.

    `title` is None for whoever cannot read it; `state` is live, withdrawn, expired or erased.
    """

    id: str
    title: str | None
    recipient: str
    share_kind: str
    purpose: str
    given: int
    expires: int | None
    state: str
    openings: tuple[OpeningReceipt, ...]


@dataclass(frozen=True, slots=True)
class WithdrawalReceipt:
    """A disclosure is served no more; `limits` says in plain words what that cannot undo."""

    openings: int
    limits: str


@dataclass(frozen=True, slots=True)
class JournalLine:
    """An entry of the journal, verified: who signed what, when (Unix seconds of the server), and its receipt."""

    seq: int
    time: int
    name: str
    type: str
    statement: str
    members: Mapping[str, Any] = field(repr=False)
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class WaitingStatement:
    """A statement of the outbox and why it waits: `state` is `unsent`, `refused` or `disclose-again`.

    `refused` is the code of what was refused, else None.
    """

    type: str
    statement: str
    made: int
    state: str
    refused: str | None


def withdrawal_limits(openings: int) -> str:
    """What a withdrawal did, and what it cannot do."""
    times = "Never opened" if openings == 0 else "Opened once" if openings == 1 else f"Opened {openings} times"
    return f"No longer served. {times}. Copies cannot be recalled."
