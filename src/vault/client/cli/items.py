"""Items of one kind: add from a file, list, show, edit."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from vault.client.cli.choices import Choices, choices_of
from vault.client.cli.columns import SHORT_DIGITS, fit, shorten
from vault.client.cli.contracts import EngagementId
from vault.client.cli.files import is_text, title_of, write_new_file
from vault.client.cli.opening import opened
from vault.client.cli.speaking import moment, one_line, printable, say
from vault.client.device.names import YOU
from vault.client.errors import UsageError
from vault.client.sdk.synchronous.engagements import Engagement
from vault.client.sdk.synchronous.items import ItemHandle, Shelf

ItemId = Annotated[str, typer.Argument(metavar="ID", help="Its first digits, as `list` shows them.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="The text; - is standard input.")]
Title = Annotated[str | None, typer.Option(help="The file's name unless given. It is sealed too.")]
Output = Annotated[Path | None, typer.Option(metavar="FILE", help="Write the exact bytes to a new file.")]

SHELVES: dict[str, Callable[[Engagement], Shelf]] = {
    "note": lambda engagement: engagement.notes,
    "draft": lambda engagement: engagement.drafts,
    "goal": lambda engagement: engagement.goals,
    "action": lambda engagement: engagement.actions,
    "assessment": lambda engagement: engagement.assessments,
    "summary": lambda engagement: engagement.summaries,
}
ABOUT = {
    "note": "What was said and thought: coach and coachee read it; --private keeps it to its author.",
    "draft": "A proposed summary: the coach writes, the coachee reads.",
    "goal": "What is to be reached.",
    "action": "What is to be done.",
    "assessment": "Where things stand.",
    "summary": "The coachee's own words: the only thing that can be disclosed.",
}


def group(word: str) -> typer.Typer:
    """The commands of one kind, with `add`."""
    made = reading_group(word)

    @made.command("add")
    def add(context: typer.Context, file: File, title: Title = None, engagement: EngagementId = None) -> None:
        """Seal a file as a new item."""
        add_from_file(context, word, file, title, engagement)

    return made


def reading_group(word: str) -> typer.Typer:
    """The commands of one kind, without those that add."""
    made = typer.Typer(no_args_is_help=True, help=ABOUT[word])
    shelf_of = SHELVES[word]

    @made.command("list")
    def list_items(context: typer.Context, engagement: EngagementId = None) -> None:
        """The newest versions of all that you can open."""
        with opened(context) as home:
            found = [item_members(each) for each in shelf_of(home.find_engagement(engagement)).list()]
        digits = shorten(each["item"] for each in found)
        rows = [(f"{digits[each['item']]}  {moment(each['created'])}  ", each["title"]) for each in found]
        lines = [fit(row, one_line(title)) for row, title in rows]
        say(choices_of(context), lines or "none yet", {"data": found})

    @made.command("show")
    def show(context: typer.Context, item: ItemId, engagement: EngagementId = None, output: Output = None) -> None:
        """Verify, open and print one."""
        with opened(context) as home:
            found = shelf_of(home.find_engagement(engagement)).get(item)
            show_item(choices_of(context), found, output)

    @made.command("edit")
    def edit(
        context: typer.Context, item: ItemId, file: File, title: Title = None, engagement: EngagementId = None
    ) -> None:
        """Seal a file as the next version."""
        content = read_file(file)
        with opened(context) as home:
            found = shelf_of(home.find_engagement(engagement)).get(item).edit(content, title=title)
            say(choices_of(context), written_line(found), item_members(found))

    return made


summary = reading_group("summary")


@summary.command("new")
def new_summary(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="The text; - is standard input.")] = None,
    from_draft: Annotated[str | None, typer.Option(metavar="ID", help="Take the text of a draft.")] = None,
    title: Title = None,
    only_me: Annotated[bool, typer.Option("--only-me", help="Keep it from the coach too.")] = False,
    engagement: EngagementId = None,
) -> None:
    """Write a summary, which can be disclosed; nothing is disclosed by this."""
    if (file is None) == (from_draft is None):
        raise UsageError("give a FILE, or --from-draft ID")
    content = None if file is None else read_file(file)
    with opened(context) as home:
        found = home.find_engagement_to_write(engagement)
        named = "" if file is None else title_of(file)
        if from_draft is not None:
            draft = found.drafts.get(from_draft)
            content, named = draft.content, draft.title
        made = found.summaries.add(content or b"", title=title or named, with_coach=not only_me)
        say(choices_of(context), written_line(made), item_members(made))


def add_from_file(context: typer.Context, word: str, file: Path, title: str | None, engagement: str | None) -> None:
    """One file as one new item."""
    content = read_file(file)
    with opened(context) as home:
        made = SHELVES[word](home.find_engagement_to_write(engagement)).add(
            content,
            title=title or title_of(file),
            media_type="text/plain" if is_text(content) else "application/octet-stream",
        )
        say(choices_of(context), written_line(made), item_members(made))


def read_file(path: Path) -> bytes:
    """The bytes of a file, or of standard input. Raises: UsageError."""
    if str(path) == "-":
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"the file cannot be read: {error.strerror}") from None


def show_item(choices: Choices, item: ItemHandle, output: Path | None) -> None:
    """The item on standard output, or its exact bytes in a new file."""
    members = item_members(item)
    if output is not None:
        write_new_file(output, item.content)
        say(choices, f"{len(item.content)} bytes written", members | {"output": str(output)})
        return
    lines = [
        f"title    {one_line(item.title)}",
        f"kind     {item.kind}, version {item.version}",
        f"author   {one_line(item.author)}, {moment(item.created)} UTC",
        f"readers  {', '.join(one_line(reader.name) for reader in item.readers)}",
        *(f"attached {one_line(each.name)}, {each.size} bytes, {each.id}" for each in item.attachments),
        "",
    ]
    if is_text(item.content):
        lines.append(printable(item.body))
    else:
        lines.append(f"{len(item.content)} bytes that are no text; write them to a file with --output FILE")
    say(choices, lines, members | {"body": item.body})


def written_line(item: ItemHandle) -> str:
    """What was written, and for whom: "e8b4c1d2  version 1, sealed for you and Marek"."""
    names = sealed_for(reader.name for reader in item.readers if reader.by == "seal")
    return f"{item.id[:SHORT_DIGITS]}  version {item.version}, {names}"


def sealed_for(names: Iterable[str]) -> str:
    """Who can open it, this person first: "sealed for you and Marek", or "sealed for you alone"."""
    others = sorted(one_line(name) for name in names if name != YOU)
    return f"sealed for you and {', '.join(others)}" if others else "sealed for you alone"


def item_members(item: ItemHandle) -> dict[str, Any]:
    """An item without its text."""
    return {
        "item": item.id,
        "version": item.version,
        "kind": item.kind,
        "title": item.title,
        "media_type": item.media_type,
        "size": len(item.content),
        "author": item.author,
        "created": item.created,
        "readers": [reader.name for reader in item.readers],
        "attachments": [asdict(each) for each in item.attachments],
    }
