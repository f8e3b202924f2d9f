"""`coach-vault outbox`: what was signed and has no answer yet, and what was refused while nobody looked."""

from dataclasses import asdict
from typing import Annotated

import typer

from vault.client.acts.joining import ACCOUNTS_PATH, join
from vault.client.cli.choices import choices_of
from vault.client.cli.notes import patiently
from vault.client.cli.opening import opened
from vault.client.cli.refusals import REFUSED
from vault.client.cli.speaking import moment, say
from vault.client.device.waiting import WaitingState
from vault.client.errors import UsageError
from vault.client.sdk.values import WaitingStatement
from vault.protocol.problems import PROBLEMS, find_code

outbox = typer.Typer(no_args_is_help=True, help="What waits for the network. Nothing in it is ever lost.")


@outbox.command("list")
def list_waiting(context: typer.Context) -> None:
    """Every statement that waits, oldest first."""
    with opened(context) as home:
        found = home.vault.outbox
    lines = [f"{moment(each.made)}  {each.type}  {each.statement}  {_state(each)}" for each in found]
    say(choices_of(context), lines or "nothing waits", {"data": [asdict(each) for each in found]})


@outbox.command("send")
def send(
    context: typer.Context,
    enrolment: Annotated[
        str | None, typer.Option(metavar="TOKEN", help="For an identity that is not published yet.")
    ] = None,
) -> None:
    """Send what waits, the same bytes as before."""
    choices = choices_of(context)
    with opened(context) as home:
        before = len(home.session.outbox.waiting)
        if enrolment is not None:
            if not any(each.path == ACCOUNTS_PATH for each in home.session.outbox.waiting):
                raise UsageError("this identity is published already; leave --enrolment out")
            home.run(join(home.session, enrolment))
        patiently(home, choices)
        left = home.vault.outbox
    sent = before - len(left)
    lines = [f"{sent} sent", *(f"{each.type} {each.statement}: {_state(each)}" for each in left)]
    say(choices, lines, {"sent": sent, "data": [asdict(each) for each in left]})
    if left:
        raise typer.Exit(REFUSED)


def _state(each: WaitingStatement) -> str:
    if each.state == WaitingState.DISCLOSE_AGAIN:
        return "not sent: preview the summary and disclose it again (disclose-again)"
    code = find_code(each.refused)
    return "waits" if code is None else f"refused: {PROBLEMS[code].title} ({code})"
