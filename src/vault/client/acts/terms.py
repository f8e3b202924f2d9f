"""The terms of a contract before it is one, and the plain words in which every client shows the terms that hold.

What people read is made from the members that policy enforces, never from a text that somebody wrote beside them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar, cast

from vault.client.errors import UsageError
from vault.client.showing import day
from vault.protocol.limits import DAY_SECONDS
from vault.protocol.statements import Contract
from vault.protocol.terms import RequestBudget
from vault.protocol.vocabulary import Affiliation, Clause, ContactKind, Origin, Role, ShareKind

ContactGiven = tuple[str | None, str, str]
"""A contact as people write it: nickname or None, kind, affiliation."""
Word = TypeVar("Word", bound=StrEnum)

STANDARD_CLAUSES = frozenset(Clause)
TWO_WAY_CLAUSES = frozenset(
    {Clause.COACH_DOES_NOT_REPORT, Clause.COACH_IS_NOT_INVESTIGATOR, Clause.PRIVATE_NOTES_EXIST}
)
"""The others speak of a sponsor."""
DEFAULT_DURATION = timedelta(days=365)
DEFAULT_RETENTION = timedelta(days=365)
DEFAULT_BUDGET = RequestBudget(count=2, days=90)


@dataclass(frozen=True, slots=True)
class ContactTerm:
    """A contact for serious danger; `name` is a person's nickname, or None for one without an account."""

    name: str | None
    kind: ContactKind
    affiliation: Affiliation


@dataclass(frozen=True, slots=True)
class Terms:
    """What is to be agreed; people stand under the proposer's own nicknames, None for the proposer."""

    coach: str | None
    coachee: str | None
    sponsor: str | None = None
    supervisor: str | None = None
    contacts: tuple[ContactTerm, ...] = ()
    share_kinds: frozenset[ShareKind] = frozenset()
    origin: Origin = Origin.INVITED
    retention: timedelta = DEFAULT_RETENTION
    duration: timedelta = DEFAULT_DURATION
    budget: RequestBudget = DEFAULT_BUDGET
    clauses: frozenset[Clause] = STANDARD_CLAUSES
    words: str = field(default="", repr=False)

    def parties(self) -> dict[Role, str | None]:
        """Nicknames by role, the roles that are filled."""
        found: dict[Role, str | None] = {Role.COACH: self.coach, Role.COACHEE: self.coachee}
        if self.sponsor is not None:
            found[Role.SPONSOR] = self.sponsor
        if self.supervisor is not None:
            found[Role.SUPERVISOR] = self.supervisor
        return found


def three_way(
    *,
    sponsor: str,
    contact: ContactGiven | Iterable[ContactGiven],
    coachee: str | None = None,
    coach: str | None = None,
    supervisor: str | None = None,
    share_kinds: Iterable[str] = (),
    origin: str = "invited",
    retention: timedelta = DEFAULT_RETENTION,
    duration: timedelta = DEFAULT_DURATION,
    requests: tuple[int, int] = (DEFAULT_BUDGET.count, DEFAULT_BUDGET.days),
    words: str = "",
) -> Terms:
    """Terms with a sponsor: name the coachee if you are the coach, the coach if you are the coachee.

    `contact` is (nickname or None, kind, affiliation), or several of them; one must be independent. `requests` is how
    many requests in how many days. `words` is the author's own text, sealed to all parties.
    """
    _require_one_other(coach, coachee)
    return Terms(
        coach=coach,
        coachee=coachee,
        sponsor=sponsor,
        supervisor=supervisor,
        contacts=_contacts(contact),
        share_kinds=frozenset(_word(ShareKind, each) for each in share_kinds),
        origin=_word(Origin, origin),
        retention=retention,
        duration=duration,
        budget=RequestBudget(count=requests[0], days=requests[1]),
        words=words,
    )


def two_way(
    *,
    coachee: str | None = None,
    coach: str | None = None,
    supervisor: str | None = None,
    contact: ContactGiven | Iterable[ContactGiven] = (),
    retention: timedelta = DEFAULT_RETENTION,
    duration: timedelta = DEFAULT_DURATION,
    words: str = "",
) -> Terms:
    """Terms between a coach and a coachee alone: nothing can be disclosed to anybody."""
    _require_one_other(coach, coachee)
    return Terms(
        coach=coach,
        coachee=coachee,
        supervisor=supervisor,
        contacts=_contacts(contact),
        origin=Origin.SELF_REQUESTED,
        retention=retention,
        duration=duration,
        budget=RequestBudget(count=0, days=90),
        clauses=TWO_WAY_CLAUSES,
        words=words,
    )


