"""Whether an engagement is this person's: whoever knows an account can propose to it, and that alone joins nobody.

What a stranger proposes waits apart, in no list and no act over all engagements, until this person signs something in
it or knows somebody who did.
"""

from vault.client.device.session import Session
from vault.client.errors import VerificationError
from vault.client.network.calls import Act
from vault.client.reading.served import fetch_served
from vault.client.reading.views import engagement_journal, refresh
from vault.protocol.problems import Code, Refused


def is_joined(session: Session, engagement: bytes) -> Act[bool]:
    """Whether this person, or somebody whom this person knows, has signed something in it.

    One that does not verify is joined where this device has seen it before: then that is told, and is no stranger's.

    Raises: Unreachable.
    """
    if engagement_journal(engagement) in session.verified.newest:
        return True
    if engagement.hex() in session.home.list_ignored():
        return False
    try:
        signers = yield from _list_signers(session, engagement)
    except (VerificationError, Refused):
        return engagement in session.verified.contracts
    return not signers.isdisjoint({session.account, *session.identity.people})


def _list_signers(session: Session, engagement: bytes) -> Act[set[bytes]]:
    """Everybody who has signed a contract of it or assented to one."""
    try:
        view = yield from refresh(session, engagement)
    except Refused as refused:
        if refused.code != Code.ROLE_REFUSED:
            raise
        served = yield from fetch_served(session, engagement)
        return {account for each in served.contracts for account in (each.body.by, *each.assented)}
    return {held.statement.body.by for held in view.entries}
