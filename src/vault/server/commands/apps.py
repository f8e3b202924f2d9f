"""Coaching apps from the operator's side."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from vault.server.clock import random_bytes, unix_seconds
from vault.server.commands.output import AsJson, DataFolder, advise, say
from vault.server.opening import open_folder
from vault.server.resources.apps.actions import create_app, disable_app, rotate_app
from vault.server.resources.apps.rows import AppRow, list_apps

apps = typer.Typer(no_args_is_help=True, help="Coaching apps and their keys.")

Slug = Annotated[str, typer.Argument(help="The app: a small letter, then letters, digits, hyphens.")]
SHOWN_ONCE = "Shown once; the server keeps its hash."


@apps.command("create")
def create(slug: Slug, data: DataFolder = Path(), as_json: AsJson = False) -> None:
    """Make an app and print its key."""
    key = create_app(open_folder(data).storage, slug, random_bytes, unix_seconds())
    say(key, {"app": slug, "key": key}, as_json)
    advise(SHOWN_ONCE)


@apps.command("rotate")
def rotate(slug: Slug, data: DataFolder = Path(), as_json: AsJson = False) -> None:
    """Give an app a new key; the old one ends now."""
    key = rotate_app(open_folder(data).storage, slug, random_bytes)
    say(key, {"app": slug, "key": key}, as_json)
    advise(SHOWN_ONCE)


@apps.command("disable")
def disable(slug: Slug, data: DataFolder = Path(), as_json: AsJson = False) -> None:
    """End an app's key; people whom it enrolled keep their accounts."""
    disable_app(open_folder(data).storage, slug)
    say(f"{slug} is disabled", {"app": slug, "disabled": True}, as_json)


@apps.command("list")
def list_all(data: DataFolder = Path(), as_json: AsJson = False) -> None:
    """All apps, by slug, with how many people joined through them, and not who."""
    with open_folder(data).storage.reading() as connection:
        rows = list_apps(connection, unix_seconds())
    lines = [_line(row) for row in rows]
    members = {"data": [_members(row) for row in rows]}
    say("\n".join(lines) or "no apps; make one with `coach-vault-server apps create SLUG`", members, as_json)


def _line(row: AppRow) -> str:
    counts = f"{row.app}  {row.issued} issued, {row.joined} joined, {row.open} open"
    joined = "" if row.last_joined is None else f", last joined {datetime.fromtimestamp(row.last_joined, UTC):%Y-%m-%d}"
    return counts + joined + (", disabled" if row.disabled else "")


def _members(row: AppRow) -> dict[str, Any]:
    return {
        "app": row.app,
        "disabled": row.disabled,
        "made": row.made,
        "enrolments": {"issued": row.issued, "joined": row.joined, "open": row.open},
        "last_joined": row.last_joined,
    }