def _require_one_other(coach: str | None, coachee: str | None) -> None:
    if (coach is None) == (coachee is None):
        raise UsageError("name either the coachee, if you are the coach, or the coach, if you are the coachee")


def _contacts(given: ContactGiven | Iterable[ContactGiven]) -> tuple[ContactTerm, ...]:
    is_one = isinstance(given, tuple) and len(given) == 3 and isinstance(given[1], str)
    rows = cast(Iterable[ContactGiven], (given,) if is_one else given)
    return tuple(
        ContactTerm(name, _word(ContactKind, kind), _word(Affiliation, affiliation)) for name, kind, affiliation in rows
    )


def _word(words: type[Word], value: str) -> Word:
    try:
        return words(value)
    except ValueError:
        raise UsageError(f"expected one of: {', '.join(words)}") from None


CLAUSES: Mapping[Clause, str] = {
    Clause.NO_EVALUATION_USE: "Nothing from coaching is used to evaluate anybody.",
    Clause.NON_RETALIATION: "Nobody is worse off for what they keep to themselves.",
    Clause.COACH_DOES_NOT_REPORT: "The coach does not report, to anyone.",
    Clause.COACH_IS_NOT_INVESTIGATOR: "The coach does not investigate for anyone.",
    Clause.COACHEE_DECIDES_DISCLOSURE: "Only the coachee decides what the sponsor is shown.",
    Clause.PRIVATE_NOTES_EXIST: "Coach and coachee may keep private notes that nobody else can open.",
}
ORIGINS: Mapping[Origin, str] = {
    Origin.SELF_REQUESTED: "The coachee asked for this coaching.",
    Origin.INVITED: "The coachee was invited to this coaching.",
    Origin.MANDATED: "This coaching was required of the coachee.",
}


def render(contract: Contract, names: Mapping[bytes, str]) -> str:
    """The terms of a contract in plain words; `names` are the reader's nicknames by account."""
    sections = {
        "Parties": _parties(contract, names),
        "Who can read what": _readers(contract),
        "In serious danger the coach may write to": _contact_lines(contract, names),
        "Promises": [CLAUSES[clause] for clause in Clause if clause in contract.clauses] or ["none"],
        "Time": [
            ORIGINS[contract.origin],
            f"From {day(contract.starts)} until {day(contract.ends)}.",
            f"What is stored may be erased {contract.retention_days} days after the end; earlier if the coachee asks.",
        ],
    }
    return "\n".join(f"{title}\n" + "".join(f"  {line}\n" for line in lines) for title, lines in sections.items())


def _parties(contract: Contract, names: Mapping[bytes, str]) -> list[str]:
    order = {role: place for place, role in enumerate(Role)}
    return [
        f"{party.role}: {names.get(party.account, 'not introduced')} ({short(party.account)})"
        for party in sorted(contract.parties, key=lambda each: order[each.role])
    ]


def _readers(contract: Contract) -> list[str]:
    lines = [
        "Notes, goals, actions, assessments and drafts: the coach and the coachee. Nobody else holds a key.",
        "Private notes: their author.",
    ]
    if not any(party.role is Role.SPONSOR for party in contract.parties):
        return [*lines, "There is no sponsor. Nothing can be disclosed to anybody."]
    shared = ", ".join(contract.share_kinds)
    budget = contract.request_budget
    times = "not ask" if budget.count == 0 else f"ask {_times(budget.count)} in any {budget.days} days"
    return [
        *lines,
        f"The sponsor: only what the coachee seals for the sponsor, about {shared}."
        if shared
        else "The sponsor: nothing. No kind of sharing is agreed.",
        f"The sponsor may {times}, and is never shown whether a request was read.",
    ]


def _contact_lines(contract: Contract, names: Mapping[bytes, str]) -> list[str]:
    lines = []
    for contact in contract.contacts:
        who = names.get(contact.account, "not introduced") if contact.account else "reached outside this service"
        is_independent = contact.affiliation is Affiliation.INDEPENDENT
        lines.append(f"{contact.kind}: {who}, {'independent of' if is_independent else 'on the side of'} the sponsor.")
    if not lines:
        return ["nobody: no contact is agreed."]
    return [*lines, "Such a letter cannot carry notes, and the coachee gets to see it."]


def short(account: bytes) -> str:
    """The first digits of an account, to tell two apart; never enough to trust one."""
    return account.hex()[:8]


def whole_days(length: timedelta) -> int:
    """At least one day, rounded up."""
    return max(1, -(-int(length.total_seconds()) // DAY_SECONDS))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
