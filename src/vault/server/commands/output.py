"""The output of commands: one line for a person, or one JSON object; progress and advice go to standard error."""

from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from vault.errors import VaultError
from vault.protocol.problems import Refused
from vault.server.http.problems import problem_members
from vault.server.storage.durability import NotDurable

DataFolder = Annotated[
    Path,
    typer.Option("--data", envvar="COACH_VAULT_DATA", help="The data folder that `init` made.", show_default="here"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def say(lines: str, members: dict[str, Any], as_json: bool) -> None:
    """The lines for a person, or the members as one JSON object."""
    typer.echo(orjson.dumps(members).decode() if as_json else lines)


def say_version(wanted: bool) -> None:
    """Print the version and end, where it is asked for."""
    if wanted:
        typer.echo(version("coach-vault"))
        raise typer.Exit


def advise(line: str) -> None:
    """A line beside the result, for a person."""
    typer.echo(line, err=True)


def say_error(error: VaultError, as_json: bool) -> None:
    """What went wrong and what to do, in one line; as JSON the problem object where there is one."""
    if as_json:
        members = problem_members(error) if isinstance(error, Refused) else {"error": str(error)}
        typer.echo(orjson.dumps(members).decode())
    elif isinstance(error, Refused) and not isinstance(error, NotDurable):
        advise(f"error: {error.problem.title} ({error.code}); check that the database named in the settings is up")
    else:
        advise(f"error: {error}")
