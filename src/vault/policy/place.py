"""Check `after` and `seen`: a statement follows its signer's newest one, and names an entry that exists.

Source: docs/protocol.md sections 3 and 4 (Order).
"""

from vault.policy.facts import JournalFacts
from vault.protocol.journal import after_mark
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Body


def require_newest(facts: JournalFacts, body: Body, holds_salt: bool) -> None:
    """Return if `after` names the signer's newest entry in this journal.

    Raises: Refused(not-newest), with the value that `after` must have, as hex, in `after`.
    """
    newest = facts.find_newest(body.by)
    expected = after_mark(facts.salt if holds_salt else None, None if newest is None else newest.statement)
    if body.after != expected:
        raise Refused(Code.NOT_NEWEST, after=expected.hex())


def require_seen(facts: JournalFacts, body: Body, holds_salt: bool) -> int | None:
    """The seq that `seen` names; None for a signer without the salt, who must write null.

    Raises: Refused(seen-unknown) for the mark of no entry here, or of an older one than the signer had seen before.
    """
    if not holds_salt:
        if body.seen is not None:
            raise Refused(Code.SEEN_UNKNOWN)
        return None
    seq = None if body.seen is None else facts.find_seen(body.seen)
    newest = facts.find_newest(body.by)
    if seq is None or (newest is not None and newest.seen is not None and seq < newest.seen):
        raise Refused(Code.SEEN_UNKNOWN)
    return seq
