"""The committed OpenAPI file against what the routes say."""

from typing import Annotated

import typer

from vault.server.commands.output import AsJson, say
from vault.server.http.openapi_file import OpenApiError, openapi_path
from vault.server.openapi import describe


def openapi(
    check: Annotated[bool, typer.Option("--check", help="Refuse where the committed file differs.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Write the committed file.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the API's description, check the committed one, or write it."""
    text = describe()
    if write:
        openapi_path().write_text(text, encoding="utf-8")
        say("written", {"written": True}, as_json)
    elif check:
        if openapi_path().read_text(encoding="utf-8") != text:
            raise OpenApiError(
                "the committed description differs from the routes; run `coach-vault-server openapi --write`"
            )
        say("the committed description is that of the routes", {"same": True}, as_json)
    else:
        typer.echo(text, nl=False)
