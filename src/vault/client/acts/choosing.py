"""What people mean by a name, or by the first digits of an id: one engagement, item or account, never a guess."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from vault.client.acts.identities import list_joined
from vault.client.acts.people import find_by_name, hear_introductions
from vault.client.acts.supervised import list_readable_ids
from vault.client.device.keyring import Person
from vault.client.device.names import list_accounts
from vault.client.device.session import Session
from vault.client.errors import Unreachable, UsageError
from vault.client.network.calls import Act
from vault.client.reading.recalling import recall
from vault.client.reading.served import fetch_served
from vault.client.reading.views import engagement_journal, refresh
from vault.protocol.problems import Code, Refused
from vault.protocol.statements import Contract

PREFIX_MINIMUM_DIGITS = 4

ID_BYTES, STATEMENT_BYTES = 16, 32
CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Choice:
    """An engagement to choose from: proposed, active, closed or unknown, and the contract that stands."""

    engagement: bytes
    state: str
    contract: Contract | None


def choose_id(text: str, size_bytes: int, known: Iterable[bytes]) -> bytes:
    """The id that was spelled whole, or the one of `known` that begins with these digits.

    Raises: UsageError for what is neither, or begins several; Refused(not-found) where none begins so.
    """
    whole = find_whole_id(text, size_bytes)
    if whole is not None:
        return whole
    if not re.fullmatch(f"[0-9a-f]{{{PREFIX_MINIMUM_DIGITS},{2 * size_bytes}}}", text):
        raise UsageError(f"expected an id of {2 * size_bytes} hex digits, or at least the first four of them")
    found = [each for each in dict.fromkeys(known) if each.hex().startswith(text)]
    if not found:
        raise Refused(Code.NOT_FOUND)
    if len(found) > 1:
        raise UsageError(f"{len(found)} ids begin with these digits; give more of them")
    return found[0]


def find_whole_id(text: str, size_bytes: int) -> bytes | None:
    """The id, where all of its digits are there."""
    return bytes.fromhex(text) if re.fullmatch(f"[0-9a-f]{{{2 * size_bytes}}}", text) else None


def choose_item(session: Session, engagement: bytes, text: str) -> Act[bytes]:
    """The item of the engagement, by its id or its first digits. Raises: as `choose_id`."""
    whole = find_whole_id(text, ID_BYTES)
    if whole is not None:
        return whole
    return choose_id(text, ID_BYTES, (yield from list_readable_ids(session, engagement)))


def list_chosen(session: Session, text: str) -> Act[list[bytes]]:
    """The engagements that are meant by an id, its first digits, or the nickname of somebody in them.

    Raises: UsageError where nobody is called so and nothing begins so; Unreachable.
    """
    whole = find_whole_id(text, ID_BYTES)
    if whole is not None:
        return [whole]
    joined = yield from list_known(session)
    person = find_by_name(session, text)
    if person is None and session.identity.invitations:
        yield from hear_introductions(session)
        person = find_by_name(session, text)
    if person is not None:
        return (yield from _list_with(session, joined, person))
    found = [each for each in joined if len(text) >= PREFIX_MINIMUM_DIGITS and each.hex().startswith(text)]
    if not found:
        raise UsageError(
            "expected the nickname of somebody in an engagement, or at least the first four digits of its id; "
            "`coach-vault engagements` lists them"
        )
    return found


def list_known(session: Session) -> Act[list[bytes]]:
    """The engagements of this person; while nobody answers, those that this device knows. Raises: Unreachable."""
    try:
        return (yield from list_joined(session))
    except Unreachable:
        if not session.verified.contracts:
            raise
        return sorted(session.verified.contracts)


def _list_with(session: Session, joined: list[bytes], person: Person) -> Act[list[bytes]]:
    """Those whose contract names the person; the open one, where just one of them is open."""
    found: list[Choice] = []
    for engagement in joined:
        choice = yield from look(session, engagement)
        if choice.contract is not None and person.account in list_accounts(choice.contract):
            found.append(choice)
    if not found:
        raise UsageError("there is no engagement with that person; `coach-vault engagements` lists all")
    is_open = [each for each in found if each.state != CLOSED]
    return [each.engagement for each in (is_open if len(is_open) == 1 else found)]


def look(session: Session, engagement: bytes) -> Act[Choice]:
    """What a person tells it from others by; while nobody answers, what this device remembers of it.

    Raises: VerificationError; Refused(not-found).
    """
    try:
        view = yield from refresh(session, engagement)
    except Refused as refused:
        if refused.code != Code.ROLE_REFUSED:
            raise
        served = yield from fetch_served(session, engagement)
        return Choice(engagement, served.standing().state, served.standing().body)
    except Unreachable:
        recalled = recall(session, engagement)
        if recalled is None:
            return Choice(engagement, "unknown", None)
        session.verified.read_anew(engagement_journal(engagement))  # whoever writes asks again first
        view = recalled
    state = "proposed" if view.replay.find_active_contract() is None else "active"
    return Choice(engagement, state if view.replay.closed_at is None else CLOSED, view.standing().body)


def choose_account(session: Session, text: str) -> Act[bytes]:
    """An account of somebody in an engagement of this person's, by its first digits. Raises: as `choose_id`."""
    whole = find_whole_id(text, STATEMENT_BYTES)
    if whole is not None:
        return whole
    known = list(session.identity.people)
    for engagement in (yield from list_joined(session)):
        contract = (yield from look(session, engagement)).contract
        known += () if contract is None else list_accounts(contract)
    return choose_id(text, STATEMENT_BYTES, known)
