"""What a person sends: a statement and the parts that its payload lists by their hashes."""

from dataclasses import dataclass

from vault.protocol.envelope import Envelope


@dataclass(frozen=True, slots=True)
class Submission:
    """A statement and its parts; None for a part that was not sent."""

    envelope: Envelope
    seals: tuple[bytes, ...] | None
    blob: bytes | None
    slots: tuple[bytes, ...] | None
    salt: bytes | None
