"""The operator's command: `coach-vault-server`.

Exit codes: 0 done, 1 refused or not good, 2 usage, 3 something stored is not what was signed.
"""

import sys
from typing import Annotated

import typer

from vault.errors import VaultError
from vault.server.commands.apps import apps
from vault.server.commands.backup import backup
from vault.server.commands.check import check
from vault.server.commands.description import openapi
from vault.server.commands.enrolments import enrolments
from vault.server.commands.folder import bring_to_head, init
from vault.server.commands.logins import logins
from vault.server.commands.output import say_error, say_version
from vault.server.commands.restore import restore
from vault.server.commands.serve import serve, try_out
from vault.server.commands.sweep import sweep

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def global_options(
    _version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=say_version, help="Print the version.")
    ] = False,
) -> None:
    """Run a Coach Vault server. It stores what people sealed and signed; it can open none of it."""


app.command("init")(init)
app.command("try")(try_out)
app.command("serve")(serve)
app.command("migrate")(bring_to_head)
app.command("check")(check)
app.command("backup")(backup)
app.command("restore")(restore)
app.command("sweep")(sweep)
app.command("openapi")(openapi)
app.add_typer(apps, name="apps")
app.add_typer(enrolments, name="enrolments")
app.add_typer(logins, name="logins")


def main() -> None:
    """Run one command; every error of this package is one line and exit code 1."""
    try:
        app()
    except VaultError as error:
        say_error(error, as_json="--json" in sys.argv[1:])
        sys.exit(1)


if __name__ == "__main__":
    main()
