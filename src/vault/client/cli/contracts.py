"""`coach-vault contract`: propose terms, read them in plain words, say yes, agree on others."""

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from vault.client.acts.contract_terms import ContractTerms
from vault.client.acts.terms import ContactGiven, Terms, three_way, two_way
from vault.client.cli.choices import Choices, choices_of
from vault.client.cli.opening import opened
from vault.client.cli.speaking import advise, agree, one_line, printable, say
from vault.client.errors import SignedBadlyError, UsageError
from vault.client.sdk.synchronous.engagements import Engagement
from vault.protocol.problems import Code, Refused
from vault.protocol.vocabulary import Affiliation, Origin, ShareKind

contract = typer.Typer(no_args_is_help=True, help="What was agreed, and what policy therefore allows.")

EngagementId = Annotated[
    str | None, typer.Option("--engagement", metavar="ID", help="Which one, where there are several.")
]
ContractId = Annotated[
    str | None, typer.Option("--contract", metavar="ID", help="Another one than the one that counts.")
]
CONTACT_HELP = (
    "To whom the coach may write in serious danger, e.g. Ombuds:ombuds:independent, or :ombuds:independent for one "
    "without an account. A three-way contract needs an independent one. May be repeated."
)
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


class Template(StrEnum):
    """With a sponsor, or without."""

    THREE_WAY = "three-way"
    TWO_WAY = "two-way"


TemplateName = Annotated[Template, typer.Argument(help="With a sponsor, or without.")]
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
) -> None:
    """Propose a contract for a new engagement; you assent to it at once, the others with `contract assent`."""
    terms = _terms(
        template, coachee, coach, sponsor, supervisor, contact, share_kind, origin, retention_days, duration_days, words
    )
    with opened(context) as home:
        engagement = home.vault.propose(terms)
        _show(choices_of(context), engagement, engagement.contract, None)


@contract.command("supersede")
def supersede(
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
    engagement: EngagementId = None,
) -> None:
    """Propose terms, all of them anew, that take the place of the active contract once all have assented."""
    terms = _terms(
        template, coachee, coach, sponsor, supervisor, contact, share_kind, origin, retention_days, duration_days, words
    )
    with opened(context) as home:
        found = home.find_engagement(engagement)
        _show(choices_of(context), found, found.supersede(terms), None)


@contract.command("show")
def show(context: typer.Context, contract_id: ContractId = None, engagement: EngagementId = None) -> None:
    """Show the contract that counts, and a proposal that waits, in plain words made from what policy enforces."""
    choices = choices_of(context)
    with opened(context) as home:
        found = home.find_engagement(engagement)
        chosen = _choose(found, contract_id) if contract_id else found.contract
        _show(choices, found, chosen, _words(found, chosen))
        if contract_id is None and found.proposal is not None and found.proposal.id != chosen.id:
            advise(choices, f"A proposal waits: coach-vault contract show --contract {found.proposal.id}")


@contract.command("assent")
def assent(
    context: typer.Context, contract_id: ContractId = None, engagement: EngagementId = None, yes: Yes = False
) -> None:
    """Read a contract and say yes to it."""
    choices = choices_of(context)
    with opened(context) as home:
        found = home.find_engagement(engagement)
        chosen = _choose(found, contract_id) if contract_id else found.proposal or found.contract
        words = _words(found, chosen)
        if not choices.as_json:
            _show(choices, found, chosen, words)
        agree(choices, "Assent to this contract?", yes)
        found.assent(chosen.id)
        now = _choose(found, chosen.id)
        say(choices, f"assented; the contract is {now.state}{_waiting_for(now)}", _members(found, now, words))


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


def _read_words(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise UsageError("the file with your own words cannot be read as UTF-8") from None


def _choose(engagement: Engagement, contract_id: str) -> ContractTerms:
    found = next((each for each in engagement.contracts if each.id == contract_id), None)
    if found is None:
        raise Refused(Code.NOT_FOUND)
    return found


def _waiting_for(proposed: ContractTerms) -> str:
    """Whose assent a proposal waits for; nothing where it waits for nobody."""
    missing = [one_line(name) for name in proposed.parties.values() if name not in proposed.assented]
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


def _show(choices: Choices, engagement: Engagement, chosen: ContractTerms, words: str | None) -> None:
    lines = [f"engagement  {engagement.id}", f"contract    {chosen.id}", f"state       {chosen.state}"]
    assented = ", ".join(one_line(each) for each in chosen.assented) or "nobody"
    lines += [f"assented    {assented}", "", printable(chosen.text).rstrip("\n")]
    if words:
        lines += ["", "In the author's own words:", printable(words)]
    say(choices, lines, _members(engagement, chosen, words))


def _members(engagement: Engagement, chosen: ContractTerms, words: str | None) -> dict[str, Any]:
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
    }
