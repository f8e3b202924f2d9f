"""`coach-vault identity`: make it, look at it, come back on a new device, change passphrase and keys."""

from pathlib import Path
from typing import Annotated, Any

import typer

from vault.client.acts.identities import change_passphrase
from vault.client.acts.joining import (
    join,
    kit_text,
    new_session,
    recovery_text,
    require_enrolment,
    require_passphrase,
)
from vault.client.acts.recovering import recover, recovering_session
from vault.client.cli.choices import Choices, choices_of
from vault.client.cli.opening import OpenHome, held, opened
from vault.client.cli.passphrases import choose_passphrase, is_recovery_code, read_kit_or_recovery_code, read_passphrase
from vault.client.cli.refusals import Unfinished
from vault.client.cli.speaking import advise, code_rows, one_line, say, tell_search, terminal_columns
from vault.client.device.session import Session
from vault.client.errors import Unreachable, UsageError
from vault.errors import VaultError
from vault.protocol.problems import Code, Refused

identity = typer.Typer(no_args_is_help=True, help="Your keys: made on this device, known to nobody else.")

Enrolment = Annotated[str | None, typer.Option(metavar="TOKEN", help="From your coaching app; good for one identity.")]
Audience = Annotated[
    str | None, typer.Option(help="The deployment's log origin, where it does not follow from the URL.")
]
LogKey = Annotated[
    str | None, typer.Option(metavar="KEY", help="The key of the deployment's log, where its operator gave you one.")
]
KIT_LIVES = "Kit: on this device, and on paper. With the passphrase it brings you back on a new device."
COMPARE = "Next: compare numbers, `coach-vault people verify NAME`."
_INDENT = "  "
_ROW_COLUMNS = 40
"""Room for eight groups of a code, of which one is a symbol longer."""
RECOVERY_LIVES = "Recovery code: on paper in a safe place, never on this device. Alone it opens everything."


@identity.command("new")
def new(
    context: typer.Context,
    enrolment: Enrolment = None,
    offline: Annotated[bool, typer.Option(help="Send nothing; the keys wait in the outbox.")] = False,
    audience: Audience = None,
    log_key: LogKey = None,
) -> None:
    """Make an identity in an empty folder, and show its kit and recovery code once."""
    make_identity(context, enrolment, offline, audience, log_key)


def make_identity(
    context: typer.Context,
    enrolment: str | None,
    offline: bool = False,
    audience: str | None = None,
    log_key: str | None = None,
    invitation: str | None = None,
    inviter: str | None = None,
) -> None:
    """A new identity, shown before it is sent: whatever the network does, the codes are on paper.

    Raises: UsageError; Refused(enrolment-ended) and Unreachable, and then it waits in the outbox.
    """
    choices = choices_of(context)
    server = choices.require_server()
    if (enrolment is None) != offline:
        raise UsageError("give --enrolment TOKEN; or --offline alone, to have the keys sent by something else")
    if enrolment is not None:
        require_enrolment(enrolment)
    passphrase, is_made = choose_passphrase(choices.passphrase_file, "--passphrase-file FILE")
    session = new_session(
        server,
        choices.home,
        lambda: passphrase,
        enrolment=enrolment,
        invitation=invitation,
        inviter=inviter,
        audience=audience,
        log_key=log_key,
    )
    members = identity_members(session) | {"kit": kit_text(session), "recovery_code": recovery_text(session)}
    if is_made:
        members["passphrase"] = passphrase
    with held(session) as home:
        if not choices.as_json:
            say(choices, _codes(members), members)
        if enrolment is not None:
            _join(home, choices, members, inviter)
        members["waiting"] = len(session.outbox.waiting)
        if choices.as_json:
            say(choices, "", members)
        if offline:
            advise(choices, "Nothing was sent. `coach-vault statement sign keys` prints what is to be sent.")


def _join(
    home: OpenHome,
    choices: Choices,
    members: dict[str, Any],
    inviter: str | None,
) -> None:
    try:
        home.run(join(home.session))
    except (Refused, Unreachable) as error:
        raise Unfinished(error, identity=members) from error
    if inviter is None:
        advise(choices, "Your keys are published. Next: `coach-vault invite NAME`, or `coach-vault people list`.")
    else:
        advise(choices, f"Your keys are published, and {one_line(inviter)} can know your account. {COMPARE}")


def identity_members(session: Session) -> dict[str, Any]:
    """What may be shown of an identity at any time."""
    return {
        "account": session.account.hex(),
        "server": session.deployment.url,
        "audience": session.deployment.audience,
        "log_key": None if session.verified.tlog.key is None else session.verified.tlog.key.to_text(),
        "home": str(session.home.folder),
        "generation": max(session.identity.generations),
        "sign_key": session.current.sign_key.hex(),
        "seal_key": session.current.seal_key.hex(),
        "waiting": len(session.outbox.waiting),
    }


