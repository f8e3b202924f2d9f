"""`preview`, `disclose`, `withdraw`, `inbox`, `open`: what goes to a sponsor, seen from both sides."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from vault.client.acts.choosing import choose_id
from vault.client.cli.acquaintances import agree_to_changed, people_lines, people_members
from vault.client.cli.choices import Choices, choices_of
from vault.client.cli.columns import SHORT_DIGITS, fit, shorten
from vault.client.cli.contracts import AlthoughChanged, EngagementId, Yes
from vault.client.cli.files import require_new_file, write_new_file
from vault.client.cli.items import Output
from vault.client.cli.opening import OpenHome, opened
from vault.client.cli.speaking import advise, agree, end, moment, one_line, printable, say
from vault.client.cli.words import about
from vault.client.errors import UsageError
from vault.client.reading.recalling import ensure_view
from vault.client.sdk.synchronous.disclosures import DisclosureHandle, ReceivedHandle
from vault.client.sdk.synchronous.items import Preview
from vault.client.sdk.values import Disclosed, Opened
from vault.client.showing import day
from vault.protocol.problems import Code, Refused
from vault.protocol.vocabulary import Locale, Purpose, ShareKind

NEVER = "never"
THE_COACHEE = "the coachee"

SummaryId = Annotated[str, typer.Argument(metavar="SUMMARY", help="Its first digits, as `summary list` shows them.")]
DisclosureId = Annotated[
    str, typer.Argument(metavar="DISCLOSURE", help="Its first digits, as `inbox` or `disclosures` shows them.")
]
SomeDisclosure = Annotated[str | None, typer.Argument(metavar="DISCLOSURE", help="Show the text of this one.")]
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
    although_changed: AlthoughChanged = False,
) -> None:
    """Show the same as `preview`, ask, and seal it for the sponsor."""
    choices = choices_of(context)
    ends = read_until(until)
    with opened(context) as home:
        shown = _preview(home, engagement, summary, recipient, share_kind, purpose, ends, locale)
        if not choices.as_json:
            say(choices, _preview_lines(shown), {})
        agree(choices, f"Seal for {one_line(shown.recipient)}?", yes)
        agree_to_changed(choices, [shown.who], although_changed)
        made = shown.disclose(although_changed=True)
        say(choices, f"disclosure {made.id[:SHORT_DIGITS]}", _preview_members(shown) | {"disclosure": made.id})
    advise(choices, "`coach-vault disclosures` shows who opened it. `coach-vault withdraw` ends it: from then on it is")
    advise(choices, "not served any more, and copies cannot be recalled.")


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
        *people_lines([shown.who]),
        "",
        shown.consent.rstrip("\n"),
        "",
    ]


def _preview_members(shown: Preview) -> dict[str, Any]:
    return {
        "recipient": shown.recipient,
        "who": people_members([shown.who])[0],
        "title": shown.title,
        "body": shown.body,
        "share_kind": shown.share_kind,
        "purpose": shown.purpose,
        "expires": shown.expires,
        "consent": shown.consent,
    }


def list_disclosures(
    context: typer.Context, disclosure: SomeDisclosure = None, engagement: EngagementId = None
) -> None:
    """What was disclosed: to whom, until when, and whether it was opened; or one, with its text and every opening."""
    choices = choices_of(context)
    with opened(context) as home:
        if disclosure is not None:
            _show_disclosed(choices, _find_disclosure(home, engagement, disclosure))
            return
        found = [each.describe() for each in home.find_engagement(engagement).disclosures()]
    members = {"data": [_disclosed_members(one) for one in found]}
    say(choices, disclosed_lines(found) or "nothing was disclosed", members)


def _show_disclosed(choices: Choices, held: DisclosureHandle) -> None:
    one, text = held.describe(), held.read()
    lines = [
        one_line(text.title),
        f"{_state(one)}, for {one_line(one.recipient)}, {about(one.share_kind, one.purpose)}",
    ]
    lines += [f"opened by {one_line(each.name)} at {moment(each.time)} UTC" for each in one.openings]
    say(choices, [*lines, "", printable(text.body)], _disclosed_members(one) | {"body": text.body})


def disclosed_lines(found: Sequence[Disclosed]) -> list[str]:
    """One line each: id, day, end or state, whether it was opened, to whom, and the title or what it is about."""
    digits = shorten(one.id for one in found)
    lines = []
    for one in found:
        row = _row(digits[one.id], one.given, _state(one), is_opened=bool(one.openings))
        what = about(one.share_kind, one.purpose) if one.title is None else one_line(one.title)
        lines.append(fit(row, f"{one_line(one.recipient)}: {what}"))
    return lines


def _row(digits: str, given: int, state: str, *, is_opened: bool) -> str:
    return f"{digits}  {day(given)} {state:16}  {'opened' if is_opened else 'unopened':8}  "


def _state(one: Disclosed) -> str:
    return _until(one.expires) if one.state == "live" else one.state


def _until(expires: int | None) -> str:
    return "without end" if expires is None else f"until {day(expires)}"


def _disclosed_members(one: Disclosed) -> dict[str, Any]:
    members = asdict(one)
    return {"disclosure": members.pop("id"), **members, "openings": [asdict(each) for each in one.openings]}


def withdraw(context: typer.Context, disclosure: DisclosureId, engagement: EngagementId = None) -> None:
    """Serve a disclosure no more. No reason is asked."""
    with opened(context) as home:
        held = _find_disclosure(home, engagement, disclosure)
        receipt = held.withdraw()
    members = {"disclosure": held.id, "openings": receipt.openings, "limits": receipt.limits}
    say(choices_of(context), receipt.limits, members)


def _find_disclosure(home: OpenHome, engagement: str | None, disclosure: str) -> DisclosureHandle:
    known: dict[bytes, bytes] = {}
    for each in home.list_engagements_to_write(engagement):
        try:
            view = home.run(ensure_view(home.session, each))
        except Refused as refused:  # others' journals are not this person's to read
            if refused.code != Code.ROLE_REFUSED:
                raise
            continue
        known |= dict.fromkeys(view.replay.disclosures, each)
    statement = choose_id(disclosure, 32, known)
    if statement not in known:
        raise Refused(Code.NOT_FOUND)
    return DisclosureHandle(home.session, home.driver, known[statement], statement)


def inbox(context: typer.Context) -> None:
    """What coachees have disclosed to you and is live."""
    with opened(context) as home:
        found = home.vault.inbox()
    members = [
        {
            "disclosure": each.id,
            "engagement": each.engagement,
            "from": each.sender,
            "account": each.sender_account,
            "given": each.given,
            "opened": each.opened,
            "share_kind": each.share_kind,
            "purpose": each.purpose,
            "expires": each.expires,
        }
        for each in found
    ]
    say(choices_of(context), received_lines(found) or "nothing is here", {"data": members})


def received_lines(found: Sequence[ReceivedHandle]) -> list[str]:
    """One line each: id, day, end, whether this device has opened it, from whom, and what it is about."""
    digits = shorten(each.id for each in found)
    lines = []
    for each in found:
        row = _row(digits[each.id], each.given, _until(each.expires), is_opened=each.opened is not None)
        account = f" {each.sender_account[:SHORT_DIGITS]}" if each.sender == THE_COACHEE else ""
        lines.append(fit(row, f"{one_line(each.sender)}{account}: {about(each.share_kind, each.purpose)}"))
    return lines


def open_disclosure(context: typer.Context, disclosure: DisclosureId, output: Output = None) -> None:
    """Sign an opening, which the coachee will see, and read the text."""
    choices = choices_of(context)
    require_new_file(output)
    with opened(context) as home:
        held = _find_received(home, disclosure)
        text = home.vault.open(disclosure) if held is None else held.open()
        _show_opened(choices, disclosure if held is None else held.id, text, output)
    advise(choices, "The coachee sees that you opened it. It serves its purpose alone, never an evaluation.")


def _find_received(home: OpenHome, disclosure: str) -> ReceivedHandle | None:
    found = {bytes.fromhex(each.id): each for each in home.vault.inbox()}
    return found.get(choose_id(disclosure, 32, found))


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
