"""Apps and enrolment tokens from the operator's side."""

from pathlib import Path
from typing import Annotated

import typer

from vault.protocol.limits import ENROLMENT_MAXIMUM_SECONDS, ENROLMENT_SECONDS
from vault.server.clock import random_bytes, unix_seconds
from vault.server.commands.output import AsJson, DataFolder, advise, say
from vault.server.opening import open_folder
from vault.server.resources.apps.actions import create_app, disable_app, require_app_in_use, rotate_app
from vault.server.resources.apps.rows import list_apps
from vault.server.resources.enrolments.actions import create_enrolment

apps = typer.Typer(no_args_is_help=True, help="Coaching apps and their keys.")
enrolments = typer.Typer(no_args_is_help=True, help="Enrolment tokens.")

Slug = Annotated[str, typer.Argument(help="The app: a small letter, then letters, digits, hyphens.")]
_SHOWN_ONCE = "Shown once; the server keeps its hash."


@apps.command("create")
def create(slug: Slug, data: DataFolder = Path(), as_json: AsJson = False) -> None:
    """Make an app and print its key."""
    key = create_app(open_folder(data).storage, slug, random_bytes, unix_seconds())
    say(key, {"app": slug, "key": key}, as_json)
    advise(_SHOWN_ONCE)


@apps.command("rotate")
def rotate(slug: Slug, data: DataFolder = Path(), as_json: AsJson = False) -> None:
    """Give an app a new key; the old one ends now."""
    key = rotate_app(open_folder(data).storage, slug, random_bytes)
    say(key, {"app": slug, "key": key}, as_json)
    advise(_SHOWN_ONCE)


@apps.command("disable")
def disable(slug: Slug, data: DataFolder = Path(), as_json: AsJson = False) -> None:
    """End an app's key; people whom it enrolled keep their accounts."""
    disable_app(open_folder(data).storage, slug)
    say(f"{slug} is disabled", {"app": slug, "disabled": True}, as_json)


@apps.command("list")
def list_all(data: DataFolder = Path(), as_json: AsJson = False) -> None:
    """All apps, by slug."""
    with open_folder(data).storage.reading() as connection:
        rows = list_apps(connection)
    lines = [f"{row.app}{'  disabled' if row.disabled else ''}" for row in rows]
    members = {"data": [{"app": row.app, "disabled": row.disabled, "made": row.made} for row in rows]}
    say("\n".join(lines) or "no apps; make one with `coach-vault-server apps create SLUG`", members, as_json)


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
    advise(_SHOWN_ONCE)
