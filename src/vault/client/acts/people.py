"""People under local nicknames: invited, introduced, compared by safety number, and noticed when their keys change.

A nickname stays on this person's devices. What ties it to an account is an invitation's secret, or two people reading
numbers to each other. Source: docs/protocol.md section 2.
"""

from collections.abc import Iterable

from vault.client.device.codes import INVITATION, TypedCode, read_code, write_code
from vault.client.device.invitation import SECRET_BYTES, invitation_mac, require_introduction_of
from vault.client.device.keyring import Invitation, Person, PersonState
from vault.client.device.names import find_role_word, list_accounts
from vault.client.device.safety_number import SafetyNumber, safety_number
from vault.client.device.session import Session
from vault.client.errors import IntroductionError, Unreachable, UsageError, VerificationError
from vault.client.log.verifying import read_envelope
from vault.client.network.calls import Act, Take
from vault.client.outbox.writing import Unsigned, common_members, enqueue, flush, turn_of
from vault.client.reading.asking import PAGE, get, goes_on
from vault.client.reading.keys_of import current_keys, fetch_keys
from vault.client.reading.served import verify_under
from vault.encoding import read_hex
from vault.errors import EncodingError
from vault.policy.facts import find_party
from vault.protocol.api import Introductions
from vault.protocol.statements import Contract, Introduction
from vault.protocol.vocabulary import Role, StatementType

TAKEN = frozenset({"you", *Role, *(f"the {role}" for role in Role)})
"""Words of the interface that would be read as themselves, never as a nickname."""
_NAMES_SHOWN = 8


def invite(session: Session, name: str) -> str:
    """One string to hand to the person whom this client will call `name`; it says which account invites them."""
    require_new_name(session, name)
    invitation = Invitation(name=name, secret=session.random(SECRET_BYTES))
    with session.change() as draft:
        draft.identity = draft.identity.with_invitation(invitation)
    return write_code(TypedCode(INVITATION, session.account, invitation.secret))


def require_new_name(session: Session, name: str) -> None:
    """Return if nobody has that nickname. Raises: UsageError."""
    if not name or name != name.strip() or len(name) > 100 or not name.isprintable():
        raise UsageError("expected a name of 1 to 100 characters")
    if name in TAKEN:
        raise UsageError(
            "that word is taken: `you` is always this person, and `sponsor`, as every role, the one of a contract"
        )
    if find_by_name(session, name) is not None:
        raise UsageError("somebody has that name already; choose another one")


def introduce(session: Session, code: str, name: str) -> Act[Person]:
    """Answer an invitation: the inviter becomes known as `name`, and learns which account was invited.

    Raises: CodeError; Unreachable, and then the introduction waits in the outbox.
    """
    with session.change() as draft:
        person = enqueue_introduction(draft, code, name)
    yield Take(turn_of(None))
    yield from flush(session, None)
    return person


def enqueue_introduction(draft: Session, code: str, name: str) -> Person:
    """Put the introduction into the outbox and the inviter among the people."""
    invitation = read_code(code, INVITATION)
    if invitation.account == draft.account:
        raise UsageError("this is your own invitation; give it to the person whom you invite")
    person = draft.identity.people.get(invitation.account)
    if person is None:
        require_new_name(draft, name)
        person = Person(account=invitation.account, name=name, state=PersonState.UNVERIFIED, key=None)
        draft.identity = draft.identity.with_person(person)
    body = Introduction(
        **common_members(draft, StatementType.INTRODUCTION, None, draft.current),
        to=invitation.account,
        mac=invitation_mac(invitation.secret, invitation.account, draft.account),
    )
    enqueue(draft, "/v1/introductions", Unsigned(body), None, (draft.current.sign_seed,))
    return person


def fetch_introductions(session: Session) -> Act[list[Person]]:
    """The people whose introductions answer open invitations; each invitation takes the first that is right."""
    found: dict[bytes, Person] = {}
    answered: list[Invitation] = []
    seen: set[str] = set()
    after: str | None = None
    while len(answered) < len(session.identity.invitations):
        query: dict[str, str | int] = {"limit": PAGE} if after is None else {"limit": PAGE, "after": after}
        page = yield from get(session, "/v1/introductions", Introductions, **query)
        for members in page.data:
            answer = yield from _read_introduction(session, members, answered)
            if answer is not None:
                invitation, account = answer
                answered.append(invitation)
                person = Person(account=account, name=invitation.name, state=PersonState.UNVERIFIED, key=None)
                found.setdefault(account, session.identity.people.get(account) or person)
        if not goes_on(page, seen):
            break
        after = page.next
    if found:
        with session.change() as draft:
            draft.identity = draft.identity.without_invitations(answered).with_person(*found.values())
    return list(found.values())