def _codes(members: dict[str, Any]) -> list[str]:
    lines = [f"account        {members['account']}", ""]
    if "passphrase" in members:
        lines += ["Passphrase: in your head or a password manager.", f"  {members['passphrase']}", ""]
    lines += [KIT_LIVES, *_rows(members["kit"]), "", RECOVERY_LIVES, *_rows(members["recovery_code"]), ""]
    return [*lines, "They are shown this once. Nobody else has them, and nobody can reset them."]


def _rows(code: str) -> list[str]:
    """A code in rows of up to eight groups, as many as the terminal is wide for."""
    columns = min(_ROW_COLUMNS, terminal_columns() - len(_INDENT))
    return [_INDENT + row for row in code_rows(code, columns)]


@identity.command("show")
def show(context: typer.Context) -> None:
    """Say who lives in this folder."""
    with opened(context) as home:
        members = identity_members(home.session)
        say(choices_of(context), [f"{name:14} {value}" for name, value in members.items()], members)


@identity.command("recover")
def recover_identity(
    context: typer.Context,
    kit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file with the kit; its passphrase opens it.")
    ] = None,
    recovery_code: Annotated[Path | None, typer.Option(metavar="FILE", help="A file with the recovery code.")] = None,
    audience: Audience = None,
    log_key: LogKey = None,
) -> None:
    """Come back on a new device: with the kit and its passphrase, or with the recovery code and a new passphrase.

    Without a file, the code is asked for; it says itself which one it is.
    """
    choices = choices_of(context)
    server = choices.require_server()
    if kit is not None and recovery_code is not None:
        raise UsageError("give the kit or the recovery code, not both")
    text = read_kit_or_recovery_code(kit or recovery_code)
    is_recovery = recovery_code is not None or (kit is None and is_recovery_code(text))
    passphrase, is_made = (
        choose_passphrase(choices.passphrase_file, "--passphrase-file FILE")
        if is_recovery
        else (read_passphrase(choices), False)
    )
    session = recovering_session(
        server,
        choices.home,
        passphrase=lambda: passphrase,
        kit=None if is_recovery else text,
        recovery_code=text if is_recovery else None,
        audience=audience,
        log_key=log_key,
    )
    session.verified.tlog.report = tell_search(choices)
    try:
        with held(session) as home:
            _recover(home)
            members = identity_members(session) | {"people": len(session.identity.people)}
            if is_made:
                members["passphrase"] = passphrase
            say(choices, [f"{name:14} {value}" for name, value in members.items()], members)
    except VaultError:
        _leave_empty(session)
        raise
    advise(choices, "Welcome back. What waited in the other device's outbox is still there.")


def _recover(home: OpenHome) -> None:
    try:
        home.run(recover(home.session))
    except Refused as refused:
        hint = "the passphrase, the kit or the recovery code is not that of this account; type it again"
        raise (Unfinished(refused, hint) if refused.code == Code.LOGIN_REFUSED else refused) from refused


def _leave_empty(session: Session) -> None:
    """An identity that could not be recovered leaves the folder as it was: without one."""
    if not session.identity.sequence:
        session.home.file.unlink(missing_ok=True)


@identity.command("passphrase")
def passphrase_command(
    context: typer.Context,
    new_passphrase_file: Annotated[Path | None, typer.Option(metavar="FILE", help="A file with the new one.")] = None,
) -> None:
    """Choose another passphrase for this device and every later one."""
    choices = choices_of(context)
    with opened(context) as home:
        chosen, is_made = choose_passphrase(new_passphrase_file, "--new-passphrase-file FILE")
        require_passphrase(chosen)
        members: dict[str, Any] = {"changed": True} | ({"passphrase": chosen} if is_made else {})
        if is_made and not choices.as_json:
            say(choices, f"Passphrase: {chosen}", members)
        home.run(change_passphrase(home.session, lambda: chosen))
        if choices.as_json:
            say(choices, "", members)
    advise(choices, "The passphrase is changed. Older copies of the keyring still open with the old one and the kit.")


@identity.command("rotate")
def rotate(context: typer.Context) -> None:
    """Make new keys, and bring them into every engagement. Safety numbers change."""
    choices = choices_of(context)
    with opened(context) as home:
        generation = home.vault.rotate()
        say(choices, f"generation {generation}", {"generation": generation})
    advise(choices, "Compare safety numbers again with the people who have confirmed the old ones.")
