"""What stands before a command and holds for all of them: whose folder, which server, how to speak."""

from dataclasses import dataclass
from pathlib import Path

import typer

from vault.client.errors import UsageError


@dataclass(frozen=True, slots=True)
class Choices:
    """The global options, read."""

    home: Path
    server: str | None
    as_json: bool
    quiet: bool
    passphrase_file: Path | None

    def require_server(self) -> str:
        """The base URL. Raises: UsageError where none was given."""
        if self.server is None:
            raise UsageError("this needs --server URL, the deployment's base URL such as https://vault.example")
        return self.server


def choices_of(context: typer.Context) -> Choices:
    """The global options of the running command."""
    found = context.find_root().obj
    if not isinstance(found, Choices):
        raise TypeError("expected the global options")
    return found
