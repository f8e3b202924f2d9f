"""How `--help` lists commands: each with its whole first sentence, however narrow the terminal is."""

from typing import Any

from typer.core import TyperGroup

EVERYBODY = "Commands"


class Listing(TyperGroup):
    """A group whose list of commands breaks lines and cuts nothing.

    Typer has a copy of click, or uses click itself, by its version: what it passes is used and not named.
    """

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list as the commands were joined, those for some people under a title of their own."""
        sections: dict[str, list[tuple[str, str]]] = {EVERYBODY: []}
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None:
                title = getattr(command, "rich_help_panel", None)
                rows = sections.setdefault(title if isinstance(title, str) else EVERYBODY, [])
                rows.append((name, first_sentence(command.help or "")))
        for title, rows in sections.items():
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


def first_sentence(text: str) -> str:
    """The text as far as its first full stop, in one line."""
    sentence, stop, _ = f"{' '.join(text.split())} ".partition(". ")
    return f"{sentence}{stop}".strip()
