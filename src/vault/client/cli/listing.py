"""How `--help` lists commands: each with its whole first sentence, however narrow the terminal is."""

from typing import Any

from typer.core import TyperGroup


class Listing(TyperGroup):
    """A group whose list of commands breaks lines and cuts nothing.

    Typer has a copy of click, or uses click itself, by its version: what it passes is used and not named.
    """

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list, in the order in which the commands were joined."""
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, first_sentence(command.help or "")) for name, command in found if command is not None]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def first_sentence(text: str) -> str:
    """The text as far as its first full stop, in one line."""
    sentence, stop, _ = f"{' '.join(text.split())} ".partition(". ")
    return f"{sentence}{stop}".strip()
