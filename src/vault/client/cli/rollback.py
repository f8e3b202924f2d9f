"""`coach-vault rollback`: a deployment that has gone back to an older state, seen, accepted, and made whole again."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from vault.client.acts.again import write_refused_again
from vault.client.acts.rollback import Gone, Rollback, accept, look
from vault.client.cli.choices import Choices, choices_of
from vault.client.cli.notes import patiently
from vault.client.cli.opening import OpenHome, opened
from vault.client.cli.refusals import REFUSED
from vault.client.cli.speaking import advise, agree, moment, one_line, say
from vault.client.device.names import YOU, name_of
from vault.client.device.session import Session
from vault.client.device.waiting import WaitingState
from vault.client.errors import UsageError
from vault.client.log.verifying import read_envelope
from vault.client.sdk.values import WaitingStatement
from vault.protocol.vocabulary import JournalKind

rollback = typer.Typer(no_args_is_help=True, help="When the deployment has gone back to an older state.")

_KINDS = {
    JournalKind.KEYS: "keys of account",
    JournalKind.KEYRING: "your own keyring",
    JournalKind.ENGAGEMENT: "engagement",
}
MEANING = """\
The deployment shows an older state than this device has seen. Usually whoever runs it has brought back a backup; it can
also be an attempt to make you forget. Ask them, not over this server, what happened and from when to when. Nothing on
this device is lost. `coach-vault rollback accept` goes on from what is there and sends again what this device holds.
What you have withdrawn is not shown again, and no disclosure is signed anew: one that does not fit as it is you
disclose again yourself, after its preview, or not."""
ANEW = "`disclose-again` was not sent. If the sponsor is to see it, preview the summary and disclose it again."


@rollback.command("show")
def show(context: typer.Context) -> None:
    """What the deployment no longer shows, and what of it this device can send again. Changes nothing."""
    choices = choices_of(context)
    with opened(context) as home:
        found = home.run(look(home.session))
        lines, members = _tell(home.session, found)
    say(choices, lines or "nothing has gone back", members)
    if found.is_one:
        advise(choices, MEANING)
        raise typer.Exit(REFUSED)


@rollback.command("accept")
def accept_it(
    context: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Go on from what the deployment shows, keep what proves it, and send again what this device holds."""
    choices = choices_of(context)
    with opened(context) as home:
        found = home.run(look(home.session))
        if not found.is_one:
            raise UsageError("nothing has gone back; there is nothing to accept")
        lines, members = _tell(home.session, found)
        for line in lines:
            advise(choices, line)
        agree(choices, "Have you asked whoever runs the deployment, and go on from this older state?", yes)
        evidence = accept(home.session, found)
        sent, left = _send(home, choices)
    told = [*_outcome(sent, left), f"evidence: {evidence}"]
    say(choices, told, {**members, "sent": sent, "evidence": evidence, "data": [asdict(each) for each in left]})
    if left:
        raise typer.Exit(REFUSED)


@rollback.command("again")
def send_again(context: typer.Context) -> None:
    """Send again what was refused after a rollback, once the others have sent what it stands on; no disclosure."""
    choices = choices_of(context)
    with opened(context) as home:
        home.run(write_refused_again(home.session))
        sent, left = _send(home, choices)
    say(choices, _outcome(sent, left), {"sent": sent, "data": [asdict(each) for each in left]})
    if left:
        raise typer.Exit(REFUSED)


def _send(home: OpenHome, choices: Choices) -> tuple[int, list[WaitingStatement]]:
    waiting = len(home.session.outbox.waiting)
    patiently(home, choices)
    left = home.vault.outbox
    return waiting - len(left), left


def _outcome(sent: int, left: list[WaitingStatement]) -> list[str]:
    why = [f"not sent: {each.type} {each.statement}: {each.refused or each.state}" for each in left]
    lines = [f"{sent} sent again", *why]
    return [*lines, ANEW] if any(each.state == WaitingState.DISCLOSE_AGAIN for each in left) else lines


def _tell(session: Session, found: Rollback) -> tuple[list[str], dict[str, Any]]:
    lines = []
    if found.is_account_gone:
        lines.append("your account is not there any more: accept, then ask for an enrolment token and send the outbox")
    if found.log is not None:
        lines.append(f"the log: {found.log}")
    for gone in found.gone:
        lines.append(f"{_name(session, gone)}: {gone.kept} of {gone.seen} entries are there still")
        lines += [f"  lost: {line}" for line in _lost(session, gone)]
    lines += [f"engagement {each.hex()}: the contract that you have seen is not there" for each in found.engagements]
    if found.held:
        lines.append(f"{len(found.held)} statements that this device can send again")
    if found.ended:
        lines.append(f"{len(found.ended)} that are not sent again: withdrawn, erased or expired")
    return lines, {
        "rolled_back": found.is_one,
        "account": found.is_account_gone,
        "log": None if found.log is None else str(found.log),
        "journals": [
            {"kind": gone.journal.kind, "subject": gone.journal.subject.hex(), "seen": gone.seen, "kept": gone.kept}
            for gone in found.gone
        ],
        "engagements": [each.hex() for each in found.engagements],
        "held": [each.statement.hex() for each in found.held],
        "ended": sorted(each.hex() for each in found.ended),
    }


def _name(session: Session, gone: Gone) -> str:
    kind, subject = gone.journal.kind, gone.journal.subject
    if kind is JournalKind.KEYRING:
        return _KINDS[kind]
    whose = name_of(session, subject, otherwise="") if kind is JournalKind.KEYS else ""
    return " ".join(filter(None, (_KINDS[kind], one_line(whose), subject.hex())))


def _lost(session: Session, gone: Gone) -> list[str]:
    told = []
    for entry in gone.lost:
        body = read_envelope(session, entry.envelope, entry.statement).body
        by = name_of(session, body.by, otherwise=body.by.hex()[:16])
        whose = "yours" if by == YOU else f"by {one_line(by)}"
        told.append(f"{entry.seq}  {moment(entry.time)}  {body.TYPE}  {whose}")
    return told