def hear_introductions(session: Session) -> Act[None]:
    """Fetch introductions, if anybody answers. Raises: VerificationError."""
    try:
        yield from fetch_introductions(session)
    except Unreachable:
        return


def _read_introduction(
    session: Session, members: dict[str, object], answered: list[Invitation]
) -> Act[tuple[Invitation, bytes] | None]:
    """The open invitation that an introduction answers, and whose account did; None where it answers none."""
    statement = read_envelope(session, members, None)
    body = statement.body
    if not isinstance(body, Introduction) or body.to != session.account:
        raise VerificationError("schema", "expected an introduction to this account")
    for invitation in session.identity.invitations:
        if invitation in answered:
            continue
        try:
            require_introduction_of(invitation.secret, body)
        except IntroductionError:
            continue
        replay = yield from fetch_keys(session, body.by)
        signer = next((each for each in replay.generations if each.sign_key == body.key), None)
        if signer is None:
            raise IntroductionError
        verify_under(statement, signer)
        return invitation, body.by
    return None


def find_by_name(session: Session, name: str) -> Person | None:
    """The person with this nickname."""
    return next((person for person in session.identity.people.values() if person.name == name), None)


def find_person(session: Session, name: str) -> Act[Person]:
    """The person with this nickname or account; introductions are fetched before a name is unknown.

    Raises: UsageError.
    """
    person = find_by_name(session, name)
    if person is None and session.identity.invitations:
        yield from hear_introductions(session)
        person = find_by_name(session, name)
        if person is None and any(invitation.name == name for invitation in session.identity.invitations):
            raise UsageError(f"{name!r} has not answered the invitation yet; ask them to join with it, then try again")
    if person is None:
        try:
            person = session.identity.people.get(read_hex(name, 32))
        except EncodingError:
            person = None
    if person is None:
        raise UsageError(f"nobody is called {name!r} here; {_whom(session)}")
    return person


def find_account(session: Session, name: str, contract: Contract | None) -> Act[bytes]:
    """The account of a nickname; where there is a contract, also that of a role in it, or one that it names in full.

    Raises: UsageError.
    """
    if contract is not None and find_by_name(session, name) is None:
        role = find_role_word(name)
        named = {account.hex(): account for account in list_accounts(contract)}
        account = named.get(name) if role is None else find_party(contract, role)
        if account is not None:
            return account
    person = yield from find_person(session, name)
    return person.account


def _whom(session: Session) -> str:
    """Who is known, or what to do where nobody is; names as they can be typed, without anything a terminal acts on."""
    known = _some(person.name for person in session.identity.people.values())
    invited = _some(invitation.name for invitation in session.identity.invitations)
    if not known and not invited:
        return "you know nobody yet, so invite them first"
    told = f"you know {known}" if known else "you know nobody yet"
    if invited:
        told += f", and {invited} did not answer an invitation yet"
    return f"{told}; invite whoever is missing"


def _some(names: Iterable[str]) -> str:
    found = sorted(names)
    more = f" and {len(found) - _NAMES_SHOWN} more" if len(found) > _NAMES_SHOWN else ""
    return ", ".join(repr(name) for name in found[:_NAMES_SHOWN]) + more


def rename(session: Session, account: bytes, name: str) -> Person:
    """Give an account a nickname, or another one."""
    require_new_name(session, name)
    before = session.identity.people.get(account)
    person = (
        Person(account=account, name=name, state=PersonState.UNVERIFIED, key=None)
        if before is None
        else before.model_copy(update={"name": name})
    )
    _hold(session, person)
    return person


def _hold(session: Session, person: Person) -> None:
    with session.change() as draft:
        draft.identity = draft.identity.with_person(person)


def compare(session: Session, person: Person) -> Act[SafetyNumber]:
    """The safety number with that person, over the newest verified keys of both.

    The person's state is *changed* from then on where the keys are not the ones that were confirmed.
    """
    keys = yield from current_keys(session, person.account)
    notice_change(session, person, keys.sign_key)
    return safety_number(session.account, session.current.sign_public, person.account, keys.sign_public)


def notice_change(session: Session, person: Person, sign_key: bytes) -> Person:
    """The person, *changed* where another sign key had been confirmed."""
    if person.state == PersonState.VERIFIED and person.key != sign_key:
        person = person.model_copy(update={"state": PersonState.CHANGED})
        _hold(session, person)
    return person


def confirm(session: Session, person: Person) -> Act[Person]:
    """Remember that the numbers were compared and are equal."""
    keys = yield from current_keys(session, person.account)
    confirmed = person.model_copy(update={"state": PersonState.VERIFIED, "key": keys.sign_key})
    _hold(session, confirmed)
    return confirmed
