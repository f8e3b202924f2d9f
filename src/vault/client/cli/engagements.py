"""An engagement as a whole: the list of them, the journal, who reads what, and the end."""

from typing import Annotated, Any

import typer

from vault.client.acts.identities import list_strangers
from vault.client.cli.choices import choices_of
from vault.client.cli.columns import SHORT_DIGITS, fit, shorten
from vault.client.cli.contracts import EngagementId, Yes
from vault.client.cli.items import sealed_for
from vault.client.cli.opening import opened, with_others
from vault.client.cli.refusals import NOT_VERIFIED
from vault.client.cli.speaking import advise, agree, moment, one_line, say, tell
from vault.client.cli.words import plain
from vault.client.device.names import YOU, find_role_word
from vault.client.errors import UsageError
from vault.client.sdk.synchronous.engagements import Engagement
from vault.client.sdk.values import JournalLine
from vault.protocol.vocabulary import ClosureReason, Role

TOLD = ("kind", "version", "share_kind", "purpose", "reason", "generation", "item", "disclosure", "of")


def list_all(context: typer.Context) -> None:
    """All engagements that name you, verified."""
    with opened(context) as home:
        found = home.vault.engagements.list()
        apart = [each.hex() for each in home.run(list_strangers(home.session))]
    digits = shorten(each.id for each in found)
    lines, rows = [], []
    broken = [each for each in found if each.problem is not None]
    for each in sorted((each for each in found if each.problem is None), key=others):
        state, parties = "closed" if each.closed else each.contract.state, dict(each.contract.parties)
        lines.append(fit(f"{digits[each.id]}  {state:8}  ", others(each)))
        rows.append({"engagement": each.id, "role": each.role, "state": state, "parties": parties})
    problems = [{"engagement": each.id, "detail": str(each.problem)} for each in broken]
    say(choices_of(context), lines or "none yet", {"data": rows, "not_verified": problems, "strangers": apart})
    for each in broken:
        tell(f"not verified: {each.id}: {each.problem}")
    for one in apart:
        advise(
            choices_of(context),
            f"A stranger proposes: coach-vault contract show --engagement {one}; or coach-vault ignore {one}",
        )
    if broken:
        raise typer.Exit(NOT_VERIFIED)


def ignore(
    context: typer.Context,
    engagement: Annotated[str, typer.Argument(metavar="ID", help="32 hex digits; `engagements` shows them.")],
) -> None:
    """Hear nothing of a stranger's proposal any more, on this device. Nothing is sent."""
    with opened(context) as home:
        home.vault.engagements.ignore(engagement)
        say(choices_of(context), "ignored on this device", {"engagement": engagement, "ignored": True})


def others(engagement: Engagement) -> str:
    """Who else is in it: "with Marek (coachee), Ana (sponsor)"."""
    parties = engagement.contract.parties
    return with_others((role, parties[role]) for role in Role if parties.get(role, YOU) != YOU)


def journal(context: typer.Context, engagement: EngagementId = None) -> None:
    """Every entry, verified, one line each: number, time (UTC), leaf of the log, who, what."""
    with opened(context) as home:
        lines = home.find_engagement_to_write(engagement).journal()
    members = {"data": [_members(line) for line in lines]}
    say(choices_of(context), [_line(line) for line in lines], members)


def _line(line: JournalLine) -> str:
    told = "  ".join(
        f"{plain(name)} {plain(str(line.members[name]))}" for name in TOLD if line.members.get(name) is not None
    )
    place = f"{line.seq:5}  {moment(line.time)}  {line.receipt.index:8}"
    return f"{place}  {one_line(line.name)}  {line.type}  {told}".rstrip()


def _members(line: JournalLine) -> dict[str, Any]:
    return {
        "seq": line.seq,
        "time": line.time,
        "name": line.name,
        "type": line.type,
        "statement": line.statement,
        "members": dict(line.members),
        "leaf": line.receipt.index,
        "receipt": line.receipt.text,
    }


def readers(
    context: typer.Context,
    item: Annotated[str, typer.Argument(help="A note, draft, summary, ...; its first digits do.")],
    engagement: EngagementId = None,
) -> None:
    """Who can open an item: from verified seals and your own disclosures, never from a setting."""
    with opened(context) as home:
        held = home.find_engagement(engagement).notes.get(item)
        found = held.readers
    lines = [
        f"{one_line(each.name)}  by {'a seal' if each.by == 'seal' else 'disclosure ' + each.by[:SHORT_DIGITS]}"
        for each in found
    ]
    members = {"item": held.id, "data": [{"name": e.name, "account": e.account, "by": e.by} for e in found]}
    say(choices_of(context), lines, members)


def reseal(
    context: typer.Context,
    item: Annotated[str, typer.Argument(help="Its first digits.")],
    recipient: Annotated[
        str | None, typer.Option("--for", metavar="NAME", help="Let the supervisor of the contract read this version.")
    ] = None,
    engagement: EngagementId = None,
) -> None:
    """Seal an item again: to readers whose keys have changed, or, by the coachee alone, to the supervisor."""
    with opened(context) as home:
        found = home.find_engagement(engagement)
        held = found.notes.get(item)
        if recipient is None:
            held.reseal()
        else:
            supervisor = found.contract.parties.get(Role.SUPERVISOR)
            if supervisor is None:
                raise UsageError("the contract names no supervisor")
            if recipient != supervisor and find_role_word(recipient) is not Role.SUPERVISOR:
                raise UsageError(
                    "an item is sealed to nobody but the supervisor of the contract; a summary is disclosed"
                )
            held.seal_for_supervisor()
        names = [one.name for one in found.notes.get(held.id).readers]
        say(choices_of(context), f"{held.id[:SHORT_DIGITS]}  {sealed_for(names)}", {"item": held.id, "readers": names})


def close(
    context: typer.Context,
    reason: Annotated[ClosureReason, typer.Option(help="Why it ends.")],
    engagement: EngagementId = None,
    yes: Yes = False,
) -> None:
    """End an engagement: no note and no contract after it. All else goes on; no sponsor is told."""
    choices = choices_of(context)
    with opened(context) as home:
        found = home.find_engagement_to_write(engagement)
        names = with_others(home.list_others(bytes.fromhex(found.id)))
        agree(choices, f"Close engagement {found.id[:SHORT_DIGITS]} {names}? This cannot be undone.", yes)
        found.close(reason)
        say(choices, "closed", {"engagement": found.id, "closed": True, "reason": reason.value})
    advise(choices, "What was written stays readable to its readers until it is erased.")
