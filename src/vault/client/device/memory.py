"""What an open session holds in memory alone, and a device that starts anew does without."""

from dataclasses import dataclass, field

from vault.protocol.vocabulary import ItemKind


@dataclass(frozen=True, slots=True)
class Token:
    """A login token and when it ends, Unix seconds."""

    text: str = field(repr=False)
    expires: int


@dataclass(slots=True)
class Memory:
    """A token; keys that a passphrase was stretched to, by slot header; sealed bytes, by SHA-256; salts on trial.

    `offered` are salts of engagements that a server has named or that were made here, and that no contract has
    confirmed yet. `pages` are the cursors of the last page of contents, by engagement and kind. `accepted` is the
    generation of own keys that last logged in; 0 before.
    """

    token: Token | None = None
    accepted: int = 0
    stretched: dict[bytes, bytes] = field(default_factory=dict, repr=False)
    blobs: dict[bytes, bytes] = field(default_factory=dict, repr=False)
    pages: dict[tuple[bytes, ItemKind | None], str] = field(default_factory=dict)
    offered: dict[bytes, bytes] = field(default_factory=dict, repr=False)
