"""`coach-vault contract`: propose terms, read them in plain words, say yes, agree on others."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from vault.client.acts.acquaintance import NOT_INTRODUCED, Acquaintance
from vault.client.acts.choosing import choose_id
from vault.client.acts.contract_terms import ContractTerms
from vault.client.acts.counter_proposing import without_sponsor
from vault.client.acts.terms import ContactGiven, ContactTerm, Terms, three_way, two_way
from vault.client.cli.acquaintances import ALTHOUGH_CHANGED, agree_to_changed, people_lines, people_members
from vault.client.cli.choices import Choices, choices_of
from vault.client.cli.columns import SHORT_DIGITS
from vault.client.cli.opening import OpenHome, opened
from vault.client.cli.speaking import advise, agree, can_ask, one_line, printable, say
from vault.client.errors import SignedBadlyError, UsageError
from vault.client.sdk.reading_arguments import as_word
from vault.client.sdk.synchronous.engagements import Engagement
from vault.client.sdk.synchronous.proposals import Proposal
from vault.protocol.problems import Code, Refused
from vault.protocol.vocabulary import Affiliation, ContactKind, Origin, Role, ShareKind

contract = typer.Typer(no_args_is_help=True, help="What was agreed, and what policy therefore allows.")

EngagementId = Annotated[
    str | None,
    typer.Option(
        "--with", "--engagement", metavar="NAME|ID", help="Which engagement: a nickname, or the first digits of its id."
    ),
]
ContractId = Annotated[
    str | None, typer.Option("--contract", metavar="ID", help="Another one than the one that counts; first digits do.")
]
CONTACT_HELP = (
    "To whom the coach may write in serious danger, e.g. Ombuds:ombuds:independent, or :ombuds:independent for one "
    "without an account. A three-way contract needs an independent one. May be repeated."
)
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
AlthoughChanged = Annotated[
    bool, typer.Option(ALTHOUGH_CHANGED, help="Do not ask where somebody's keys are not the confirmed ones.")
]


class Template(StrEnum):
    """With a sponsor, or without."""

    THREE_WAY = "three-way"
    TWO_WAY = "two-way"


TemplateName = Annotated[Template, typer.Argument(help="With a sponsor, or without.")]
OtherTemplate = Annotated[Template | None, typer.Argument(help="With a sponsor, or without; as it is if left out.")]
Coachee = Annotated[str | None, typer.Option(metavar="NAME", help="If you are the coach.")]
Coach = Annotated[str | None, typer.Option(metavar="NAME", help="If you are the coachee.")]
Sponsor = Annotated[str | None, typer.Option(metavar="NAME", help="Who pays; three-way only.")]
Supervisor = Annotated[str | None, typer.Option(metavar="NAME", help="The coach's supervisor.")]
ContactSpec = Annotated[
    list[str] | None,
    typer.Option("--contact", metavar="NAME:KIND:AFFILIATION", help=CONTACT_HELP),
]
ShareKinds = Annotated[
    list[ShareKind] | None,
    typer.Option("--share-kind", help="What the coachee may disclose. May be repeated; none if left out."),
]
OriginWord = Annotated[Origin | None, typer.Option(help="How it came about; three-way only.")]
Days = Annotated[int, typer.Option(min=1, max=36_500)]
SomeDays = Annotated[int | None, typer.Option(min=1, max=36_500)]
Words = Annotated[
    Path | None, typer.Option(metavar="FILE", exists=True, dir_okay=False, help="Your own words beside the terms.")
]


@contract.command("new")
def new(
    context: typer.Context,
    template: TemplateName,
    coachee: Coachee = None,
    coach: Coach = None,
    sponsor: Sponsor = None,
    supervisor: Supervisor = None,
    contact: ContactSpec = None,
    share_kind: ShareKinds = None,
    origin: OriginWord = None,
    retention_days: Days = 365,
    duration_days: Days = 365,
    words: Words = None,
    yes: Yes = False,
    although_changed: AlthoughChanged = False,
) -> None:
    """Show a contract for a new engagement, ask, and propose it; you assent to it at once, the others later."""
    terms = _terms(
        template, coachee, coach, sponsor, supervisor, contact, share_kind, origin, retention_days, duration_days, words
    )
    choices = choices_of(context)
    with opened(context) as home:
        shown = home.vault.prepare(terms)
        _ask(choices, shown, yes, although_changed)
        engagement = home.vault.propose(shown)
        _say_proposed(choices, engagement, engagement.contract, shown)


@contract.command("supersede")
def supersede(
    context: typer.Context,
    template: OtherTemplate = None,
    coachee: Coachee = None,
    coach: Coach = None,
    sponsor: Sponsor = None,
    supervisor: Supervisor = None,
    contact: ContactSpec = None,
    share_kind: ShareKinds = None,
    retention_days: SomeDays = None,
    duration_days: SomeDays = None,
    words: Words = None,
    contract_id: ContractId = None,
    engagement: EngagementId = None,
    yes: Yes = False,
    although_changed: AlthoughChanged = False,
) -> None:
    """Change a contract and propose it anew: what is not given stays. It counts once all have assented.

    People are named by nickname or by their role in the contract, such as `sponsor`.
    """
    choices = choices_of(context)
    if template is Template.TWO_WAY and (sponsor is not None or share_kind):
        raise UsageError("--sponsor and --share-kind belong to a three-way contract")
    given: dict[str, Any] = {
        "coach": coach,
        "coachee": coachee,
        "sponsor": sponsor,
        "supervisor": supervisor,
        "contacts": read_contacts(contact) if contact else None,
        "share_kinds": frozenset(share_kind) if share_kind else None,
        "retention": None if retention_days is None else timedelta(days=retention_days),
        "duration": None if duration_days is None else timedelta(days=duration_days),
        "words": None if words is None else _read_words(words),
    }
    with opened(context) as home:
        found = home.find_engagement(engagement)
        chosen = _choose(found, contract_id) if contract_id else found.contract
        before = found.terms(chosen.id)
        if template is Template.TWO_WAY:
            before = without_sponsor(before)
        elif template is Template.THREE_WAY and before.sponsor is None:
            raise UsageError("a sponsor cannot join an engagement; propose a new one with `coach-vault contract new`")
        shown = found.prepare(replace(before, **{name: value for name, value in given.items() if value is not None}))
        _ask(choices, shown, yes, although_changed)
        _say_proposed(choices, found, found.supersede(shown), shown)


@contract.command("retract")
def retract(context: typer.Context, engagement: EngagementId = None, yes: Yes = False) -> None:
    """Take back your proposal of a new engagement, while nobody else has assented to it."""
    choices = choices_of(context)
    with opened(context) as home:
        found = home.find_engagement(engagement)
        agree(choices, f"Take back the proposal {found.id[:SHORT_DIGITS]}? It cannot be proposed again.", yes)
        found.retract()
        say(choices, "taken back; whoever has seen it still can", _members(found, found.contract, None, ()))


@contract.command("show")
def show(context: typer.Context, contract_id: ContractId = None, engagement: EngagementId = None) -> None:
    """Show the contract that counts, and a proposal that waits, in plain words made from what policy enforces."""
    choices = choices_of(context)
    with opened(context) as home:
        found = home.find_engagement(engagement)
        chosen = _choose(found, contract_id) if contract_id else found.contract
        _show(choices, found, chosen, _words(found, chosen), found.people(chosen.id))
        if contract_id is None and found.proposal is not None and found.proposal.id != chosen.id:
            advise(choices, f"A proposal waits: coach-vault contract show --contract {found.proposal.id}")


@contract.command("assent")
def assent(
    context: typer.Context,
    contract_id: ContractId = None,
    engagement: EngagementId = None,
    yes: Yes = False,
    although_changed: AlthoughChanged = False,
) -> None:
    """Read a contract and say yes to it."""
    choices = choices_of(context)
    with opened(context) as home:
        found = home.find_engagement(engagement)
        chosen = _choose(found, contract_id) if contract_id else found.proposal or found.contract
        words, people = _words(found, chosen), found.people(chosen.id)
        if not choices.as_json:
            _show(choices, found, chosen, words, people)
        agree(choices, "Assent to this contract?", yes)
        agree_to_changed(choices, people, although_changed)
        found.assent(chosen.id)
        now = _choose(found, chosen.id)
        say(choices, f"assented; the contract is {now.state}{_waiting_for(now)}", _members(found, now, words, people))
        _offer_names(choices, home, people)


def _terms(
    template: Template,
    coachee: str | None,
    coach: str | None,
    sponsor: str | None,
    supervisor: str | None,
    contact: list[str] | None,
    share_kind: list[ShareKind] | None,
    origin: Origin | None,
    retention_days: int,
    duration_days: int,
    words: Path | None,
) -> Terms:
    contacts = [read_contact(each) for each in contact or []]
    if any(name in (coachee, coach, sponsor, supervisor) for name, _, _ in contacts if name is not None):
        raise UsageError(
            "a contact is none of the parties; name somebody else with --contact, or nobody: :KIND:AFFILIATION"
        )
    retention, duration = timedelta(days=retention_days), timedelta(days=duration_days)
    text = "" if words is None else _read_words(words)
    if template is Template.THREE_WAY:
        if sponsor is None:
            raise UsageError("a three-way contract needs --sponsor NAME")
        if not any(affiliation == Affiliation.INDEPENDENT for _, _, affiliation in contacts):
            raise UsageError(
                "a three-way contract needs somebody independent of the sponsor for serious danger: "
                "--contact NAME:ombuds:independent, or --contact :ombuds:independent for one without an account"
            )
        return three_way(
            coachee=coachee,
            coach=coach,
            sponsor=sponsor,
            supervisor=supervisor,
            contact=contacts,
            share_kinds=share_kind or (),
            origin=origin or Origin.INVITED,
            retention=retention,
            duration=duration,
            words=text,
        )
    if sponsor is not None or share_kind or origin is not None:
        raise UsageError("--sponsor, --share-kind and --origin belong to a three-way contract")
    return two_way(
        coachee=coachee,
        coach=coach,
        supervisor=supervisor,
        contact=contacts,
        retention=retention,
        duration=duration,
        words=text,
    )


def read_contact(text: str) -> ContactGiven:
    """NAME:KIND:AFFILIATION; an empty name is a contact without an account. Raises: UsageError."""
    parts = text.rsplit(":", 2)
    if len(parts) != 3:
        raise UsageError("expected --contact NAME:KIND:AFFILIATION, such as Ombuds:ombuds:independent")
    name, kind, affiliation = parts
    return name or None, kind, affiliation


def read_contacts(given: list[str]) -> tuple[ContactTerm, ...]:
    """All of them. Raises: UsageError."""
    return tuple(
        ContactTerm(name, as_word(ContactKind, kind), as_word(Affiliation, affiliation))
        for name, kind, affiliation in map(read_contact, given)
    )


def _read_words(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise UsageError("the file with your own words cannot be read as UTF-8") from None


def _choose(engagement: Engagement, contract_id: str) -> ContractTerms:
    chosen = choose_id(contract_id, 32, (bytes.fromhex(each.id) for each in engagement.contracts)).hex()
    found = next((each for each in engagement.contracts if each.id == chosen), None)
    if found is None:
        raise Refused(Code.NOT_FOUND)
    return found


def _waiting_for(proposed: ContractTerms) -> str:
    """Whose assent a proposal waits for; nothing where it waits for nobody. A supervisor's is not needed."""
    needed = [name for role, name in proposed.parties.items() if role != Role.SUPERVISOR]
    missing = [one_line(name) for name in needed if name not in proposed.assented]
    return f" and waits for {', '.join(missing)}" if missing and proposed.state == "proposed" else ""


