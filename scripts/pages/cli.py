"""docs/cli.md: every command of `coach-vault` and `coach-vault-server`, as their own help tells it."""

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from typer.main import get_command

from vault.client.cli.application import app as people
from vault.server.__main__ import app as operators

HEAD = """<!-- Made by scripts/docs --write from the command tree. Edit the commands. -->

# The commands

`coach-vault` is what people run, `coach-vault-server` what an operator runs. Both end with exit code 0 where it is
done, 1 where it was refused, 2 where the command was used wrongly, 3 where verification failed, and 4 where nothing
answered.
"""
_QUIET = (False, None, "", ())
"""Defaults that say nothing."""


def render_cli() -> str:
    """The whole page."""
    parts = [HEAD]
    for program, app in (("coach-vault", people), ("coach-vault-server", operators)):
        parts += _render(program, get_command(app), "##")
    return "\n".join(parts).rstrip() + "\n"


def _render(path: str, command: Any, mark: str) -> Iterator[str]:
    if command.hidden:
        return
    yield f"{mark} `{path}`\n"
    yield f"{_prose(command.help or '')}\n"
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    words = " ".join(_metavar(one) for one in arguments)
    rest = " COMMAND ..." if hasattr(command, "commands") else f" {words}" if words else ""
    yield f"    {path}{rest}\n"
    lines = [line for one in command.params if not getattr(one, "hidden", False) for line in _describe(one)]
    if lines:
        yield "\n".join(lines) + "\n"
    for name, child in getattr(command, "commands", {}).items():
        yield from _render(f"{path} {name}", child, "###")


def _metavar(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    if argument.nargs == -1 and not name.endswith("..."):
        name += "..."
    return name if argument.required or name.startswith("[") else f"[{name}]"


def _describe(param: Any) -> Iterator[str]:
    told = _prose(getattr(param, "help", None) or "")
    if param.param_type_name == "argument":
        if told:
            yield f"- `{param.metavar or param.name.upper()}`: {told}"
        return
    names = ", ".join(f"`{name}`" for name in [*param.opts, *param.secondary_opts])
    value = "" if param.is_flag or param.count else f" {param.metavar or _word(param)}"
    more = []
    if param.required:
        more.append("required")
    elif isinstance(param.default, str | int) and param.default not in _QUIET and not param.is_flag:
        more.append(f"by default `{param.default}`")
    if param.envvar:
        more.append(f"or `{param.envvar}` in the environment")
    suffix = f" ({'; '.join(more)})" if more else ""
    yield f"- {names}{value}: {told}{suffix}" if told else f"- {names}{value}{suffix}"


def _word(param: Any) -> str:
    """What stands for the value of an option that names nothing itself."""
    given = param.type_descriptor.annotation
    choices = get_args(given) if get_origin(given) is Literal else getattr(given, "__members__", {}).values()
    return "|".join(str(one) for one in choices) or getattr(given, "__name__", "value").upper()


def _prose(text: str) -> str:
    """The help on one line for each paragraph, as Markdown shows it."""
    paragraphs = text.replace("\b", "").strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs).replace("<", "&lt;")
