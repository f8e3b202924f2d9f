"""A refusal is believed where this person's own replay of the journal says the same; else it is a lie, or a mistake.

The server decides by the rules that every reader replays, so whoever reads a journal can tell which no it deserves.
Source: docs/protocol.md section 4.
"""

from vault.client.device.session import Session
from vault.client.device.waiting import Waiting
from vault.client.errors import VerificationError
from vault.client.network.calls import Act
from vault.client.reading.views import refresh
from vault.errors import FormatError
from vault.policy.replay import judge
from vault.protocol.limits import CLOCK_SKEW_SECONDS
from vault.protocol.problems import Code, Refused
from vault.protocol.vocabulary import JournalKind

OF_POLICY = frozenset(
    {
        Code.ALREADY_ASSENTED,
        Code.ALREADY_WITHDRAWN,
        Code.AUTHOR_REFUSED,
        Code.BUDGET_SPENT,
        Code.CLASS_REFUSED,
        Code.CONTACT_NOT_INDEPENDENT,
        Code.CONTACT_REFUSED,
        Code.CONTRACT_INACTIVE,
        Code.CONTRACT_SUPERSEDED,
        Code.DISCLOSURE_ENDED,
        Code.DISCLOSURE_PAST,
        Code.ENGAGEMENT_CLOSED,
        Code.HELD,
        Code.KEY_STALE,
        Code.NOT_NEWEST,
        Code.PARTIES_REFUSED,
        Code.RECIPIENT_REFUSED,
        Code.REQUEST_REFUSED,
        Code.ROLE_REFUSED,
        Code.SEALS_REFUSED,
        Code.SEEN_UNKNOWN,
        Code.SHARE_KIND_REFUSED,
        Code.VERSION_TAKEN,
    }
)
"""What a server says of a statement by the journal alone. Other refusals are about limits, parts or credentials."""


def require_borne_out(session: Session, waiting: Waiting, refused: Refused) -> Act[None]:
    """Return where the verified journal refuses the statement too, or this person reads no journal that could tell.

    The server's clock may be some minutes from this device's, so a no counts that is right at either end.

    Raises: VerificationError, whose evidence holds what was refused; Unreachable.
    """
    journal = waiting.journal
    if refused.code not in OF_POLICY or journal is None or journal.kind is not JournalKind.ENGAGEMENT:
        return
    if journal.subject not in session.identity.salts or session.verified.pinned(journal)[0] == 0:
        return
    view = yield from refresh(session, journal.subject)
    for time in (session.now() - CLOCK_SKEW_SECONDS, session.now() + CLOCK_SKEW_SECONDS):
        try:
            judge(view.replay, waiting.signed, max(time, view.replay.position.time))
        except (Refused, FormatError):
            return
    error = VerificationError("refusal", f"expected a refusal that the journal bears out, not {refused.code}")
    served = {"code": refused.code, "statement": waiting.signed.envelope.to_json(waiting.signed.body.key)}
    error.evidence = session.keep_evidence(
        "refusal", {"journal": journal.kind, "subject": journal.subject.hex(), **served}
    )
    raise error