def _words(engagement: Engagement, chosen: ContractTerms) -> str:
    try:
        return engagement.words(chosen.id)
    except Refused as refused:
        if refused.code != Code.NOT_FOUND:  # whoever joined later holds no seal of it
            raise
        return ""
    except SignedBadlyError as error:
        return f"({error})"


def _ask(choices: Choices, shown: Proposal, yes: bool, although_changed: bool) -> None:
    """Show what would be signed, to be agreed to. Raises: UsageError; Declined."""
    if not choices.as_json:
        lines = [printable(shown.text).rstrip("\n"), *_words_lines(shown.words), "", *people_lines(shown.people)]
        say(choices, lines, {})
    agree(choices, "Propose this contract, and assent to it yourself?", yes)
    agree_to_changed(choices, shown.people, although_changed)


def _say_proposed(choices: Choices, engagement: Engagement, made: ContractTerms, shown: Proposal) -> None:
    names = f"engagement {engagement.id[:SHORT_DIGITS]}, contract {made.id[:SHORT_DIGITS]}"
    line = f"{made.state}: {names}{_waiting_for(made)}"
    say(choices, line, _members(engagement, made, shown.words, shown.people))


def _offer_names(choices: Choices, home: OpenHome, people: Iterable[Acquaintance]) -> None:
    """Ask how those are called whom nobody has introduced, or say how to name them."""
    strangers = [one for one in people if one.state == NOT_INTRODUCED]
    for one in strangers:
        if not can_ask(choices):
            digits = one.account[:SHORT_DIGITS]
            advise(choices, f"You have no name for {one.name}: coach-vault people name {digits} NAME")
            continue
        name = typer.prompt(
            f"What do you call {one_line(one.name)}? Empty for no name", default="", show_default=False, err=True
        )
        if name.strip():
            home.vault.people.add(name.strip(), one.account)


