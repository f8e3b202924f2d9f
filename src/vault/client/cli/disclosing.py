"""`preview`, `disclose`, `withdraw`, `inbox`, `open`: what goes to a sponsor, seen from both sides."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from vault.client.cli.choices import Choices, choices_of
from vault.client.cli.contracts import EngagementId, Yes
from vault.client.cli.files import require_new_file, write_new_file
from vault.client.cli.items import Output
from vault.client.cli.opening import OpenHome, opened
from vault.client.cli.speaking import advise, agree, end, moment, one_line, printable, say
from vault.client.cli.words import about
from vault.client.errors import UsageError
from vault.client.reading.recalling import ensure_view
from vault.client.sdk.reading_arguments import as_id
from vault.client.sdk.synchronous.disclosures import DisclosureHandle
from vault.client.sdk.synchronous.items import Preview
from vault.client.sdk.values import Opened
from vault.protocol.ids import StatementId
from vault.protocol.problems import Code, Refused
from vault.protocol.vocabulary import Locale, Purpose, ShareKind

NEVER = "never"

SummaryId = Annotated[str, typer.Argument(metavar="SUMMARY", help="32 hex digits; `summary list` shows them.")]
DisclosureId = Annotated[
    str, typer.Argument(metavar="DISCLOSURE", help="64 hex digits; `inbox` or `disclosures` shows them.")
]
Recipient = Annotated[str, typer.Option("--for", metavar="NAME", help="The sponsor, by your nickname, or `sponsor`.")]
About = Annotated[ShareKind, typer.Option(help="What it is about; the contract lists what is allowed.")]
PurposeWord = Annotated[Purpose, typer.Option(help="What it is for.")]
Until = Annotated[
    str | None, typer.Option(metavar="DATE", help="Served until the start of that day (UTC), or `never` ends; 30 days.")
]
Language = Annotated[Locale, typer.Option("--locale", help="The language of the consent text.")]


def preview(
    context: typer.Context,
    summary: SummaryId,
    recipient: Recipient,
    share_kind: About,
    purpose: PurposeWord,
    until: Until = None,
    locale: Language = Locale.EN,
    engagement: EngagementId = None,
) -> None:
    """Show exactly what the sponsor would see, and what you would agree to. Nothing is sent."""
    ends = read_until(until)
    with opened(context) as home:
        shown = _preview(home, engagement, summary, recipient, share_kind, purpose, ends, locale)
        say(choices_of(context), _preview_lines(shown), _preview_members(shown))


def disclose(
    context: typer.Context,
    summary: SummaryId,
    recipient: Recipient,
    share_kind: About,
    purpose: PurposeWord,
    until: Until = None,
    locale: Language = Locale.EN,
    engagement: EngagementId = None,
    yes: Yes = False,
) -> None:
    """Show the same as `preview`, ask, and seal it for the sponsor."""
    choices = choices_of(context)
    ends = read_until(until)
    with opened(context) as home:
        shown = _preview(home, engagement, summary, recipient, share_kind, purpose, ends, locale)
        if not choices.as_json:
            say(choices, _preview_lines(shown), {})
        agree(choices, f"Seal for {one_line(shown.recipient)}?", yes)
        made = shown.disclose()
        say(choices, f"disclosure {made.id}", _preview_members(shown) | {"disclosure": made.id})
    advise(choices, "`coach-vault disclosures` shows who opened it; `coach-vault withdraw` takes it back.")


def read_until(text: str | None) -> datetime | timedelta | None:
    """The end of a disclosure. Raises: UsageError."""
    if text is None:
        return timedelta(days=30)
    if text == NEVER:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise UsageError("expected --until YEAR-MONTH-DAY, such as 2027-01-31, or --until never") from None


def _preview(
    home: OpenHome,
    engagement: str | None,
    summary: str,
    recipient: str,
    share_kind: ShareKind,
    purpose: Purpose,
    expires: datetime | timedelta | None,
    locale: Locale,
) -> Preview:
    item = home.find_engagement(engagement).summaries.get(summary)
    return item.preview(recipient=recipient, share_kind=share_kind, purpose=purpose, expires=expires, locale=locale)


def _preview_lines(shown: Preview) -> list[str]:
    name = one_line(shown.recipient)
    return [
        f"{name} would see exactly this, and nothing else:",
        "",
        f"  {one_line(shown.title)}",
        "",
        *(f"  {line}" for line in printable(shown.body).split("\n")),
        "",
        f"{about(shown.share_kind, shown.purpose)}, {end(shown.expires)}",
        "",
        shown.consent.rstrip("\n"),
        "",
    ]


def _preview_members(shown: Preview) -> dict[str, Any]:
    return {
        "recipient": shown.recipient,
        "title": shown.title,
        "body": shown.body,
        "share_kind": shown.share_kind,
        "purpose": shown.purpose,
        "expires": shown.expires,
        "consent": shown.consent,
    }


def list_disclosures(context: typer.Context, engagement: EngagementId = None) -> None:
    """What was disclosed, its state, and every opening."""
    with opened(context) as home:
        found = [_disclosure(each) for each in home.find_engagement(engagement).disclosures()]
    lines = []
    for each in found:
        lines.append(f"{each['disclosure']}  {each['state']}")
        lines += [f"  opened by {one_line(one['name'])} at {moment(one['time'])} UTC" for one in each["openings"]]
    say(choices_of(context), lines or "nothing was disclosed", {"data": found})


def _disclosure(handle: DisclosureHandle) -> dict[str, Any]:
    openings = [{"name": each.name, "time": each.time} for each in handle.openings()]
    return {"disclosure": handle.id, "state": handle.read_state(), "openings": openings}


def withdraw(context: typer.Context, disclosure: DisclosureId, engagement: EngagementId = None) -> None:
    """Serve a disclosure no more. No reason is asked."""
    with opened(context) as home:
        receipt = _find_disclosure(home, engagement, disclosure).withdraw()
    members = {"disclosure": disclosure, "openings": receipt.openings, "limits": receipt.limits}
    say(choices_of(context), receipt.limits, members)


def _find_disclosure(home: OpenHome, engagement: str | None, disclosure: str) -> DisclosureHandle:
    statement = StatementId(as_id(disclosure, 32))
    for each in home.list_engagements_to_write(engagement):
        try:
            view = home.run(ensure_view(home.session, each))
        except Refused as refused:  # others' journals are not this person's to read
            if refused.code != Code.ROLE_REFUSED:
                raise
            continue
        if view.replay.find_disclosure(statement) is not None:
            return DisclosureHandle(home.session, home.driver, each, statement)
    raise Refused(Code.NOT_FOUND)


def inbox(context: typer.Context) -> None:
    """What coachees have disclosed to you and is live."""
    with opened(context) as home:
        found = home.vault.inbox()
    members = [
        {
            "disclosure": each.id,
            "engagement": each.engagement,
            "from": each.sender,
            "share_kind": each.share_kind,
            "purpose": each.purpose,
            "expires": each.expires,
        }
        for each in found
    ]
    lines = [f"{each.id}  from {one_line(each.sender)}, {about(each.share_kind, each.purpose)}" for each in found]
    say(choices_of(context), lines or "nothing is here", {"data": members})


def open_disclosure(context: typer.Context, disclosure: DisclosureId, output: Output = None) -> None:
    """Sign an opening, which the coachee will see, and read the text."""
    choices = choices_of(context)
    require_new_file(output)
    with opened(context) as home:
        text = home.vault.open(disclosure)
        _show_opened(choices, disclosure, text, output)
    advise(choices, "The coachee sees that you opened it. It serves its purpose alone, never an evaluation.")


def _show_opened(choices: Choices, disclosure: str, text: Opened, output: Path | None) -> None:
    members: dict[str, Any] = {
        "disclosure": disclosure,
        "title": text.title,
        "body": text.body,
        "media_type": text.media_type,
        "share_kind": text.share_kind,
        "purpose": text.purpose,
        "expires": text.expires,
    }
    if output is not None:
        write_new_file(output, text.content)
        say(choices, f"{len(text.content)} bytes written", members | {"output": str(output)})
        return
    what = f"{about(text.share_kind, text.purpose)}, {end(text.expires)}"
    say(choices, [one_line(text.title), what, "", printable(text.body)], members)
