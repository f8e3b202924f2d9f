"""`coach-vault note`: many files and folders at once, again and again, without doubling."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from vault.client.acts.bulk import add_file
from vault.client.acts.items import Text
from vault.client.acts.joining import flush_all
from vault.client.cli.choices import Choices, choices_of
from vault.client.cli.contracts import EngagementId
from vault.client.cli.files import is_text, key_of, list_files, list_links, read_regular_file, title_of
from vault.client.cli.items import reading_group, sealed_for
from vault.client.cli.opening import OpenHome, opened
from vault.client.cli.refusals import REFUSED, Unfinished
from vault.client.cli.speaking import advise, one_line, progress, say, tell
from vault.client.device.waiting import FileKey
from vault.client.errors import Unreachable, UsageError
from vault.client.network.calls import run_unanswered
from vault.errors import VaultError
from vault.protocol.limits import INLINE_BUCKET_MAXIMUM_BYTES
from vault.protocol.problems import Refused
from vault.protocol.vocabulary import ItemKind

PATIENCE_SECONDS = 3_600

note = reading_group("note")


@dataclass(slots=True)
class Added:
    """What has become of the files so far."""

    added: list[dict[str, Any]] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failed: list[dict[str, str]] = field(default_factory=list)
    away: Unreachable | None = None

    def others(self) -> str:
        """What became of the files that were not added."""
        skipped = f"; {len(self.skipped)} were there already" if self.skipped else ""
        return skipped + (f"; {len(self.failed)} could not be added" if self.failed else "")

    def members(self, engagement: str) -> dict[str, Any]:
        """For the JSON object."""
        return {"engagement": engagement, "added": self.added, "skipped": self.skipped, "failed": self.failed}


def count_notes(count: int) -> str:
    """The number of notes, as people say it."""
    return "1 note" if count == 1 else f"{count} notes"


@note.command("add")
def add(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", exists=True, help="Files and folders.")],
    private: Annotated[bool, typer.Option("--private", help="For your own eyes alone.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Add files that were added before a second time.")] = False,
    engagement: EngagementId = None,
) -> None:
    """Seal files as notes. Run it again after anything went wrong: what was added before is left out."""
    choices = choices_of(context)
    files = list_files(paths)
    with opened(context) as home:
        found = home.find_engagement_to_write(engagement)
        done = Added()
        try:
            _add_all(
                home,
                choices,
                bytes.fromhex(found.id),
                files,
                ItemKind.PRIVATE if private else ItemKind.NOTE,
                again,
                done,
            )
        except VaultError as error:
            raise Unfinished(error, **done.members(found.id)) from error
        is_shared = bool(done.added) and not private
        names = home.list_journal_readers(bytes.fromhex(found.id)) if is_shared else []
        links = list_links(paths)
        members = done.members(found.id) | {"left_out": [key_of(link) for link in links]}
    told = f"{count_notes(len(done.added))} {sealed_for(names)}" if done.added else "no note added"
    say(choices, f"{told}{done.others()}", members)
    if not files:
        advise(choices, "There is no file in it; names that begin with a dot are left out of folders.")
    for link in links:
        advise(choices, f"left out: {one_line(str(link))}: a link inside a folder; name it yourself to add it")
    for each in done.failed:
        tell(f"not added: {one_line(each['path'])}: {each['reason']}")
    if done.failed:
        raise typer.Exit(REFUSED)


def _add_all(
    home: OpenHome, choices: Choices, engagement: bytes, files: list[Path], kind: ItemKind, again: bool, done: Added
) -> None:
    """Every file in its turn; one that cannot be a note is listed, and the rest goes on.

    Where nobody answers, the rest is signed all the same and waits. Raises: Refused; Unreachable, at the end.
    """
    try:
        patiently(home, choices)
    except Unreachable as error:
        done.away = error
    with progress(choices) as bar:
        task = bar.add_task("sealing", total=len(files))
        for path in files:
            shown = key_of(path)
            try:
                content = read_regular_file(path, INLINE_BUCKET_MAXIMUM_BYTES)
                key = FileKey.of(engagement, shown, content)
                if not again and home.session.outbox.progress.get(key) is not None:
                    done.skipped.append(shown)
                else:
                    media_type = "text/plain" if is_text(content) else "application/octet-stream"
                    statement = _add_one(home, choices, key, kind, Text(content, title_of(path), media_type), done)
                    done.added.append({"path": shown, "statement": statement.hex()})
            except UsageError as error:
                done.failed.append({"path": shown, "reason": str(error)})
            bar.advance(task)
    if done.away is not None:
        raise done.away


def _add_one(home: OpenHome, choices: Choices, key: FileKey, kind: ItemKind, text: Text, done: Added) -> bytes:
    """The statement that the file became; a busy server is waited for, and one that is away is asked once."""
    before = home.session.outbox.progress.get(key)
    try:
        return (home.run if done.away is None else run_unanswered)(add_file(home.session, key, kind, text)).statement.id
    except Unreachable as error:
        statement = home.session.outbox.progress.get(key)
        if statement is None or statement == before:
            raise
        if find_pause(error) is None:
            done.away = error
        else:
            patiently(home, choices)
        return statement


def patiently(home: OpenHome, choices: Choices) -> None:
    """Send what waits, pausing as often and as long as a busy server asks. Raises: Unreachable; Refused."""
    waited = 0
    while True:
        try:
            home.run(flush_all(home.session))
        except Unreachable as error:
            pause = find_pause(error)
            if pause is None or waited + pause > PATIENCE_SECONDS:
                raise
            advise(choices, f"the deployment asks to wait {pause} s")
            time.sleep(pause)
            waited += pause
        else:
            return


def find_pause(error: Unreachable) -> int | None:
    """How many seconds a busy server asked to wait; None where there was no answer at all."""
    cause = error.__cause__
    return max(1, cause.retry_after_seconds or 1) if isinstance(cause, Refused) else None
