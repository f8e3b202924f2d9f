"""Search what this device can open: fetched, verified and opened, looked through here, and kept nowhere in clear."""

from vault.client.acts.items import ItemView
from vault.client.acts.supervised import list_readable
from vault.client.device.session import Session
from vault.client.errors import UsageError
from vault.client.network.calls import Act
from vault.protocol.vocabulary import ItemKind

BEFORE_CHARACTERS, SHOWN_CHARACTERS = 30, 120


def read_words(text: str) -> tuple[str, ...]:
    """What is looked for, in any case. Raises: UsageError where there is nothing."""
    words = tuple(text.casefold().split())
    if not words:
        raise UsageError("expected at least one word to look for")
    return words


def search_engagement(session: Session, engagement: bytes, words: tuple[str, ...]) -> Act[list[ItemView]]:
    """The newest versions with all of these words in title, text or tags, in the order in which they were written.

    Raises: Refused(not-found); VerificationError; Unreachable.
    """
    found = yield from list_readable(session, engagement, *ItemKind)
    return [item for item in found if all(word in _text_of(item) for word in words)]


def _text_of(item: ItemView) -> str:
    parts = (item.header.title, *item.header.tags, item.content.body.decode("utf-8", errors="replace"))
    return "\n".join(parts).casefold()


def excerpt(text: str, words: tuple[str, ...]) -> str:
    """A line of the text, around the first place where one of the words stands; its beginning where none does."""
    line = " ".join(text.split())
    places = [place for place in (line.casefold().find(word) for word in words) if place >= 0]
    start = max(0, min(places, default=0) - BEFORE_CHARACTERS)
    shown = line[start : start + SHOWN_CHARACTERS]
    return f"{'…' if start else ''}{shown}{'…' if start + SHOWN_CHARACTERS < len(line) else ''}"