def _words_lines(words: str | None) -> list[str]:
    return ["", "In the author's own words:", printable(words)] if words else []


def _show(
    choices: Choices,
    engagement: Engagement,
    chosen: ContractTerms,
    words: str | None,
    people: tuple[Acquaintance, ...],
) -> None:
    lines = [f"engagement  {engagement.id}", f"contract    {chosen.id}", f"state       {chosen.state}"]
    assented = ", ".join(one_line(each) for each in chosen.assented) or "nobody"
    lines += [f"assented    {assented}", "", printable(chosen.text).rstrip("\n")]
    lines += [*_words_lines(words), "", *people_lines(people)]
    say(choices, lines, _members(engagement, chosen, words, people))


def _members(
    engagement: Engagement, chosen: ContractTerms, words: str | None, people: tuple[Acquaintance, ...]
) -> dict[str, Any]:
    return {
        "engagement": engagement.id,
        "role": engagement.role,
        "contract": chosen.id,
        "state": chosen.state,
        "parties": dict(chosen.parties),
        "accounts": dict(chosen.accounts),
        "assented": list(chosen.assented),
        "share_kinds": list(chosen.share_kinds),
        "starts": chosen.starts,
        "ends": chosen.ends,
        "retention_days": chosen.retention_days,
        "text": chosen.text,
        "words": words or "",
        "people": people_members(people),
    }
