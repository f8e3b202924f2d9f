"""Enrolment tokens from the operator's side: made, listed by their digests, and ended."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from vault.protocol.limits import ENROLMENT_MAXIMUM_SECONDS, ENROLMENT_SECONDS
from vault.server.clock import random_bytes, unix_seconds
from vault.server.commands.apps import SHOWN_ONCE, Slug
from vault.server.commands.output import AsJson, DataFolder, advise, say
from vault.server.opening import open_folder
from vault.server.resources.apps.actions import require_app, require_app_in_use
from vault.server.resources.enrolments.actions import create_enrolment, revoke_enrolment, revoke_enrolments
from vault.server.resources.enrolments.rows import EnrolmentRow, list_enrolments, list_open_enrolments

enrolments = typer.Typer(no_args_is_help=True, help="Enrolment tokens.")
_DIGITS_SHOWN = 16


@enrolments.command("create")
def create_token(
    slug: Slug,
    expires_in_seconds: Annotated[int, typer.Option(min=1, max=ENROLMENT_MAXIMUM_SECONDS)] = ENROLMENT_SECONDS,
    data: DataFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Print a token with which one person makes an account."""
    storage = open_folder(data).storage
    require_app_in_use(storage, slug)
    made = create_enrolment(storage, slug, expires_in_seconds, random_bytes, unix_seconds())
    say(made.token, {"token": made.token, "expires": made.expires}, as_json)
    advise(SHOWN_ONCE)


@enrolments.command("list")
def list_tokens(
    with_ended: Annotated[bool, typer.Option("--all", help="Those that were used or have ended, too.")] = False,
    data: DataFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Tokens with which somebody can join still, each by the beginning of its digest."""
    now = unix_seconds()
    with open_folder(data).storage.reading() as connection:
        rows = list_enrolments(connection) if with_ended else list_open_enrolments(connection, now)
    members = [{"token": _name(row), "app": row.app, "expires": row.expires, "state": _state(row, now)} for row in rows]
    lines = [
        f"{_name(row)}  {row.app}  {_state(row, now)}, until {datetime.fromtimestamp(row.expires, UTC):%Y-%m-%d %H:%M}"
        for row in rows
    ]
    say(
        "\n".join(lines) or "no open tokens; make one with `coach-vault-server enrolments create`",
        {"data": members},
        as_json,
    )


@enrolments.command("revoke")
def revoke(
    token: Annotated[str | None, typer.Argument(help="Its digest, or eight digits or more of its beginning.")] = None,
    app: Annotated[str | None, typer.Option(help="All open tokens of this app instead.")] = None,
    data: DataFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """End tokens that nobody has used; whoever has joined keeps the account."""
    if (token is None) == (app is None):
        raise typer.BadParameter("name one token, or an app with --app")
    storage, now = open_folder(data).storage, unix_seconds()
    if app is not None:
        require_app(storage, app)
        count = revoke_enrolments(storage, app, now)
    else:
        revoke_enrolment(storage, token or "", now)
        count = 1
    say(f"{count} token{'' if count == 1 else 's'} revoked", {"revoked": count}, as_json)


def _name(row: EnrolmentRow) -> str:
    return row.token_sha256.hex()[:_DIGITS_SHOWN]


def _state(row: EnrolmentRow, now: int) -> str:
    return "used" if row.is_used else "open" if row.expires > now else "ended"
