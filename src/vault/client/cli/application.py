"""The command joined from its groups, and the one place where an error becomes words and an exit code."""

import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from vault.client.cli import (
    attachments,
    contracts,
    disclosing,
    engagements,
    exports,
    items,
    notes,
    outbox,
    people,
    rollback,
    searching,
    statements,
    tlog,
)
from vault.client.cli.choices import Choices
from vault.client.cli.identity import identity
from vault.client.cli.listing import Listing
from vault.client.cli.refusals import INTERRUPTED, REFUSED, exit_code, problem_of, sentence_of
from vault.client.cli.speaking import Declined, hand_over, say_json, tell
from vault.client.errors import UsageError

WITH_VALUE = ("--home", "--server", "--passphrase-file")
ALONE = ("--json", "--quiet")
PAIR, COACHEE, SPONSOR = "For coach and coachee", "For the coachee", "For a sponsor"

app = typer.Typer(
    name="coach-vault",
    cls=Listing,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def print_version(wanted: bool) -> None:
    """Print the version and end, where it is asked for."""
    if wanted:
        hand_over(version("coach-vault"))
        raise typer.Exit


@app.callback()
def global_options(
    context: typer.Context,
    home: Annotated[
        Path,
        typer.Option(envvar="COACH_VAULT_HOME", metavar="DIR", help="The folder where your identity lives."),
    ] = Path("~/.coach-vault"),
    server: Annotated[
        str | None, typer.Option(metavar="URL", help="The deployment, for new, join and recover.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No advice and no progress on standard error.")] = False,
    passphrase_file: Annotated[
        Path | None,
        typer.Option(
            envvar="COACH_VAULT_PASSPHRASE_FILE", metavar="FILE", help="Read the passphrase here instead of asking."
        ),
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=print_version, help="Print the version.")
    ] = False,
) -> None:
    """Coaching notes that nobody but their readers can open. These options may stand anywhere on the line.

    Exit codes: 0 done, 1 refused, 2 usage, 3 verification failed, 4 unreachable (what was signed is in the outbox), 5
    wrong passphrase.
    """
    context.obj = Choices(_expanded(home), server, as_json, quiet, passphrase_file)


def _expanded(home: Path) -> Path:
    try:
        return home.expanduser()
    except RuntimeError:
        raise UsageError("this device does not say where your own folder is; give --home DIR") from None


app.add_typer(identity, name="identity", cls=Listing)
app.command("invite")(people.invite)
app.command("join")(people.join)
app.add_typer(people.people, name="people", cls=Listing)
app.add_typer(contracts.contract, name="contract", cls=Listing)
app.add_typer(notes.note, name="note", cls=Listing, rich_help_panel=PAIR)
for kind in ("draft", "goal", "action", "assessment"):
    app.add_typer(items.group(kind), name=kind, cls=Listing, rich_help_panel=PAIR)
app.add_typer(items.summary, name="summary", cls=Listing, rich_help_panel=PAIR)
app.command("attach", rich_help_panel=PAIR)(attachments.attach_files)
app.command("get-attachment", rich_help_panel=PAIR)(attachments.get_attachment)
app.command("preview", rich_help_panel=COACHEE)(disclosing.preview)
app.command("disclose", rich_help_panel=COACHEE)(disclosing.disclose)
app.command("withdraw", rich_help_panel=COACHEE)(disclosing.withdraw)
app.command("disclosures", rich_help_panel=COACHEE)(disclosing.list_disclosures)
app.command("inbox", rich_help_panel=SPONSOR)(disclosing.inbox)
app.command("open", rich_help_panel=SPONSOR)(disclosing.open_disclosure)
app.command("search", rich_help_panel=PAIR)(searching.search)
app.command("readers", rich_help_panel=PAIR)(engagements.readers)
app.command("reseal", rich_help_panel=PAIR)(engagements.reseal)
app.command("journal", rich_help_panel=PAIR)(engagements.journal)
app.command("engagements")(engagements.list_all)
app.command("ignore")(engagements.ignore)
app.command("close", rich_help_panel=PAIR)(engagements.close)
app.add_typer(outbox.outbox, name="outbox", cls=Listing)
app.add_typer(rollback.rollback, name="rollback")
app.command("checkpoint")(tlog.checkpoint)
app.command("export")(exports.export)
app.add_typer(statements.statement, name="statement", cls=Listing)


def hoist(arguments: Sequence[str]) -> list[str]:
    """The same line with the global options first, so that they may stand anywhere before a `--`."""
    first: list[str] = []
    rest: list[str] = []
    left = list(arguments)
    while left:
        one = left.pop(0)
        if one == "--":
            return [*first, *rest, one, *left]
        if one in ALONE or one.startswith(tuple(f"{name}=" for name in WITH_VALUE)):
            first.append(one)
        elif one in WITH_VALUE and left:
            first += [one, left.pop(0)]
        else:
            rest.append(one)
    return first + rest


def run(arguments: Sequence[str]) -> int:
    """The exit code of one command line; whatever goes wrong is one line and a hint, or one JSON object."""
    line = hoist(arguments)
    as_json = "--json" in line[: line.index("--")] if "--" in line else "--json" in line
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = app(line, prog_name="coach-vault", standalone_mode=False)
    except (typer.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except Declined:
        tell("Nothing was signed or sent.")
        return REFUSED
    except BrokenPipeError:
        return REFUSED
    except Exception as error:  # the last resort: no traceback ever reaches a person
        _explain(error, as_json)
        return exit_code(error)
    if code == INTERRUPTED:
        if sys.stderr.isatty():
            tell("")  # the question, or a progress bar, stands on the line before
        tell("stopped; nothing that was signed is lost. Run it again to go on.")
    return code if isinstance(code, int) else 0


def _explain(error: Exception, as_json: bool) -> None:
    if as_json:
        say_json(problem_of(error))
    else:
        tell(sentence_of(error))
