"""`coach-vault attach` and `get-attachment`: files of any size, with progress, stopped and run again at will."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TaskID, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.progress import Progress as Bars

from vault.client.acts.attachments import add_with_files, attach, find_attachment
from vault.client.acts.downloading import save_attachment
from vault.client.acts.items import Text
from vault.client.acts.supervised import read_readable
from vault.client.acts.uploading import Progress, Report
from vault.client.cli.choices import Choices, choices_of
from vault.client.cli.contracts import EngagementId
from vault.client.cli.files import require_new_file, title_of
from vault.client.cli.items import ItemId, item_members, written_line
from vault.client.cli.notes import PATIENCE_SECONDS, find_pause
from vault.client.cli.opening import OpenHome, opened
from vault.client.cli.speaking import advise, one_line, say
from vault.client.errors import Unreachable, UsageError
from vault.client.network.calls import Act
from vault.client.sdk.synchronous.items import ItemHandle
from vault.protocol.vocabulary import ItemKind

Value = TypeVar("Value")


def attach_files(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files of any kind and size.")],
    to: Annotated[
        str | None, typer.Option(metavar="ITEM", help="The item that they go to; a new note unless given.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="Of a new note; the first file's name unless given.")] = None,
    engagement: EngagementId = None,
) -> None:
    """Seal files and attach them to an item. Stopped or cut off, run it again: it goes on where it was."""
    choices = choices_of(context)
    if to is not None and title is not None:
        raise UsageError("--title is for a new note; leave it out, or leave out --to")
    with opened(context) as home:
        chosen = home.find_engagement(engagement)
        found = bytes.fromhex(chosen.id)
        with reporting(choices) as report:
            if to is None:
                text = Text(b"", title or title_of(files[0]))
                act = partial(add_with_files, home.session, found, ItemKind.NOTE, text, files, report)
            else:
                act = partial(attach, home.session, found, home.find_item(chosen, to), files, report)
            written = ItemHandle(home.session, home.driver, found, _patiently(home, choices, act))
        say(choices, written_line(written), item_members(written))


def get_attachment(
    context: typer.Context,
    item: ItemId,
    named: Annotated[str | None, typer.Argument(metavar="NAME", help="Its name or id, where there are more.")] = None,
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="A new file; needed.")] = None,
    engagement: EngagementId = None,
) -> None:
    """Fetch, verify and open an attachment. Stopped or cut off, run it again: it goes on where it was."""
    choices = choices_of(context)
    if output is None:
        raise UsageError("say where it goes with --output FILE; names that others gave to files are not used here")
    require_new_file(output)
    with opened(context) as home:
        chosen = home.find_engagement(engagement)
        view = home.run(read_readable(home.session, bytes.fromhex(chosen.id), home.find_item(chosen, item)))
        attached = find_attachment(view, named)
        with reporting(choices) as report:
            _patiently(home, choices, partial(save_attachment, home.session, view, attached, output, report))
        header = attached.header
        members = {
            "item": view.body.item.hex(),
            "attachment": header.id.hex(),
            "name": header.name,
            "media_type": header.media_type,
            "size": header.size,
            "output": str(output),
        }
        say(choices, f"{header.size} bytes written", members)


@contextmanager
def reporting(choices: Choices) -> Iterator[Report]:
    """A bar on standard error for each thing that is done with each file; nothing where it is not wanted."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),  # names are no markup
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    tasks: dict[str, TaskID] = {}
    with Bars(*columns, console=console, disable=choices.quiet or not console.is_terminal) as bars:

        def report(progress: Progress) -> None:
            label = f"{progress.what} {one_line(progress.name)}"
            if label not in tasks:
                tasks[label] = bars.add_task(label, total=progress.total)
            bars.update(tasks[label], completed=progress.done)

        yield report


def _patiently(home: OpenHome, choices: Choices, act: Callable[[], Act[Value]]) -> Value:
    """What the act returns, begun again as often and as long as a busy server asks to wait. Raises: Unreachable."""
    waited = 0
    while True:
        try:
            return home.run(act())
        except Unreachable as error:
            pause = find_pause(error)
            if pause is None or waited + pause > PATIENCE_SECONDS:
                raise
            advise(choices, f"the deployment asks to wait {pause} s")
            time.sleep(pause)
            waited += pause
