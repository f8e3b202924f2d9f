"""`coach-vault checkpoint`: what this device believes of the deployment's log, to be compared with others' word."""

import typer

from vault.client.cli.choices import choices_of
from vault.client.cli.opening import opened
from vault.client.cli.speaking import advise, say


def checkpoint(context: typer.Context) -> None:
    """The log's newest checkpoint, after all that this device was shown is proven to be in it."""
    choices = choices_of(context)
    with opened(context) as home:
        seen = home.vault.checkpoint()
    members = {"origin": seen.origin, "size": seen.size, "root": seen.root, "key": seen.key}
    say(choices, [f"{name:7} {value}" for name, value in members.items()], members | {"note": seen.note})
    advise(choices, "Whoever sees another root for this size, or another key, is shown another history than you.")
