"""Where a statement is signed anew it has another hash; what names it follows, or is not sent.

A name that was left behind could be worse than a refusal: a withdrawal of a hash that nobody knows is taken by every
server, and ends nothing. So a disclosure is never signed anew at all: a sponsor gets to see what was signed for.
"""

from typing import Any

from vault.client.device.waiting import Waiting
from vault.protocol.naming import list_named
from vault.protocol.problems import Code
from vault.protocol.statements import Body
from vault.protocol.vocabulary import StatementType


def names_renamed(body: Body, renamed: dict[bytes, bytes]) -> bool:
    """Whether any member holds the old hash of a statement that was signed anew."""
    return any(named in renamed for named in list_named(body).values())


def hold_back(waiting: Waiting, renamed: dict[bytes, bytes]) -> Waiting | None:
    """The submission as it waits for its person, where its statement must not be signed anew; None where it may be."""
    body = waiting.signed.body
    if body.TYPE is StatementType.DISCLOSURE:
        return waiting.leave_to_disclose_again()
    if any(name in body.row.bound for name, named in list_named(body).items() if named in renamed):
        return waiting.refuse(Code.NOT_FOUND)  # as a server would say of what it names
    return None


def rename(body: Body, renamed: dict[bytes, bytes], place: dict[str, Any]) -> Body:
    """The body at another place, naming statements by the hashes that they have now."""
    changes = {name: renamed[named] for name, named in list_named(body).items() if named in renamed}
    again = body.model_copy(update=changes | place)
    if names_renamed(again, renamed):
        raise AssertionError("a statement that was signed anew is named by its old hash")
    return again
