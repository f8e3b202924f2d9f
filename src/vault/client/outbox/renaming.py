"""Where a statement is signed anew it has another hash; what names it follows, or is not sent.

A name that was left behind could be worse than a refusal: a withdrawal of a hash that nobody knows is taken by every
server, and ends nothing. So a disclosure is never signed anew at all: a sponsor gets to see what was signed for.
"""

from typing import Any

from vault.protocol.statements import Body
from vault.protocol.vocabulary import StatementType

CANNOT_BE_MOVED = "not-found"
DISCLOSE_AGAIN = "disclose-again"
"""Why a disclosure that fits no more waits: the person discloses the summary again, after its preview, or does not."""
NAMES = ("contract", "supersedes", "statement", "previous", "of", "disclosure", "keys")
"""The members of all types that hold the hash of a statement."""
_BOUND = {
    StatementType.ITEM: ("contract", "previous"),
    StatementType.DISCLOSURE: ("contract",),
    StatementType.ESCALATION: ("contract",),
}
"""Members that the sealed content is bound to, so that another value would leave it closed for ever."""


def names_renamed(body: Body, renamed: dict[bytes, bytes]) -> bool:
    """Whether any member holds the old hash of a statement that was signed anew."""
    return any(getattr(body, name, None) in renamed for name in NAMES)


def refuse_to_rename(body: Body, renamed: dict[bytes, bytes]) -> str | None:
    """Why a body must not be signed anew, as the code it waits with; None where it can be."""
    if body.TYPE is StatementType.DISCLOSURE:
        return DISCLOSE_AGAIN
    if any(getattr(body, name, None) in renamed for name in _BOUND.get(body.TYPE, ())):
        return CANNOT_BE_MOVED
    return None


def rename(body: Body, renamed: dict[bytes, bytes], place: dict[str, Any]) -> Body:
    """The body at another place, naming statements by the hashes that they have now."""
    changes = {name: renamed[value] for name in NAMES if (value := getattr(body, name, None)) in renamed}
    again = body.model_copy(update=changes | place)
    if names_renamed(again, renamed):
        raise AssertionError("a statement that was signed anew is named by its old hash")
    return again
