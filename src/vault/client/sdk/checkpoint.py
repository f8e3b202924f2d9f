"""The newest checkpoint of the log as a value."""

from dataclasses import dataclass, field

from vault.client.device.session import Session
from vault.client.errors import UsageError


@dataclass(frozen=True, slots=True)
class LogCheckpoint:
    """The newest tree of the deployment's log: its size in leaves and its root (hex), and the key that signed it.

    Two people who compare them see whether they are shown one history. `note` is the signed note itself.
    """

    origin: str
    size: int
    root: str
    key: str
    note: str = field(repr=False)


def newest_checkpoint(session: Session) -> LogCheckpoint:
    """The pinned one. Raises: UsageError where none was seen yet."""
    key, pinned = session.verified.tlog.key, session.verified.tlog.pinned
    if key is None or pinned is None:
        raise UsageError("this identity has seen nothing of the log yet")
    checkpoint = pinned.checkpoint
    note = pinned.to_bytes().decode("utf-8")
    return LogCheckpoint(checkpoint.origin, checkpoint.size, checkpoint.root.hex(), key.to_text(), note)
