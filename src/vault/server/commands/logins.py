"""Logins from the operator's side: a person whose device was stolen is logged out everywhere."""

from pathlib import Path
from typing import Annotated

import typer

from vault.encoding import read_hex
from vault.errors import EncodingError, VaultError
from vault.protocol.limits import HASH_BYTES
from vault.server.commands.output import AsJson, DataFolder, advise, say
from vault.server.opening import open_folder
from vault.server.resources.accounts.rows import has_account
from vault.server.resources.logins.actions import end_tokens

logins = typer.Typer(no_args_is_help=True, help="Login tokens of people.")


class LoginsError(VaultError):
    """An account that has no logins to end."""


@logins.callback()
def group() -> None:
    """Login tokens of people."""


@logins.command("end")
def end(
    account: Annotated[str, typer.Argument(help="The account, 64 hex digits, as the person tells it.")],
    data: DataFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """End all login tokens of an account, on every device."""
    try:
        named = read_hex(account, HASH_BYTES)
    except EncodingError:
        raise LoginsError("expected an account: 64 hex digits, as `coach-vault identity show` prints them") from None
    storage = open_folder(data).storage
    with storage.reading() as connection:
        if not has_account(connection, named):
            raise LoginsError("there is no such account here; ask the person for `coach-vault identity show`")
    count = end_tokens(storage, named)
    say(f"{count} login token{'' if count == 1 else 's'} ended", {"ended": count}, as_json)
    advise("Whoever has the device and its passphrase logs in again, until the person has run identity rotate.")
