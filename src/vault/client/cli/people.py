"""`invite`, `join` and `coach-vault people`: who is who, by nicknames that stay on this device."""

import io
import sys
from typing import Annotated, Any

import segno
import typer

from vault.client.acts.choosing import choose_account
from vault.client.cli.choices import Choices, choices_of
from vault.client.cli.contracts import EngagementId
from vault.client.cli.identity import COMPARE, Audience, Enrolment, LogKey, make_identity
from vault.client.cli.opening import OpenHome, opened
from vault.client.cli.passphrases import read_invitation
from vault.client.cli.speaking import advise, can_ask, code_rows, one_line, say, terminal_columns
from vault.client.device.codes import INVITATION, read_code
from vault.client.device.home import FILE_NAME
from vault.client.device.names import find_role_word
from vault.client.errors import UsageError
from vault.client.sdk.synchronous.people import PersonHandle

people = typer.Typer(no_args_is_help=True, help="The people you know, by nicknames that are never sent.")

Name = Annotated[str, typer.Argument(help="Your nickname for them.")]


def invite(context: typer.Context, name: Name) -> None:
    """Make one string to hand to the person whom you will call NAME."""
    choices = choices_of(context)
    with opened(context) as home:
        is_replaced = any(each.name == name for each in home.session.identity.invitations)
        code = home.vault.invite(name)
        is_read = sys.stdout.isatty() and not choices.as_json
        rows = code_rows(code, terminal_columns()) if is_read else [code]
        say(choices, rows, {"name": name, "invitation": code})
    if is_replaced:
        advise(choices, "The invitation that you made under this name before is worth nothing any more.")
    if len(rows) > 1:
        advise(choices, "It is one code; on a command line put it in single quotes, line breaks and all.")
    advise(choices, "Give it to that person alone, by hand or by a way that you trust.")
    advise(choices, "It tells them which account is yours, and you which is theirs. It opens nothing that was written.")


def join(
    context: typer.Context,
    code: Annotated[str | None, typer.Argument(help="The invitation; asked for if left out.")] = None,
    name: Annotated[str | None, typer.Option(help="What you call the person who invited you.")] = None,
    enrolment: Enrolment = None,
    audience: Audience = None,
    log_key: LogKey = None,
) -> None:
    """Answer an invitation; where nobody lives in this folder yet, make an identity first (needs --enrolment)."""
    choices = choices_of(context)
    code = read_invitation() if code is None else code
    read_code(code, INVITATION)
    if not (choices.home / FILE_NAME).exists():
        if enrolment is None:
            raise UsageError("nobody lives in this folder yet; add --enrolment TOKEN to make an identity")
        make_identity(
            context, enrolment, audience=audience, log_key=log_key, invitation=code, inviter=_inviter(choices, name)
        )
        return
    if enrolment is not None:
        raise UsageError("somebody lives in this folder already; leave --enrolment out, or choose another --home")
    with opened(context) as home:
        inviter = home.session.identity.people.get(read_code(code, INVITATION).account)
        chosen = home.vault.accept(code, inviter.name if inviter is not None else _inviter(choices, name))
        say(choices, f"{one_line(chosen)} can know your account now", {"name": chosen, "accepted": True})
    if name is not None and chosen != name:
        advise(choices, f"You call them {one_line(chosen)} already; `coach-vault people rename` changes that.")
    advise(choices, COMPARE)


def _inviter(choices: Choices, name: str | None) -> str:
    """What the inviter is called. Raises: UsageError where it was not said and nobody can be asked."""
    if name is not None:
        return name
    if not can_ask(choices):
        raise UsageError("say what you call the person who invited you: --name NAME")
    return str(typer.prompt("What do you call the person who invited you?", err=True)).strip()


@people.command("list")
def list_people(context: typer.Context) -> None:
    """Everybody, and whether you have compared safety numbers with them."""
    with opened(context) as home:
        found = [_members(person) for person in home.vault.people.list()]
        pending = [each.name for each in home.session.identity.invitations]
    lines = [f"{one_line(each['name'])}  {each['state']}  {each['account']}" for each in found]
    lines += [f"{one_line(name)}  invited" for name in pending]
    say(choices_of(context), lines or "nobody yet", {"data": found, "invited": pending})


@people.command("verify")
def verify(context: typer.Context, name: Name) -> None:
    """Show the safety number that you and NAME both see: read it aloud, or scan it."""
    choices = choices_of(context)
    with opened(context) as home:
        person = home.vault.people.get(name)
    number = person.safety_number
    drawn = io.StringIO()
    segno.make(number.qr_text, error="m").terminal(out=drawn, border=2, compact=True)
    members = _members(person) | {"digits": number.digits, "words": list(number.words), "qr": number.qr_text}
    groups, words = number.groups, number.words
    lines = [f"{one_line(person.name)}: {person.state}", ""]
    lines += ["  " + "  ".join(groups[start : start + 4]) for start in (0, 4, 8)]
    lines += ["", *("  " + "  ".join(f"{word:8}" for word in words[start : start + 4]) for start in (0, 4, 8)), ""]
    say(choices, [*lines, drawn.getvalue().rstrip("\n")], members)
    advise(
        choices, "Compare all of it, in a call or side by side. If it is the same: `coach-vault people confirm NAME`."
    )
    if person.state == "changed":
        advise(choices, "Their keys are not the ones that you confirmed. Ask them why before you go on.")


@people.command("confirm")
def confirm(context: typer.Context, name: Name) -> None:
    """Remember that you and NAME have compared the whole number and it was the same."""
    with opened(context) as home:
        person = home.vault.people.get(name)
        person.confirm()
        say(choices_of(context), f"{one_line(person.name)}: {person.state}", _members(person))


@people.command("name")
def name_account(
    context: typer.Context,
    account: Annotated[
        str, typer.Argument(help="Its first digits, as `contract show` shows them, or a role such as `sponsor`.")
    ],
    name: Name,
    engagement: EngagementId = None,
) -> None:
    """Give a nickname to an account that nobody introduced. Compare safety numbers before you trust it."""
    with opened(context) as home:
        home.vault.people.add(name, _find_account(home, account, engagement))
        say(choices_of(context), f"{one_line(name)}: unverified", _members(home.vault.people.get(name)))


@people.command("rename")
def rename(context: typer.Context, name: Name, to: Annotated[str, typer.Argument(help="The new nickname.")]) -> None:
    """Call somebody by another nickname."""
    with opened(context) as home:
        person = home.vault.people.get(name)
        person.rename(to)
        say(choices_of(context), f"{one_line(person.name)}: {person.state}", _members(person))


def _find_account(home: OpenHome, named: str, engagement: str | None) -> str:
    """The account that is meant, 64 hex digits. Raises: UsageError; Refused(not-found)."""
    role = find_role_word(named)
    if role is None:
        return home.run(choose_account(home.session, named)).hex()
    accounts = home.find_engagement(engagement).contract.accounts
    if role not in accounts:
        raise UsageError("the contract has nobody in that role")
    return accounts[role]


def _members(person: PersonHandle) -> dict[str, Any]:
    return {"name": person.name, "account": person.account, "state": person.state}
